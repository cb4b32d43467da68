package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const defaultName = "default"

// exitError ends the program with a status of its own and without a message.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Main runs the program and returns its exit status: 0 done, 1 failed, 3 wrong usage, 130 and 143 interrupted; `run`
// returns its command's.
func Main(args []string) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	sigs := make(chan os.Signal, 1)
	signal.Notify(sigs, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		s := <-sigs
		cancel(interrupted{s.(syscall.Signal)})
		signal.Stop(sigs) // a second signal kills
	}()
	pflag.CommandLine = pflag.NewFlagSet("", pflag.ContinueOnError) // the components' packages put their own --version there
	root := rootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if status, ok := errors.AsType[exitError](err); ok {
		return int(status)
	}
	fmt.Fprintf(os.Stderr, "pintle sandbox: %v\n", err)
	if i, ok := errors.AsType[interrupted](err); ok {
		return 128 + int(i.signal)
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return 3
	}
	return 1
}

// interrupted is why a context ended: a signal came.
type interrupted struct{ signal syscall.Signal }

func (i interrupted) Error() string { return "interrupted by " + i.signal.String() }

// usageError is a mistake in the command line.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "pintle-sandbox",
		Short: "A Kubernetes cluster to try things on, in one process",
		Long: `A Kubernetes cluster to try things on: a real control plane (etcd, API server, controllers, scheduler), a node
that simulates containers, and an OCI registry. All of it is one process on loopback, and down leaves nothing behind.

An image that is not in the registry is ErrImagePull, as on a real node; the labels of one that is say how its
container behaves (see: pintle sandbox image --help).`,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "pintle sandbox"},
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(cmd *cobra.Command, list []string) error {
			if len(list) > 0 {
				return usageError{fmt.Errorf("unknown command %q: see `pintle sandbox --help`", list[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(upCommand(), downCommand(), statusCommand(), runCommand(), imageCommand(), apiserverCommand(), superviseCommand())
	return root
}

// args makes cobra's check of arguments a usage error.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, list []string) error {
		if err := check(cmd, list); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// progress prints a line about what is being done.
func progress(line string) { fmt.Fprintln(os.Stderr, "sandbox: "+line) }
