package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pintle-ci/pintle/sandbox/state"
)

// downTimeout is how long a sandbox may take to end by itself before it is killed.
const downTimeout = 10 * time.Second

func downCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Stop a sandbox and remove everything of it",
		Args:  args(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return down(cmd.Context(), name) },
	}
	cmd.Flags().StringVar(&name, "name", defaultName, "name of the sandbox")
	return cmd
}

// down is done when there is no process and no file, also if there was none to begin with.
func down(ctx context.Context, name string) error {
	folder, err := state.Open(name)
	if err != nil {
		return usageError{err}
	}
	unlock, err := folder.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if info, ok := folder.Running(); ok {
		progress("stopping " + name)
		if err := end(ctx, folder, info.PID); err != nil {
			return fmt.Errorf("stop sandbox %s (process %d): %w", name, info.PID, err)
		}
	}
	return folder.Remove()
}

// end stops the process that holds folder, at the latest after downTimeout by force.
func end(ctx context.Context, folder state.Folder, pid int) error {
	if err := signalProcess(pid, syscall.SIGTERM); err != nil {
		return err
	}
	killed := false
	deadline := time.Now().Add(downTimeout)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for folder.Alive() {
		if !killed && time.Now().After(deadline) {
			killed = true
			if err := signalProcess(pid, syscall.SIGKILL); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}

func signalProcess(pid int, s syscall.Signal) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	if err := p.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}
