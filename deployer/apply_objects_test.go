package deployer

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer/kube"
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

func TestWaves(t *testing.T) {
	var changes []plan.Change
	for _, kind := range []string{"Deployment", "Widget", "ValidatingWebhookConfiguration", "ServiceAccount", "Secret", "Namespace"} {
		changes = append(changes, plan.Change{Object: kube.Ref{Kind: kind}})
	}
	var got []string
	for _, wave := range wavesOf(changes) {
		line := ""
		for _, c := range wave {
			line += c.Object.Kind + " "
		}
		got = append(got, strings.TrimSpace(line))
	}
	want := []string{"Namespace", "ServiceAccount", "Secret", "Deployment", "Widget", "ValidatingWebhookConfiguration"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
