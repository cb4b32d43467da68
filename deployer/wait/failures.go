package wait

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/internal/installorder"
)

// ErrTimeout is the cause of a context that ended because the request's own Timeout was over; any other cause is an
// interruption.
var ErrTimeout = errors.New("timed out")

// Failures are the objects that failed in one act.
type Failures struct {
	Objects []Failure
	Err     error // what ended the act, when no single object did: timeout, interruption
}

// Failure is an object that failed, before evidence is collected.
type Failure struct {
	Ref   kube.Ref
	Cause string     // one line
	Pods  []kube.Ref // that show why
	Err   error
}

// Error is one line: the cause for a single object, else the first and a count.
func (f *Failures) Error() string {
	if len(f.Objects) == 0 {
		return f.Err.Error()
	}
	first := f.Objects[0]
	s := first.Ref.String() + ": " + first.Cause
	if n := len(f.Objects) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// Unwrap gives what ended the act, or why the first object failed.
func (f *Failures) Unwrap() error {
	if f.Err != nil {
		return f.Err
	}
	for _, o := range f.Objects {
		if o.Err != nil {
			return o.Err
		}
	}
	return nil
}

// compareFailures orders failed objects as they are applied, so that a cause stands before its consequences.
func compareFailures(a, b Failure) int {
	return cmp.Or(cmp.Compare(installorder.Wave(a.Ref.Kind), installorder.Wave(b.Ref.Kind)),
		cmp.Compare(a.Ref.Name, b.Ref.Name))
}
