package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/secret"
)

// PrintError prints an error: the message, what it knows for a human beneath, and the next step where there is one.
// Known secrets show nowhere.
func PrintError(e Env, err error) {
	said := Secrets(e.Getenv).Text
	if private, ok := errors.AsType[*privateError](err); ok {
		said = private.secrets.Text
	}
	fmt.Fprintln(e.StderrText, "pintle:", said(err.Error()))
	var detailed interface{ Details() []string }
	if errors.As(err, &detailed) {
		if lines := detailed.Details(); len(lines) > 1 || !strings.Contains(err.Error(), strings.Join(lines, "")) {
			for _, line := range lines {
				fmt.Fprintln(e.StderrText, said("  "+line))
			}
		}
	}
	if hint := hintFor(err); hint != "" {
		fmt.Fprintln(e.StderrText, "hint:", said(hint))
	}
}

// privateError is an error that may quote values, some of which are secrets.
type privateError struct {
	err     error
	secrets *secret.Set // the job's among them
}

// Error implements error.
func (e *privateError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *privateError) Unwrap() error { return e.err }

// Private keeps secrets out of what is told about err.
func Private(err error, secrets *secret.Set) error {
	if err == nil {
		return nil
	}
	return &privateError{err, secrets}
}

// hintedError carries the next step.
type hintedError struct {
	err  error
	hint string
}

// Error implements error.
func (e *hintedError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *hintedError) Unwrap() error { return e.err }

// hintFor is the next step after an error, if one is known.
func hintFor(err error) string {
	if hinted, ok := errors.AsType[*hintedError](err); ok {
		return hinted.hint
	}
	if failed, ok := errors.AsType[*render.Error](err); ok {
		return cmp.Or(didYouMean(failed.Missing, failed.Known), failed.Advice)
	}
	if invalid, ok := errors.AsType[*render.SchemaError](err); ok {
		return unknownKeyHint(invalid)
	}
	if shown, ok := errors.AsType[*render.ShowOnlyError](err); ok {
		if shown.Exists {
			return shown.Reason
		}
		return cmp.Or(didYouMean(shown.Pattern, shown.Templates), "there are "+strings.Join(shown.Templates, ", "))
	}
	return ""
}

// unknownKeyHint is the key that was meant by the first one that a schema does not know, if one is near.
func unknownKeyHint(e *render.SchemaError) string {
	for _, p := range e.Problems {
		for _, v := range p.Violations {
			if v.Unknown == "" {
				continue
			}
			if nearest := config.Nearest(v.Unknown, v.Known); nearest != "" {
				return fmt.Sprintf("did you mean %s?", strings.Join(append(slices.Clip(v.Path), nearest), "."))
			}
			return ""
		}
	}
	return ""
}

func didYouMean(name string, known []string) string {
	if name == "" {
		return ""
	}
	if nearest := config.Nearest(name, known); nearest != "" {
		return fmt.Sprintf("did you mean %s?", nearest)
	}
	return ""
}
