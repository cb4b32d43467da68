package readiness

import (
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/internal/object/objecttest"
)

func TestGracePeriods(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := GracePeriods{}
	pull := Trouble{Reason: "ErrImagePull", key: "k", episode: "ErrImagePull0"}
	off := Trouble{Reason: "ImagePullBackOff", key: "k", episode: "ImagePullBackOff0"}
	if p.Over(pull, now) || p.Over(pull, now.Add(time.Second)) {
		t.Error("one failed pull is not the end")
	}
	if !p.Over(off, now.Add(2*time.Second)) {
		t.Error("a second one is")
	}
	p = GracePeriods{}
	if p.Over(pull, now) || !p.Over(pull, now.Add(16*time.Second)) {
		t.Error("a trouble that lasts is final")
	}
	if p.Over(Trouble{Reason: "", key: "x"}, now.Add(time.Hour)) || p.Over(Trouble{Reason: "ContainerCreating"}, now) {
		t.Error("what is no fatal reason never ends a wait")
	}
}

func TestContainerTrouble(t *testing.T) {
	for _, tt := range []struct {
		name, text, reason, cause string
		none                      bool
	}{
		{"running", `{name: a, state: {running: {}}}`, "", "", true},
		{"creating", `{name: a, state: {waiting: {reason: ContainerCreating}}}`, "", "", true},
		{"pull", `{name: a, image: "web:9", state: {waiting: {reason: ErrImagePull, message: 'failed to resolve reference "r/web:9": r/web:9: not found'}}}`, "ErrImagePull", "image web:9 of container a: ErrImagePull: r/web:9: not found", false},
		{"config", `{name: a, state: {waiting: {reason: CreateContainerConfigError, message: configmap "x" not found}}}`, "CreateContainerConfigError", `configmap "x" not found`, false},
		{"first crash", `{name: a, restartCount: 0, state: {terminated: {exitCode: 3}}}`, "", "exited with code 3, once so far", false},
		{"second crash", `{name: a, restartCount: 1, state: {terminated: {exitCode: 137, reason: OOMKilled}}}`, crashed, "exited with code 137 (OOMKilled), 2 times", false},
		{"back-off", `{name: a, restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1}}}`, "CrashLoopBackOff", "exited with code 1, 2 times", false},
		{"done", `{name: a, state: {terminated: {exitCode: 0}}}`, "", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pod := objecttest.Of(t, "v1", "Pod", "status: {containerStatuses: ["+tt.text+"]}")
			got := PodTroubles(pod, false)
			if tt.none {
				if len(got) > 0 {
					t.Errorf("%v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Reason != tt.reason || !strings.Contains(got[0].Cause, tt.cause) {
				t.Errorf("%+v", got)
			}
		})
	}
	pod := objecttest.Of(t, "v1", "Pod", `status: {containerStatuses: [{name: a, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}}]}`)
	if got := PodTroubles(pod, true); len(got) > 0 {
		t.Errorf("a Job's crashes are the Job's: %v", got)
	}
}
