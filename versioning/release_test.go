package versioning

import (
	"errors"
	"github.com/pintle-ci/pintle/git/gittest"
	"strings"
	"testing"
)

func TestRelease(t *testing.T) {
	commit := Commit{Hash: strings.Repeat("a", 40)}
	tag := func(version string) *Tag { return &Tag{Name: "v" + version, Version: version, Commit: commit} }
	facts := func(branch, base string, change func(f *Facts)) Facts {
		f := Facts{Ref: Ref{Branch: branch}, Prefix: "v", Head: Commit{Hash: strings.Repeat("b", 40)}, Count: 3}
		if base != "" {
			f.Base = tag(base)
		}
		if change != nil {
			change(&f)
		}
		return f
	}
	at := func(version string) func(f *Facts) {
		return func(f *Facts) { f.Tags, f.Base, f.Count = []Tag{*tag(version)}, tag(version), 0 }
	}
	breaking := func(f *Facts) { f.Bump, f.BumpCommit = BumpMajor, commit.Hash }
	unchanged := func(f *Facts) { f.Scoped, f.Count = true, 0 }
	tests := []struct {
		name   string
		facts  Facts
		wanted string
		want   string // the tag, "present " or "unchanged " before it, or "error: " and a part of it
	}{
		{"first", facts("main", "", nil), "auto", "v0.1.0"},
		{"first major", facts("main", "", nil), "major", "v1.0.0"},
		{"auto is what builds lead to", facts("main", "1.4.2", nil), "auto", "v1.5.0"},
		{"auto, breaking", facts("main", "1.4.2", breaking), "auto", "v2.0.0"},
		{"patch", facts("main", "1.4.2", nil), "patch", "v1.4.3"},
		{"minor", facts("main", "1.4.2", breaking), "minor", "v1.5.0"},
		{"major", facts("main", "1.4.2", nil), "major", "v2.0.0"},
		{"from a prerelease", facts("main", "1.5.0-rc.1", nil), "auto", "v1.5.0"},
		{"from a prerelease, patch", facts("main", "1.5.0-rc.1", nil), "patch", "v1.5.0"},
		{"from a prerelease, minor", facts("main", "1.5.0-rc.1", nil), "minor", "v1.5.0"},
		{"from a prerelease of a patch, minor", facts("main", "1.5.1-rc.1", nil), "minor", "v1.6.0"},
		{"from a prerelease, major", facts("main", "1.5.0-rc.1", nil), "major", "v2.0.0"},
		{"from a major prerelease, major", facts("main", "2.0.0-rc.1", nil), "major", "v2.0.0"},
		{"a release is there", facts("main", "", at("1.5.0")), "minor", "present v1.5.0"},
		{"a candidate is there", facts("main", "", at("1.5.0-rc.1")), "auto", "v1.5.0"},
		{"nothing changed", facts("main", "1.4.2", unchanged), "auto", "unchanged v1.4.2"},
		{"nothing changed since the candidate", facts("main", "1.5.0-rc.1", unchanged), "auto", "v1.5.0"},
		{"named", facts("main", "1.4.2", nil), "1.9.0-rc.1", "v1.9.0-rc.1"},
		{"named and there", facts("main", "", at("1.5.0")), "1.5.0", "present v1.5.0"},
		{"named and lower", facts("main", "1.4.2", nil), "1.4.2", "error: version 1.4.2 is not above 1.4.2"},
		{"named with metadata", facts("main", "1.4.2", nil), "1.9.0+x", "error: build metadata"},
		{"no version", facts("main", "1.4.2", nil), "v1.9.0", "error: \"v1.9.0\" is no release"},
		{"too short", facts("main", "1.4.2", nil), "1.9", "error: \"1.9\" is no release"},
		{"a release line", facts("release/1.5", "1.5.0", nil), "auto", "v1.5.1"},
		{"a new release line", facts("release/1.6", "1.5.0", nil), "auto", "v1.6.0"},
		{"minor leaves the line", facts("release/1.5", "1.5.0", nil), "minor", "error: version 1.6.0 is not of the line 1.5"},
		{"named leaves the line", facts("release/1.5", "1.5.0", nil), "2.0.0", "error: version 2.0.0 is not of the line 1.5"},
		{"hotfix", facts("hotfix/login", "1.5.0", nil), "auto", "v1.5.1"},
		{"hotfix leaves the line", facts("hotfix/login", "1.5.0", nil), "1.6.0", "error: version 1.6.0 is not of the line 1.5"},
		{"a feature", facts("feature/x", "1.5.0", nil), "auto", "error: released from trunk"},
		{"a feature, named", facts("feature/x", "1.5.0", nil), "1.6.0-alpha.1", "v1.6.0-alpha.1"},
		{"a request", facts("", "1.5.0", func(f *Facts) { f.Ref.ChangeID = "7" }), "1.6.0", "error: released from trunk"},
		{"detached", facts("", "1.5.0", nil), "auto", "error: nothing says which branch"},
		{"detached, named", facts("", "1.5.0", nil), "1.6.0", "v1.6.0"},
		{"shallow", facts("main", "1.5.0", func(f *Facts) { f.Shallow = true }), "auto", "error: shallow"},
		{"shallow, named", facts("main", "1.5.0", func(f *Facts) { f.Shallow = true }), "1.6.0", "error: shallow"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Release(tt.facts, Rules{}, tt.wanted)
			text := got.Tag
			switch {
			case err != nil:
				text = "error: " + err.Error()
			case got.Present:
				text = "present " + text
			case got.Unchanged:
				text = "unchanged " + text
			}
			if rest, failing := strings.CutPrefix(tt.want, "error: "); failing && err != nil && strings.Contains(text, rest) {
				return
			}
			if text != tt.want {
				t.Errorf("got %s, want %s", text, tt.want)
			}
			if wanted := tt.facts.Head.Hash; err == nil && !got.Present && !got.Unchanged && got.Commit != wanted {
				t.Errorf("tags %s, not HEAD", got.Commit)
			}
		})
	}
	if _, err := Release(facts("feature/x", "1.5.0", nil), Rules{}, "auto"); !errors.Is(err, ErrNotReleased) {
		t.Errorf("%v is not ErrNotReleased", err)
	}
}

// Facts that nobody has read from tags are an error, not a panic.
func TestReleaseOfOddFacts(t *testing.T) {
	facts := Facts{Ref: Ref{Branch: "release/1.5"}, Prefix: "v", Base: &Tag{Name: "vX", Version: "X"}}
	for _, wanted := range append([]string{"1.5.0"}, ReleaseKinds...) {
		if _, err := Release(facts, Rules{}, wanted); err == nil || !strings.Contains(err.Error(), "vX") {
			t.Errorf("%s: got %v, want an error that names the tag", wanted, err)
		}
	}
}

// TestReleaseAboveBuilds holds auto to its promise with the version that Next gives.
func TestReleaseAboveBuilds(t *testing.T) {
	r := gittest.New(t)
	for i, message := range []string{"chore: a", "fix: b", "feat: c", "feat!: d", "fix: e"} {
		r.Commit(message)
		if i == 1 {
			r.Tag("v1.2.3")
		}
		f := read(t, r.Dir, Query{Ref: Ref{Branch: "main"}, Prefix: "v"})
		build, err := Next(f, Rules{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := Release(f, Rules{}, ReleaseAuto)
		if err != nil || !got.Present && !strings.HasPrefix(build.Number, got.Number+"-") {
			t.Errorf("after %q builds are %s and the release %s, %v", message, build, got.Number, err)
		}
	}
}
