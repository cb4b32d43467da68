package exitcode_test

import (
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/internal/exitcode"
)

func TestRowsAreOrderedAndToldOnce(t *testing.T) {
	last, names := -1, map[string]bool{}
	for _, r := range exitcode.Rows() {
		if r.Code <= last || names[r.Name] || r.Meaning == "" {
			t.Errorf("row %+v: its code must rise, its name be new and its meaning be told", r)
		}
		last, names[r.Name] = r.Code, true
	}
	if names["panic"] || !strings.Contains(exitcode.Text("   "), "   6     a deploy failed and was not rolled back\n") {
		t.Errorf("text:\n%s", exitcode.Text("   "))
	}
}

func TestRewriteReplacesTablesOnly(t *testing.T) {
	got := exitcode.Rewrite("before\n\n| exit code | meaning |\n|---|---|\n| 7 | old |\n\nafter\n| code |\n| 8 |")
	if want := "before\n\n" + exitcode.Markdown() + "\nafter\n| code |\n| 8 |"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
