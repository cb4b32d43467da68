package plan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/internal/text"
)

// RejectedError is a plan that cannot be carried out: every object the server or the engine refused, found before
// anything was touched.
type RejectedError struct {
	Release    string
	Rejections []Rejection

	Redact func(string) string // nil: nothing is known to be secret
}

// Rejection is why one object was refused.
type Rejection struct {
	Object kube.Ref
	Err    error
}

// Error is one line: the first problem, and how many more there are.
func (r *RejectedError) Error() string {
	first := r.Rejections[0]
	s := fmt.Sprintf("plan release %s: %s: %s", r.Release, first.Object.Long(), CauseOf(first.Err))
	if n := len(r.Rejections) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return r.masked(s)
}

func (r *RejectedError) masked(s string) string {
	if r.Redact == nil {
		return s
	}
	return r.Redact(s)
}

// CauseOf is an error without the object's name, which stands before it anyway.
func CauseOf(err error) string {
	if e, ok := errors.AsType[*ImmutableError](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[*ConflictError](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[*kube.Error](err); ok {
		return e.Brief()
	}
	return err.Error()
}

// Details is one line for each problem.
func (r *RejectedError) Details() string {
	var b strings.Builder
	for _, p := range r.Rejections {
		fmt.Fprintf(&b, "%s: %s\n", p.Object.Long(), CauseOf(p.Err))
	}
	return r.masked(b.String())
}

// Unwrap gives the problems' errors.
func (r *RejectedError) Unwrap() []error {
	var errs []error
	for _, p := range r.Rejections {
		errs = append(errs, p.Err)
	}
	return errs
}

// ImmutableError is a change of fields that cannot be changed in an object that its policy does not allow to recreate.
type ImmutableError struct {
	Object  kube.Ref
	Fields  []Field // which, with their old and new values
	Key     string  // by which the caller's user sets another policy; empty where there is no way to
	Suggest string  // that policy
	Reason  string  // why the policy does not help; may be empty
	Err     error   // the server's refusal
}

// MaxNamedFields bounds how many fields an error names.
const MaxNamedFields = 3

// Error is one line: the fields, their values, and what to do.
func (e *ImmutableError) Error() string {
	var parts []string
	for i, f := range e.Fields {
		if i == MaxNamedFields {
			parts = append(parts, text.Counted(len(e.Fields)-i, "more field"))
			break
		}
		before, after := maskedPair(f, nil)
		parts = append(parts,
			fmt.Sprintf("%s (%s -> %s)", f.Path, text.Brief(ValueText(before)), text.Brief(ValueText(after))))
	}
	s := strings.Join(parts, ", ") + " cannot be changed"
	if len(parts) == 0 {
		s = CauseOf(e.Err)
	}
	if e.Reason != "" {
		return s + ", and " + e.Reason
	}
	if e.Key == "" {
		return fmt.Sprintf("%s; keep the old value, or delete the object first: kubectl delete %s", s, kubectlName(e.Object))
	}
	return fmt.Sprintf("%s; keep the old value, or allow to delete the object and create it anew: %s: {%s: %s}",
		s, e.Key, e.Object.Kind, e.Suggest)
}

// kubectlName is how kubectl is told which object is meant.
func kubectlName(r kube.Ref) string {
	name := strings.ToLower(r.Kind) + "/" + r.Name
	if r.Namespace != "" {
		name += " -n " + r.Namespace
	}
	return name
}

// Unwrap gives the server's refusal.
func (e *ImmutableError) Unwrap() error { return e.Err }
