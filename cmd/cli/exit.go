package cli

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

// ExitError carries an exit code out of a command. With a nil err the command has said everything already.
type ExitError struct {
	code int
	Err  error
}

// Error implements error.
func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *ExitError) Unwrap() error { return e.Err }

// WithCode gives err an exit code, unless it has one or the code is 0; a nil err stays nil.
func WithCode(code int, err error) error {
	if _, coded := errors.AsType[*ExitError](err); err == nil || coded || code == exitcode.OK {
		return err
	}
	return &ExitError{code, err}
}

// Silent ends the command with code; everything has been said.
func Silent(code int) error {
	if code == exitcode.OK {
		return nil
	}
	return &ExitError{code: code}
}

// Usagef is an error in how the command was called.
func Usagef(format string, args ...any) error {
	return &ExitError{exitcode.Usage, fmt.Errorf(format, args...)}
}

// UsageError turns the flag parser's complaint into one line with the next step.
func UsageError(c *urfave.Context, err error, _ bool) error {
	name := "pintle"
	if c.Command != nil && c.Command.HelpName != "" {
		name = c.Command.HelpName
	}
	const undefined = "flag provided but not defined: -"
	if flag, ok := strings.CutPrefix(err.Error(), undefined); ok {
		flag = strings.TrimLeft(flag, "-")
		return Usagef("%s has no flag %s%s: %ssee %q", name, Dashes(flag), flag, nearestFlag(c, flag), name+" --help")
	}
	return Usagef("%s: %w: see %q", name, err, name+" --help")
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

// ExitCode is the code that err carries, exitcode.Unexpected where it carries none.
func ExitCode(err error) int {
	if err == nil {
		return exitcode.OK
	}
	if coded, ok := errors.AsType[*ExitError](err); ok {
		return coded.code
	}
	return exitcode.Unexpected
}

// SignalError is the cause of a context that a signal has ended.
type SignalError struct{ Signal os.Signal }

// Error implements error.
func (s SignalError) Error() string {
	switch s.Signal {
	case syscall.SIGTERM:
		return "stopped by SIGTERM"
	case syscall.SIGHUP:
		return "stopped by SIGHUP"
	}
	return "stopped by SIGINT"
}

// ExitCode is 128 and the signal's number.
func (s SignalError) ExitCode() int {
	switch s.Signal {
	case syscall.SIGTERM:
		return exitcode.Terminated
	case syscall.SIGHUP:
		return exitcode.HungUp
	}
	return exitcode.Interrupted
}
