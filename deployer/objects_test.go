package deployer

import (
	"testing"

	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/wait"
)

// A wait knows three of a plan's actions by their words.
func TestActionsOfAWait(t *testing.T) {
	for action, want := range map[plan.Action]wait.Action{plan.Create: wait.Create, plan.Delete: wait.Delete, plan.Unchanged: wait.Unchanged} {
		if wait.Action(action) != want {
			t.Errorf("%s is %s to a wait", action, want)
		}
	}
}
