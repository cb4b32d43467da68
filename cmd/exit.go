package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/pipeline"
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
	if _, coded := errors.AsType[*codeError](err); err == nil || coded || code == pipeline.ExitOK {
		return err
	}
	return &codeError{code, err}
}

// silent ends the command with code; everything has been said.
func silent(code int) error {
	if code == pipeline.ExitOK {
		return nil
	}
	return &codeError{code: code}
}

// usagef is an error in how the command was called.
func usagef(format string, args ...any) error {
	return &codeError{pipeline.ExitUsage, fmt.Errorf(format, args...)}
}

// usageError turns the flag parser's complaint into one line with the next step.
func usageError(c *cli.Context, err error, _ bool) error {
	name := "pintle"
	if c.Command != nil && c.Command.HelpName != "" {
		name = c.Command.HelpName
	}
	const undefined = "flag provided but not defined: -"
	if flag, ok := strings.CutPrefix(err.Error(), undefined); ok {
		flag = strings.TrimLeft(flag, "-")
		return usagef("%s has no flag %s%s: see %q", name, dashes(flag), flag, name+" --help")
	}
	return usagef("%s: %w: see %q", name, err, name+" --help")
}

func exitCode(err error) int {
	if err == nil {
		return pipeline.ExitOK
	}
	if coded, ok := errors.AsType[*codeError](err); ok {
		return coded.code
	}
	return pipeline.ExitUnexpected
}
