package readiness

import (
	"errors"
	"strings"
	"testing"
)

func widgetMap() map[string]any {
	return map[string]any{
		"apiVersion": "example.com/v1", "kind": "Widget",
		"metadata": map[string]any{"name": "w", "generation": int64(3)},
		"spec":     map[string]any{"size": int64(2)},
		"status": map[string]any{
			"phase": "Running", "size": float64(2), "observedGeneration": int64(3),
			"conditions": []any{map[string]any{"type": "Healthy", "status": "True"}, map[string]any{"type": "Synced", "status": "False"}},
		},
	}
}

func TestTrue(t *testing.T) {
	for _, tt := range []struct {
		text string
		want bool
		open bool // cannot say
	}{
		{`status.phase == 'Running'`, true, false},
		{`status.phase in ['Pending', 'Creating']`, false, false},
		{`status.size == spec.size && status.observedGeneration >= metadata.generation`, true, false},
		{`object.status.conditions.exists(c, c.type == 'Healthy' && c.status == 'True')`, true, false},
		{`status.conditions.filter(c, c.type == 'Synced').all(c, c.status == 'True')`, false, false},
		{`status.absent == 1`, false, true},
		{`has(status.absent) && status.absent == 1`, false, false},
		{`status.?absent.orValue(0) > 0`, false, false},
		{`kind == 'Widget' && apiVersion.startsWith('example.com/')`, true, false},
		{`status.phase`, false, true}, // of unknown type until it is evaluated
		{`[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, a+b+c+d+e > 0)))))`, false, true},
	} {
		e, err := Compile(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		got, err := e.True(widgetMap())
		if got != tt.want || errors.Is(err, ErrUnknown) != tt.open {
			t.Errorf("%s: %v %v, want %v", tt.text, got, err, tt.want)
		}
	}
}

func TestTrueOfAnEmptyObject(t *testing.T) {
	e, err := Compile(`has(status.phase) && status.phase == 'Running'`)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := e.True(map[string]any{"kind": "Widget"}); got || err != nil {
		t.Errorf("%v %v", got, err)
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, tt := range []struct {
		text, message string
		line, column  int
	}{
		{``, "empty", 0, 0},
		{`status.phase ==`, "mismatched input", 1, 16},
		{"status.phase == 'a' &&\n  stats.size > 1", "undeclared reference to 'stats'", 2, 3},
		{`size(status)`, "it gives int", 0, 0},
		{`status.phase == 'Running`, "token recognition error", 1, 17},
		{strings.Repeat("true && ", 1000) + "true", "more than 4096 bytes", 0, 0},
		{strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200), "recursion", 0, 0},
	} {
		_, err := Compile(tt.text)
		e, ok := errors.AsType[*SyntaxError](err)
		if !ok || !strings.Contains(e.Message, tt.message) {
			t.Errorf("%.40q: %v, want %q", tt.text, err, tt.message)
			continue
		}
		if tt.line > 0 && (e.Line != tt.line || e.Column != tt.column) {
			t.Errorf("%.40q: at %d:%d, want %d:%d", tt.text, e.Line, e.Column, tt.line, tt.column)
		}
		if strings.Contains(e.Message, "\n") || len(e.Message) > 300 {
			t.Errorf("%.40q: %q", tt.text, e.Message)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`status.phase == 'Running'`)
	f.Add(`status.conditions.exists(c, c.type == 'Ready')`)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Compile(text)
		if _, ok := errors.AsType[*SyntaxError](err); err != nil && !ok {
			t.Fatalf("%T %v", err, err)
		}
		if err == nil {
			_, _ = e.True(widgetMap())
		}
	})
}
