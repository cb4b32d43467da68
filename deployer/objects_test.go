package deployer

import (
	"testing"

	"github.com/pintle-ci/pintle/deployer/wait"
)

// A wait knows three of a plan's actions by their words.
func TestActionsOfAWait(t *testing.T) {
	for action, want := range map[Action]wait.Action{Create: wait.Create, Delete: wait.Delete, Unchanged: wait.Unchanged} {
		if wait.Action(action) != want {
			t.Errorf("%s is %s to a wait", action, want)
		}
	}
}
