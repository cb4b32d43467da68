package commit

import (
	"bytes"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	for text, want := range map[string]Message{
		"feat(a/b-c): x\n\nbody": {Type: []byte("feat"), Scope: []byte("a/b-c"), Description: []byte("x"), Change: Feature},
		"FIX!: x":                {Type: []byte("FIX"), Description: []byte("x"), Change: Breaking},
		"Revert \"feat!: x\"":    {},
		"Update the readme":      {},
		"":                       {},
		"fix: x\n\nBREAKING CHANGE: y\nand z\n\nBREAKING-CHANGE #5\nRefs: 1": {
			Type: []byte("fix"), Description: []byte("x"), Change: Breaking, Notes: []string{"y\nand z", "5"},
		},
		"x\n\nRelease-As: 2.0.0":                    {ReleaseAs: "2.0.0"},
		"x\n\nrelease-as: v2.0.0-rc.1\r\n":          {ReleaseAs: "2.0.0-rc.1"},
		"x\n\nRelease-As: 2.0":                      {},
		"x\n\nRelease-As: 2.0.0+x":                  {},
		"x\n\nRelease-As: 1.0.0\nRelease-As: 2.0.0": {ReleaseAs: "2.0.0"},
	} {
		subject, _, _ := strings.Cut(text, "\n")
		want.Subject = []byte(subject)
		got := Read([]byte(text))
		for _, p := range []*[]byte{&got.Subject, &got.Type, &got.Scope, &got.Description} {
			*p = bytes.Clone(*p)
		}
		if diff := cmp.Diff(want, got, cmp.Transformer("text", func(b []byte) string { return string(b) })); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// What changes something for users, and what only looks so.
func TestChange(t *testing.T) {
	for message, want := range map[string]Change{
		"feat: x":                         Feature,
		"feat:  x":                        Feature,
		"feat:x":                          None,
		"feat : x":                        None,
		" feat: x":                        None,
		"feat:\tx":                        None,
		"FEAT: x":                         Feature,
		"Feat(api): x":                    Feature,
		"feat(api)!: x":                   Breaking,
		"feat!(api): x":                   None,
		"feat (api): x":                   None,
		"feat(a(b)): x":                   None,
		"feat(): x":                       Feature,
		"fix: x":                          Fix,
		"perf: x":                         Fix,
		"fix":                             None,
		"fix:":                            None,
		"fix: ":                           Fix,
		"fix:  ":                          Fix,
		"fix!: x":                         Breaking,
		"revert: x":                       Fix,
		"docs: x":                         None,
		"docs!: x":                        Breaking,
		"feature: x":                      None,
		"feat-x: y":                       None,
		"feat1: y":                        None,
		"Merge: x":                        None,
		"x":                               None,
		"!: x":                            None,
		"feat(\x01): x":                   Feature,
		"\x1bfeat: x":                     None,
		"\ufefffeat: x":                   None,
		"\u200bfeat: x":                   None,
		"f\u200beat: x":                   None,
		"feat\u200b: x":                   None,
		"feat: \u200b":                    Feature,
		"feat: \a":                        Feature,
		"feat:\u00a0x":                    None,
		"feat: x\r":                       Feature,
		"feat\xff: x":                     None,
		"feat: \xff":                      Feature,
		"x\n\nBREAKING CHANGE: y":         Breaking,
		"x\n\nBREAKING-CHANGE: y":         Breaking,
		"x\n\nBREAKING CHANGE #1":         Breaking,
		"x\n\nBREAKING CHANGE y":          None,
		"x\n\nBREAKING CHANGE:y":          None,
		"x\n\nbreaking change: y":         None,
		"x\n\n BREAKING CHANGE: y":        None,
		"x\nBREAKING CHANGE: y":           Breaking,
		"x\r\n\r\nBREAKING CHANGE: y\r\n": Breaking,
		"BREAKING CHANGE: y":              None,
		"x\n\nno BREAKING CHANGE: y":      None,
		"x\n\nBREAKING CHANGE: ":          Breaking,
		"x\rBREAKING CHANGE: y":           None,
		"feat: x\n\n" + strings.Repeat("long line of text\n", 4000) + "\nBREAKING CHANGE: y": Breaking,
		"fix: x\n\n" + strings.Repeat("x", 40_000) + "\n\nBREAKING-CHANGE: y":                Breaking,
		"fix: " + strings.Repeat("x", 40_000):                                                Fix,
	} {
		if got := Read([]byte(message)).Change; got != want {
			t.Errorf("%.60q: got %d, want %d", message, got, want)
		}
	}
}

func TestReverted(t *testing.T) {
	const one, two = "0123456789abcdef0123456789abcdef01234567", "fedcba9876543210"
	for message, want := range map[string][]string{
		"Revert \"feat: x\"\n\nThis reverts commit " + one + ".":                     {one},
		"Reapply \"feat: x\"\n\nThis reverts commit " + one + ", reversing\nchanges": {one},
		"revert(a): x\n\nRefs: " + one + ", " + two:                                  {one, two},
		"REVERT: x\n\nRefs #" + two:                                                  {two},
		"Revert \"x\"\n\nRefs: " + two:                                               nil,
		"fix: x\n\nThis reverts commit " + one:                                       nil,
		"Revert \"x\"\n\nThis reverts commit 012345.":                                nil,
	} {
		if diff := cmp.Diff(want, Reverted(message)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", message, diff)
		}
	}
}

// Whatever a message holds, it says a change that there is, and asks for a version that is one; what stands behind it
// in a quotation asks for nothing.
func FuzzRead(f *testing.F) {
	for _, message := range []string{
		"feat: x", "fix(a)!: x\r\n\r\nBREAKING CHANGE: y", "chore: x\n\nRelease-As: 2.0.0-rc.1", "Release-As: 1e400.0.0", "feat(登录): 支持", "feat\x00: x",
		"x\n\nBREAKING CHANGE #y", "\nfeat: x", "feat: x\n\nRelease-As: v99999999999999999999.0.0", "\xff\xfe: x",
	} {
		f.Add([]byte(message))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		found := Read(message)
		if found.Change > Breaking {
			t.Fatalf("change %d", found.Change)
		}
		if as := found.ReleaseAs; as != "" {
			if v, err := semver.StrictNewVersion(as); err != nil || v.Metadata() != "" || !bytes.Contains(message, []byte(as)) {
				t.Errorf("Release-As %q: %v", as, err)
			}
		}
		quoted := append([]byte("docs: quote\n\n> "), bytes.ReplaceAll(message, []byte("\n"), []byte("\n> "))...)
		if got := Read(quoted); got.Change != None || got.ReleaseAs != "" || got.Notes != nil {
			t.Errorf("a quotation asks for %+v", got)
		}
	})
}
