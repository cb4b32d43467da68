package versioning

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pintle-ci/pintle/git/gittest"
)

// TestCheckTags compares tags with a remote that has moved one, deleted one, or is gone.
func TestCheckTags(t *testing.T) {
	quiet(t)
	r := gittest.New(t)
	first := r.Commit("feat: one")
	r.Annotated("v1.0.0")
	r.Tag("v1.0.0-rc.1")
	clone := t.TempDir()
	r.Git("clone", "-q", r.Dir, clone)
	facts := read(t, clone, Query{Ref: Ref{Tag: "v1.0.0"}, Prefix: "v"})
	if len(facts.Tags) != 2 {
		t.Fatalf("%d tags at HEAD", len(facts.Tags))
	}
	check := func(ci bool) (lines []string, err error) {
		keep := func(line string) { lines = append(lines, line) }
		err = openAt(t, clone).CheckTags(t.Context(), facts.Tags, Fetch{CI: ci, Log: keep, Warn: func(line string) { keep("warning: " + line) }})
		return lines, err
	}
	asked := []string{"ask origin for its tags"}
	if lines, err := check(true); err != nil || cmp.Diff(asked, lines) != "" {
		t.Errorf("nothing has moved: %q, %v", lines, err)
	}
	r.Git("tag", "-d", "v1.0.0-rc.1")
	if lines, err := check(true); err != nil || len(lines) != 2 || !strings.HasPrefix(lines[1], "warning: tag v1.0.0-rc.1 is here and not on origin") {
		t.Errorf("deleted: %q, %v", lines, err)
	}
	second := r.Commit("feat: two")
	r.Git("tag", "-f", "-a", "-m", "again", "v1.0.0")
	_, err := check(true)
	want := &MovedTagError{Tag: "v1.0.0", Here: first, There: second, Remote: "origin"}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("moved (-want +got):\n%s", diff)
	}
	if lines, err := check(false); err != nil || lines != nil {
		t.Errorf("outside of CI: %q, %v", lines, err)
	}
	r.GitIn(clone, "", "remote", "set-url", "origin", r.Dir+"-gone")
	if lines, err := check(true); err != nil || len(lines) != 2 || !strings.HasPrefix(lines[1], "warning: cannot check that tag v1.0.0 was not moved: ") {
		t.Errorf("gone: %q, %v", lines, err)
	}
}
