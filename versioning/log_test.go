package versioning

import (
	"errors"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/git/gittest"
	"github.com/pintle-ci/pintle/versioning/commit"
)

func TestLog(t *testing.T) {
	r := gittest.New(t)
	first := r.Commit("feat: one", "a/f")
	r.Tag("v1.0.0")
	r.Commit("fix: two\n\nbody", "b/f")
	r.Annotated("v1.1.0-rc.1")
	r.Git("checkout", "-q", "-b", "side")
	r.Commit("feat: three", "a/f")
	r.Git("checkout", "-q", "main")
	r.Commit("docs: four", "c")
	head := r.Merge("side")
	r.Tag("v1.1.0")
	r.Tag("v1.2.0-rc.1")
	repository := openAt(t, r.Dir)
	subjects := func(from, to string, paths ...string) string {
		list, err := repository.Log(t.Context(), from, to, paths)
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, one := range list {
			subject, _, _ := strings.Cut(one.Message, "\n")
			if one.Author != "A" || one.Merge != strings.HasPrefix(subject, "Merge") {
				t.Errorf("%+v", one)
			}
			words = append(words, subject)
		}
		return strings.Join(words, ", ")
	}
	for _, tt := range []struct{ got, want string }{
		{subjects(first, head), "Merge side, docs: four, feat: three, fix: two"},
		{subjects("", head, "a"), "feat: three, feat: one"},
		{subjects(first, head, "b", "c"), "docs: four, fix: two"},
		{subjects(head, head), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
	for version, want := range map[string]string{"1.1.0": "v1.0.0", "1.1.0-rc.2": "v1.1.0-rc.1", "1.1.0-rc.1": "v1.0.0", "9.0.0": "v1.1.0", "1.0.0": ""} {
		tag, err := repository.Before(t.Context(), "v", version, head)
		if name := ""; err != nil || tag != nil && tag.Name != want || tag == nil && name != want {
			t.Errorf("before %s: %+v, %v, want %s", version, tag, err, want)
		}
	}
	if tag, err := repository.Before(t.Context(), "v", "9.0.0", first); err != nil || tag == nil || tag.Name != "v1.0.0" {
		t.Errorf("only what the commit reaches: %+v, %v", tag, err)
	}
	if tag, err := repository.Tagged("v", "1.1.0-rc.1"); err != nil || tag == nil || tag.Name != "v1.1.0-rc.1" {
		t.Errorf("tagged: %+v, %v", tag, err)
	}
	if tag, err := repository.Tagged("v", "1.1.9"); err != nil || tag != nil {
		t.Errorf("not tagged: %+v, %v", tag, err)
	}
	shallow := t.TempDir()
	r.Git("clone", "-q", "--depth", "1", "file://"+r.Dir, shallow)
	if _, err := openAt(t, shallow).Log(t.Context(), "", head, nil); !errors.Is(err, ErrShallow) {
		t.Errorf("shallow: %v", err)
	}
	if got := openAt(t, shallow).RemoteURL(); got != "file://"+r.Dir {
		t.Errorf("remote %q", got)
	}
}

// A message that is shortened changes what the whole one does: the version and its changelog agree.
func TestShortened(t *testing.T) {
	for _, message := range []string{
		"feat: x\n\n" + strings.Repeat("long line of text\n", 4000) + "\nBREAKING CHANGE: y", "fix: x\n\n" + strings.Repeat("x", 40_000) + "\n\nBREAKING-CHANGE: y",
		"fix: " + strings.Repeat("x", 40_000), "docs: x\n\n" + strings.Repeat("x\n", 40_000),
	} {
		short := shortened([]byte(message))
		got, want := commit.Read([]byte(short)).Change, commit.Read([]byte(message)).Change
		if len(short) > maxMessage+1 || got != want {
			t.Errorf("%.60q: %d bytes change %d, the whole %d", message, len(short), got, want)
		}
	}
}
