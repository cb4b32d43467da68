package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/pintle-ci/pintle/sandbox/state"
)

func upCommand() *cobra.Command {
	var set settings
	var foreground bool
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start a sandbox in the background, or find it running",
		Long: `Start a sandbox in the background and wait until it can be used. If it runs already, nothing happens.
The output can be read by a shell:

  eval "$(pintle sandbox up)"`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return up(cmd.Context(), set, foreground, cmd.OutOrStdout())
		},
	}
	set.addTo(cmd, defaultName)
	cmd.Flags().StringVar(&set.kubeconfig, "kubeconfig", "", "write the kubeconfig to this new file too; down removes it")
	cmd.Flags().BoolVar(&foreground, "foreground", false, "stay in the foreground until Ctrl-C")
	return cmd
}

func (s *settings) addTo(cmd *cobra.Command, name string) {
	cmd.Flags().StringVar(&s.name, "name", name, "name of the sandbox; several can run side by side")
	cmd.Flags().BoolVar(&s.strictImages, "strict-images", false, "images that are not in the sandbox's registry count as absent")
}

func up(ctx context.Context, set settings, foreground bool, stdout io.Writer) error {
	folder, err := state.Open(set.name)
	if err != nil {
		return usageError{err}
	}
	if set.kubeconfig != "" {
		if set.kubeconfig, err = filepath.Abs(set.kubeconfig); err != nil {
			return err
		}
	}
	unlock, err := folder.Lock(ctx)
	if err != nil {
		return err
	}
	defer func() { unlock() }()
	if info, ok := folder.Running(); ok {
		if foreground {
			return fmt.Errorf("sandbox %s runs already: stop it with `pintle sandbox down --name %s`", folder.Name, folder.Name)
		}
		return again(info, set, stdout)
	}
	if err := prepare(folder, set); err != nil {
		return err
	}
	if !foreground {
		info, err := spawn(ctx, folder, set)
		if err != nil {
			_ = folder.Remove() // the start's error is the one to report
			return err
		}
		describe(stdout, info)
		return nil
	}
	s, err := boot(ctx, folder, set, progress)
	if err != nil {
		_ = folder.Remove()
		return err
	}
	unlock()
	unlock = func() {}
	describe(stdout, s.info)
	return s.stay(ctx)
}

// prepare clears the folder of what a dead sandbox left and looks for mistakes that would show late.
func prepare(folder state.Folder, set settings) error {
	if err := folder.Clear(); err != nil {
		return fmt.Errorf("clear what is left of sandbox %s: %w", folder.Name, err)
	}
	if set.kubeconfig == "" {
		return nil
	}
	if _, err := os.Lstat(set.kubeconfig); err == nil {
		_ = folder.Remove()
		return usageError{fmt.Errorf("--kubeconfig %s exists and is left alone: name a new file", set.kubeconfig)}
	}
	return nil
}

// again tells about a sandbox that runs already.
func again(info state.Info, set settings, stdout io.Writer) error {
	if set.strictImages != info.StrictImages {
		return fmt.Errorf("sandbox %s runs with --strict-images=%t: run `pintle sandbox down --name %s` first, or take another --name",
			info.Name, info.StrictImages, info.Name)
	}
	if set.kubeconfig != "" && set.kubeconfig != info.Copy {
		return fmt.Errorf("sandbox %s runs, and its kubeconfig is %s", info.Name, info.Config())
	}
	describe(stdout, info)
	return nil
}

// stay waits for a signal or for the cluster's death and cleans up.
func (s *sandbox) stay(ctx context.Context) error {
	select {
	case <-ctx.Done():
		progress("stopping")
		return s.close(ctx)
	case err := <-s.Failed():
		_ = s.close(ctx)
		return err
	}
}

// describe prints what a user or a script needs, in a form that a shell can evaluate.
func describe(w io.Writer, info state.Info) {
	name := ""
	if info.Name != defaultName {
		name = " --name " + info.Name
	}
	fmt.Fprintf(w, `export KUBECONFIG=%s
export PINTLE_SANDBOX_REGISTRY=%s
# next: kubectl get nodes
#       pintle sandbox image web:1.0 --log hello%s
#       kubectl create deployment web --image=%s/web:1.0
#       pintle sandbox down%s
`, quote(info.Config()), info.Registry, name, info.Registry, name)
}
