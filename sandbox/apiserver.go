package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/pintle-ci/pintle/sandbox/cluster"
	"github.com/pintle-ci/pintle/sandbox/state"
)

// alivePoll is how often another API server looks whether its sandbox is still there.
const alivePoll = time.Second

func apiserverCommand() *cobra.Command {
	var name, listen string
	cmd := &cobra.Command{
		Use:   "apiserver",
		Short: "Run another API server of a running sandbox, to kill and to start again",
		Long: `Run another API server of a running sandbox in the foreground, as a process of its own: kill it and start it again,
with the same --listen, to see what its clients make of that. It prints its kubeconfig once it answers, and ends with
the sandbox. Without --name it is the sandbox that $KUBECONFIG names, or the default one.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			folder, err := findRunning(name)
			if err != nil {
				return err
			}
			return serveAPI(cmd.Context(), folder, cluster.ReplicaOptions{
				Dir: folder.Dir, Listen: listen,
				Ready: func(file string) { fmt.Fprintf(cmd.OutOrStdout(), "export KUBECONFIG=%s\n", quote(file)) },
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "name of the sandbox")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "address on loopback; port 0 means a free one")
	return cmd
}

// findRunning finds the sandbox called name, or without a name the one of $KUBECONFIG.
func findRunning(name string) (state.Folder, error) {
	if name == "" {
		name = defaultName
		infos, err := running("")
		if err != nil {
			return state.Folder{}, err
		}
		for _, info := range infos {
			if config := os.Getenv("KUBECONFIG"); config == info.Kubeconfig || config == info.Copy && config != "" {
				name = info.Name
			}
		}
	}
	if _, err := running(name); err != nil {
		return state.Folder{}, err
	}
	return state.Open(name)
}

// serveAPI runs the API server until a signal comes, it fails, or the sandbox is gone.
func serveAPI(ctx context.Context, folder state.Folder, o cluster.ReplicaOptions) error {
	redirectKlog(&lumberjack.Logger{Filename: filepath.Join(folder.Dir, "apiserver.log"), MaxSize: 8, MaxBackups: 1})
	if err := divert(filepath.Join(folder.Dir, panicFile)); err != nil {
		return err
	}
	gone := fmt.Errorf("sandbox %s is gone", folder.Name)
	ctx, cancel := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel(nil)
	watching.Go(func() {
		tick := time.NewTicker(alivePoll)
		defer tick.Stop()
		for folder.Alive() {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
		cancel(gone)
	})
	if err := cluster.RunReplica(ctx, o); err != nil {
		return err
	}
	if errors.Is(context.Cause(ctx), gone) {
		return gone
	}
	return nil
}
