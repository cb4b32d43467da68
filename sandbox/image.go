package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pintle-ci/pintle/sandbox/image"
	"github.com/pintle-ci/pintle/sandbox/state"
)

// imageFlags are the flags of image. The durations say whether they were given through cobra.
type imageFlags struct {
	name       string
	readyAfter time.Duration
	crashAfter time.Duration
	exitAfter  time.Duration
	exitCode   uint8
	stopAfter  time.Duration
	neverReady bool
	log        []string
}

func imageCommand() *cobra.Command {
	var f imageFlags
	cmd := &cobra.Command{
		Use:   "image NAME:TAG",
		Short: "Make an image whose containers behave as told, and push it to the sandbox's registry",
		Long: `Make an image whose containers behave as told, push it to the sandbox's registry, and print its reference.
Inside pintle sandbox run, the sandbox is that one.`,
		Example: `  pintle sandbox image web:1.0
  pintle sandbox image cart:2.0 --crash-after 1s --exit-code 3 --log 'starting' --log 'fatal: no database'`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, list []string) error {
			return makeImage(cmd.Context(), cmd.OutOrStdout(), f, list[0], cmd.Flags().Changed)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.name, "name", "", "name of the sandbox (default: that of $"+envRegistry+", else "+defaultName+")")
	flags.DurationVar(&f.readyAfter, "ready-after", 0, "become ready so long after the start")
	flags.BoolVar(&f.neverReady, "never-ready", false, "never become ready")
	flags.DurationVar(&f.crashAfter, "crash-after", 0, "exit so long after the start, with --exit-code, 1 by default")
	flags.DurationVar(&f.exitAfter, "exit-after", 0, "exit so long after the start, with --exit-code, 0 by default")
	flags.Uint8Var(&f.exitCode, "exit-code", 0, "what to exit with")
	flags.DurationVar(&f.stopAfter, "stop-after", 0, "exit so long after being told to stop, within the pod's grace period")
	flags.StringArrayVar(&f.log, "log", nil, "print this line at the start (repeatable)")
	cmd.MarkFlagsMutuallyExclusive("crash-after", "exit-after")
	cmd.MarkFlagsMutuallyExclusive("ready-after", "never-ready")
	return cmd
}

func makeImage(ctx context.Context, stdout io.Writer, f imageFlags, repoTag string, given func(string) bool) error {
	script, err := f.script(given)
	if err != nil {
		return err
	}
	registry, err := registryOf(f.name)
	if err != nil {
		return err
	}
	ref, err := image.Push(ctx, registry, repoTag, script)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, ref)
	return err
}

func (f imageFlags) script(given func(string) bool) (image.Script, error) {
	s := image.Script{NeverReady: f.neverReady, StopAfter: f.stopAfter, Log: f.log}
	if given("ready-after") {
		s.ReadyAfter = &f.readyAfter
	}
	switch {
	case given("crash-after"):
		s.ExitAfter, s.ExitCode = &f.crashAfter, 1
	case given("exit-after"):
		s.ExitAfter = &f.exitAfter
	case given("exit-code"):
		return s, usageError{fmt.Errorf("--exit-code says nothing without --crash-after or --exit-after")}
	}
	if given("exit-code") {
		s.ExitCode = int32(f.exitCode)
	}
	return s, nil
}

// registryOf finds the registry of the sandbox called name; without a name, of the one that this process runs in.
func registryOf(name string) (string, error) {
	if name == "" {
		if r := os.Getenv(envRegistry); r != "" {
			return r, nil
		}
		name = defaultName
	}
	folder, err := state.Open(name)
	if err != nil {
		return "", usageError{err}
	}
	info, ok := folder.Running()
	if !ok {
		return "", notRunning(name)
	}
	return info.Registry, nil
}
