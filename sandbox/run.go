package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/pintle-ci/pintle/sandbox/state"
)

// envRegistry tells a command in a sandbox where the registry is.
const envRegistry = "PINTLE_SANDBOX_REGISTRY"

func runCommand() *cobra.Command {
	var set settings
	cmd := &cobra.Command{
		Use:   "run [flags] [--] COMMAND [ARGUMENT...]",
		Short: "Run a command in a sandbox of its own",
		Long: `Start a sandbox, run COMMAND with KUBECONFIG and PINTLE_SANDBOX_REGISTRY set, stop the sandbox, and end with the
command's exit status. Without --name the sandbox gets a name that nobody else has.`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, command []string) error { return runIn(cmd.Context(), set, command) },
	}
	set.addTo(cmd, "")
	cmd.Flags().SetInterspersed(false)
	return cmd
}

func runIn(ctx context.Context, set settings, command []string) error {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return usageError{err}
	}
	if set.name == "" {
		raw := make([]byte, 4)
		_, _ = rand.Read(raw) // never fails: crypto/rand
		set.name = "run-" + hex.EncodeToString(raw)
	}
	s, err := bootHere(ctx, set)
	if err != nil {
		return err
	}
	err = s.exec(ctx, path, command)
	if cerr := s.close(ctx); err == nil {
		err = cerr
	}
	return err
}

// bootHere starts a sandbox that lives in this process and ends with it.
func bootHere(ctx context.Context, set settings) (*sandbox, error) {
	folder, err := state.Open(set.name)
	if err != nil {
		return nil, usageError{err}
	}
	unlock, err := folder.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if folder.Alive() {
		return nil, fmt.Errorf("sandbox %s runs already: take another --name, or stop it with `pintle sandbox down --name %s`", set.name, set.name)
	}
	if err := prepare(folder, set); err != nil {
		return nil, err
	}
	if err := divert(filepath.Join(folder.Dir, panicFile)); err != nil {
		return nil, err
	}
	s, err := boot(ctx, folder, set, progress)
	if err != nil {
		_ = folder.Remove()
	}
	return s, err
}

// divert sends what the components write to file descriptor 2 to a log, as the etcd client of the API server does with
// every cancelled request. The program's own messages and the command keep the real stderr.
func divert(log string) error {
	fd, err := unix.FcntlInt(os.Stderr.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return fmt.Errorf("keep stderr: %w", err)
	}
	file, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := unix.Dup2(int(file.Fd()), 2); err != nil {
		return fmt.Errorf("divert stderr to %s: %w", log, err)
	}
	os.Stderr = os.NewFile(uintptr(fd), "stderr")
	return nil
}

// exec runs the command until it ends. Signals go to the command, which decides what to do about them.
func (s *sandbox) exec(ctx context.Context, path string, command []string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, command[1:]...)
	cmd.Args = command
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "KUBECONFIG="+s.info.Kubeconfig, envRegistry+"="+s.info.Registry)
	cmd.SysProcAttr = dieWithParent()
	sigs := make(chan os.Signal, 8)
	signal.Notify(sigs, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(sigs)
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case err := <-done:
			return status(err)
		case sig := <-sigs:
			forward(cmd.Process, sig)
		case err := <-s.Failed():
			progress("the cluster broke down: " + err.Error())
		}
	}
}

// forward passes a signal on, unless the terminal has given it to the command already.
func forward(p *os.Process, sig os.Signal) {
	fromTerminal := sig == os.Interrupt || sig == syscall.SIGQUIT
	if fromTerminal && term.IsTerminal(int(os.Stdin.Fd())) {
		return
	}
	_ = p.Signal(sig) // it has just ended: done says so
}

// status turns the end of a command into this program's: its exit status, or 128 and the signal that killed it.
func status(err error) error {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return err
	}
	if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return exitError(128 + int(ws.Signal()))
	}
	return exitError(exit.ExitCode())
}
