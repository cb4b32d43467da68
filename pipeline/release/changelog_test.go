package release

import (
	"errors"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/versioning/changelog"
)

// The changes since the release before are told, of what is released and of what is not yet.
func TestChangelog(t *testing.T) {
	r, _ := cart(t)
	r.Tag("cart/v1.0.0")
	r.Commit("feat: prices", "services/cart/src")
	r.Commit("chore(release): cart 1.1.0", "services/cart/src")
	for name, test := range map[string]struct {
		o                 ChangelogOptions
		version, previous string
		entries           string
		err               error
	}{
		"of what is to come": {o: ChangelogOptions{Release: "auto"}, version: "1.1.0", previous: "cart/v1.0.0", entries: "prices"},
		"without a version":  {previous: "cart/v1.0.0", entries: "prices"},
		"of a release":       {o: ChangelogOptions{To: "1.0.0"}, version: "1.0.0", entries: "begin"},
		"of none":            {o: ChangelogOptions{To: "3.0.0"}, err: ErrNoSuchVersion},
		"backwards":          {o: ChangelogOptions{From: "1.0.0", To: "1.0.0"}, err: ErrNoSuchRange},
	} {
		p, _ := open(t, r)
		notes, err := Changelog(t.Context(), p, test.o)
		if !errors.Is(err, test.err) || err == nil && len(notes) != 1 {
			t.Errorf("%s: %v, %v", name, notes, err)
		}
		if err != nil {
			continue
		}
		var entries []string
		for _, s := range notes[0].Sections {
			for _, e := range s.Entries {
				entries = append(entries, e.Description)
			}
		}
		if n := notes[0]; n.Version != test.version || n.Previous != test.previous || strings.Join(entries, ", ") != test.entries {
			t.Errorf("%s: version %q after %q: %q", name, n.Version, n.Previous, entries)
		}
	}
}

// A section is put into the service's changelog once.
func TestKeepChangelog(t *testing.T) {
	r, _ := cart(t)
	p, _ := open(t, r)
	name, changed, err := KeepChangelog(p, "cart", "1.0.0", "## 1.0.0\n\n- prices\n")
	if err != nil || !changed || name != "services/cart/CHANGELOG.md" {
		t.Errorf("%q, %t, %v", name, changed, err)
	}
	if _, changed, err = KeepChangelog(p, "cart", "1.0.0", "## 1.0.0\n\n- else\n"); changed || !errors.Is(err, changelog.ErrPresent) {
		t.Errorf("another section of the same version: %t, %v", changed, err)
	}
	if _, err := ReadTemplate(files.Tree{}, "nothing.tmpl"); err == nil {
		t.Error("a template that is not there is read")
	}
}
