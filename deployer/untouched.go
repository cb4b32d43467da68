package deployer

import (
	"errors"

	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/stamp"
)

// unstarted is an operation that has ended before it changed anything of the
// release.
type unstarted struct{ err error }

func (u *unstarted) Error() string { return u.err.Error() }

func (u *unstarted) Unwrap() error { return u.err }

// notStarted marks err, unless it is nil.
func notStarted(err error) error {
	if err == nil {
		return nil
	}
	return &unstarted{err}
}

// Untouched reports whether an operation's error says that it ended before it
// changed anything: the account may not, another job works on the release, the
// cluster would refuse objects, the release is another's or would go back, or there is no such release or revision. What it
// does not report may have changed something, or not.
func Untouched(err error) bool {
	if _, failed := errors.AsType[*FailedError](err); failed {
		return false
	}
	_, before := errors.AsType[*unstarted](err)
	_, denied := errors.AsType[*access.Error](err)
	_, refused := errors.AsType[*Refusal](err)
	_, stamped := errors.AsType[*stamp.Error](err)
	return before || denied || refused || stamped ||
		errors.Is(err, lock.ErrBusy) || errors.Is(err, release.ErrNotFound) || errors.Is(err, release.ErrUnreadable)
}
