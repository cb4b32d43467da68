package pipeline

import (
	"context"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/text"
)

// UnitAccount is what an account needs to deploy one unit.
type UnitAccount struct {
	Unit string
	deployer.Account
}

// listAccess renders the chart as a deploy would, and lists what an account needs for it. Nothing is written.
func (j *job) listAccess(ctx context.Context, span event.Span) event.Result {
	ctx = wait.TellOutages(ctx, span)
	values, err := j.values()
	if err != nil {
		return failed(err)
	}
	j.learnChart(values)
	account, err := j.engine.Account(ctx, j.request(values))
	if err != nil {
		return failed(err)
	}
	j.account = &account
	return event.Result{Status: event.Passed, Message: text.Counted(len(account.Permissions), "permission")}
}
