package readiness

import (
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/internal/object/objecttest"
)

func TestCriteria(t *testing.T) {
	for _, tt := range []struct {
		name, ready, failed, text string
		want                      State
		message                   string
	}{
		{"no status", `status.phase == 'Up'`, "", `{}`, Progressing, "no such key: phase"},
		{"not yet", `status.phase == 'Up'`, "", `{status: {phase: Pending, message: pulling}}`, Progressing, "not yet status.phase == 'Up'; phase Pending: pulling"},
		{"ready", `status.phase == 'Up'`, "", `{status: {phase: Up}}`, Ready, "phase Up"},
		{"ready whatever the condition", `status.phase == 'Up'`, "", `{status: {phase: Up, conditions: [{type: Ready, status: "False"}]}}`, Ready, ""},
		{"of an older generation", `status.phase == 'Up'`, `status.phase == 'Up'`, `{status: {observedGeneration: 1, phase: Up}}`, Progressing, "not yet seen"},
		{"failed", `status.phase == 'Up'`, `status.phase == 'Broken'`, `{status: {phase: Broken, message: no disk}}`, Failed, "failed, as status.phase == 'Broken'; phase Broken: no disk"},
		{"only failed", "", `has(status.error)`, `{status: {conditions: [{type: Ready, status: "False", message: soon}]}}`, Progressing, "soon"},
		{"failed cannot say", "", `status.error != ''`, `{status: {conditions: [{type: Ready, status: "True"}]}}`, Ready, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Criteria{Ready: compiled(t, tt.ready), Failed: compiled(t, tt.failed)}
			got := c.Evaluate(objecttest.Of(t, "example.com/v1", "Widget", tt.text), false)
			if got.State != tt.want || !strings.Contains(got.Message, tt.message) {
				t.Errorf("%d %q, want %d %q", got.State, got.Message, tt.want, tt.message)
			}
		})
	}
	rules := Rules{"example.com/Widget": {Tolerate: []string{"a"}}, "Pod": {Tolerate: []string{"b"}}}
	for _, tt := range []struct{ apiVersion, kind, want string }{{"example.com/v2", "Widget", "a"}, {"v1", "Pod", "b"}, {"apps/v1", "Pod", ""}} {
		if got := strings.Join(rules.For(objecttest.Of(t, tt.apiVersion, tt.kind, "{}")).Tolerate, ""); got != tt.want {
			t.Errorf("%s/%s: %q", tt.apiVersion, tt.kind, got)
		}
	}
}

func compiled(t *testing.T, text string) *Expression {
	t.Helper()
	if text == "" {
		return nil
	}
	e, err := Compile(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
