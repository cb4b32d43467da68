package cmd

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// codeError carries an exit code out of a command. With a nil err the command
// has said everything already.
type codeError struct {
	code int
	err  error
}

// Error implements error.
func (e *codeError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

// Unwrap returns the cause.
func (e *codeError) Unwrap() error { return e.err }

// withCode gives err an exit code, unless it has one or the code is 0; a nil
// err stays nil.
func withCode(code int, err error) error {
	if _, coded := errors.AsType[*codeError](err); err == nil || coded || code == exitcode.OK {
		return err
	}
	return &codeError{code, err}
}

// silent ends the command with code; everything has been said.
func silent(code int) error {
	if code == exitcode.OK {
		return nil
	}
	return &codeError{code: code}
}

// usagef is an error in how the command was called.
func usagef(format string, args ...any) error {
	return &codeError{exitcode.Usage, fmt.Errorf(format, args...)}
}

// usageError turns the flag parser's complaint into one line with the next step.
func usageError(c *urfave.Context, err error, _ bool) error {
	name := "pintle"
	if c.Command != nil && c.Command.HelpName != "" {
		name = c.Command.HelpName
	}
	const undefined = "flag provided but not defined: -"
	if flag, ok := strings.CutPrefix(err.Error(), undefined); ok {
		flag = strings.TrimLeft(flag, "-")
		return usagef("%s has no flag %s%s: %ssee %q", name, dashes(flag), flag, nearestFlag(c, flag), name+" --help")
	}
	return usagef("%s: %w: see %q", name, err, name+" --help")
}

// nearestFlag asks whether another flag was meant, if one has a similar name.
func nearestFlag(c *urfave.Context, name string) string {
	flags := c.App.Flags
	if c.Command != nil {
		flags = slices.Concat(c.Command.Flags, flags)
	}
	var known []string
	for _, f := range flags {
		for _, n := range f.Names() {
			if len(n) > 1 { // every letter is similar to every other
				known = append(known, n)
			}
		}
	}
	if near := config.Nearest(name, known); near != "" && len(name) > 1 {
		return "did you mean --" + near + "? "
	}
	return ""
}

func exitCode(err error) int {
	if err == nil {
		return exitcode.OK
	}
	if coded, ok := errors.AsType[*codeError](err); ok {
		return coded.code
	}
	return exitcode.Unexpected
}

// signalError is the cause of a context that a signal has ended.
type signalError struct{ sig os.Signal }

// Error implements error.
func (s signalError) Error() string {
	switch s.sig {
	case syscall.SIGTERM:
		return "stopped by SIGTERM"
	case syscall.SIGHUP:
		return "stopped by SIGHUP"
	}
	return "stopped by SIGINT"
}

// ExitCode is 128 and the signal's number.
func (s signalError) ExitCode() int {
	switch s.sig {
	case syscall.SIGTERM:
		return exitcode.Terminated
	case syscall.SIGHUP:
		return exitcode.HungUp
	}
	return exitcode.Interrupted
}
