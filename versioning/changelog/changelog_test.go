package changelog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/versioning/commit"
)

func hashOf(i int) string { return fmt.Sprintf("%08x%032x", 0xabc0000+i, i) }

// shown writes sections in one line each: title, then the descriptions.
func shown(sections []Section) string {
	var lines []string
	for _, s := range sections {
		var names []string
		for _, e := range s.Entries {
			names = append(names, strings.Trim(e.Type+"("+e.Scope+") "+e.Description, " "))
		}
		lines = append(lines, s.Title+": "+strings.Join(names, "; "))
	}
	return strings.Join(lines, "\n")
}

func TestSections(t *testing.T) {
	commits := []Commit{
		{Hash: hashOf(1), Message: "feat(api)!: drop v1\n\nbody"},
		{Hash: hashOf(2), Message: "feat: add\n\nBREAKING CHANGE: the flag\nis gone\nSigned-off-by: x"},
		{Hash: hashOf(3), Message: "fix( ui ): colour\r\n"},
		{Hash: hashOf(4), Message: "PERF: fast"},
		{Hash: hashOf(5), Message: "Merge branch 'x'", Merge: true},
		{Hash: hashOf(6), Message: "feat: by merge (#7)", Merge: true},
		{Hash: hashOf(7), Message: "whatever"},
		{Hash: hashOf(8), Message: "chore(release): 1.0.0 [skip ci]"},
		{Hash: hashOf(9), Message: ""},
		{Hash: hashOf(10), Message: "docs: breaking change: lower case says nothing"},
		{Hash: hashOf(11), Message: "fix:no blank"},
	}
	got := Sections(commits, func(subject string) bool { return strings.HasPrefix(subject, "chore(release)") })
	want := `Breaking changes: feat(api) drop v1; feat() add
Features: feat() by merge (#7)
Fixes: fix(ui) colour; perf() fast
Other changes: () whatever; docs() breaking change: lower case says nothing; () fix:no blank`
	if diff := cmp.Diff(want, shown(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if note := got[0].Entries[1].Note; note != "the flag is gone" {
		t.Errorf("note %q", note)
	}
}

func TestReverts(t *testing.T) {
	revert := func(of int) string {
		return fmt.Sprintf("Revert \"x\"\n\nThis reverts commit %s.\n", hashOf(of))
	}
	tests := []struct {
		name    string
		commits []Commit // newest first
		want    string
	}{
		{"both vanish", []Commit{{Hash: hashOf(2), Message: revert(1)}, {Hash: hashOf(1), Message: "feat: x"}}, ""},
		{
			"a revert of a revert brings it back", []Commit{
				{Hash: hashOf(3), Message: revert(2)}, {Hash: hashOf(2), Message: revert(1)}, {Hash: hashOf(1), Message: "feat: x"},
			}, "Features: feat() x",
		},
		{
			"git's word for it", []Commit{
				{Hash: hashOf(3), Message: fmt.Sprintf("Reapply \"feat: x\"\n\nThis reverts commit %s.\n", hashOf(2))},
				{Hash: hashOf(2), Message: revert(1)}, {Hash: hashOf(1), Message: "feat: x"},
			}, "Features: feat() x",
		},
		{"of an older version", []Commit{{Hash: hashOf(2), Message: revert(1)}}, `Other changes: () Revert "x"`},
		{"conventional", []Commit{{Hash: hashOf(2), Message: "revert: feat: x\n\nRefs: " + hashOf(1)[:38]}, {Hash: hashOf(1), Message: "feat: x"}}, ""},
		{"of a merge", []Commit{{Hash: hashOf(2), Message: fmt.Sprintf("Revert \"x\"\n\nThis reverts commit %s, reversing\nchanges", hashOf(1))}, {Hash: hashOf(1), Message: "feat: x", Merge: true}}, ""},
		{"words alone revert nothing", []Commit{{Hash: hashOf(2), Message: "fix: y\n\nThis reverts commit " + hashOf(1)}, {Hash: hashOf(1), Message: "feat: x"}}, "Features: feat() x\nFixes: fix() y"},
		{"a circle ends", []Commit{{Hash: hashOf(2), Message: revert(1)}, {Hash: hashOf(1), Message: revert(2)}}, ""},
		{"oneself", []Commit{{Hash: hashOf(1), Message: revert(1)}}, `Other changes: () Revert "x"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, shown(Sections(tt.commits, nil))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBoundedSections(t *testing.T) {
	var commits []Commit
	for i := range MaxEntries + 5 {
		commits = append(commits, Commit{Hash: hashOf(i), Message: "fix: x" + strings.Repeat("y", 1000)})
	}
	got := Sections(commits, nil)
	if len(got) != 1 || len(got[0].Entries) != MaxEntries || got[0].More != 5 {
		t.Fatalf("%d sections", len(got))
	}
	if text := got[0].Entries[0].Description; len(text) != maxText+len("...") {
		t.Errorf("a description of %d characters", len(text))
	}
	if markdown := (Notes{Sections: got}).Markdown(Forge{}); !strings.HasSuffix(markdown, "- and 5 more\n") {
		t.Error("the rest is not counted")
	}
}

func TestForgeOf(t *testing.T) {
	tests := []struct {
		remote string
		known  Kind
		want   Forge
	}{
		{"https://github.com/shop/cart.git", "", Forge{GitHub, "https://github.com/shop/cart"}},
		{"https://user:pa%20ss@GitLab.example.com:8443/a/b/c.git/", "", Forge{GitLab, "https://gitlab.example.com:8443/a/b/c"}},
		{"git@github.com:shop/cart.git", "", Forge{GitHub, "https://github.com/shop/cart"}},
		{"ssh://git@gitlab.com:2222/shop/cart", "", Forge{GitLab, "https://gitlab.com/shop/cart"}},
		{"https://code.example.com/shop/cart", "", Forge{}},
		{"https://code.example.com/shop/cart", GitLab, Forge{GitLab, "https://code.example.com/shop/cart"}},
		{"http://gitlab/shop/ca)rt", "", Forge{GitLab, "http://gitlab/shop/ca%29rt"}},
		{"/srv/github/repo.git", GitHub, Forge{}},
		{"file:///srv/github/repo.git", GitHub, Forge{}},
		{"javascript://github.com/%0aalert(1)", "", Forge{}},
		{"https://github.com/", "", Forge{}},
		{"", GitHub, Forge{}},
		{"https://git hub.com/a", GitHub, Forge{}},
		{"C:\\github\\x", "", Forge{}},
	}
	for _, tt := range tests {
		if got := ForgeOf(tt.remote, tt.known); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.remote, got, tt.want)
		}
	}
}

func TestEscape(t *testing.T) {
	github, gitlab := Forge{GitHub, "https://github.com/s/c"}, Forge{GitLab, "https://gitlab.com/s/c"}
	tests := []struct {
		forge    Forge
		in, want string
	}{
		{Forge{}, "plain words, snake_case and 1.5.0", "plain words, snake_case and 1.5.0"},
		{Forge{}, "<script>alert(1)</script> & more", "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more"},
		{Forge{}, "[click](javascript:x) ![i](http://e/x.png)", `\[click\](javascript:x) !\[i\](http://e/x.png)`},
		{Forge{}, "**bold** _it_ ~~gone~~ `code` | cell \\", "\\*\\*bold\\*\\* \\_it\\_ \\~\\~gone\\~\\~ \\`code\\` \\| cell \\\\"},
		{Forge{}, "# heading", `\# heading`},
		{Forge{}, "1. list", `1\. list`},
		{Forge{}, "- list", `\- list`},
		{Forge{}, "+ list - and a-b", `\+ list - and a-b`},
		{Forge{}, "ping @team/all, a@b.example", "ping `@team/all`, a@b.example"},
		{Forge{}, "#12 and !3", `\#12 and !3`},
		{github, "add it (#12)", "add it ([#12](https://github.com/s/c/pull/12))"},
		{github, "closes #12, not x#13, /#14 or !4", "closes [#12](https://github.com/s/c/issues/12), not x#13, /#14 or !4"},
		{gitlab, "!45 for #12", "[!45](https://gitlab.com/s/c/-/merge_requests/45) for [#12](https://gitlab.com/s/c/-/issues/12)"},
		{github, "#1234567890 is no number", `\#1234567890 is no number`},
		{Forge{}, "中文 <b>", "中文 &lt;b&gt;"},
	}
	for _, tt := range tests {
		if got := tt.forge.Escape(tt.in); got != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.in, got, tt.want)
		}
	}
}

func TestClean(t *testing.T) {
	got := clean("a\x1b[31mred\u202eevil\u2066\xff\tb\u0085c")
	if want := "a [31mredevil\ufffd b c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMarkdown(t *testing.T) {
	n := Notes{
		Version: "1.5.0", Tag: "cart/v1.5.0", Previous: "cart/v1.4.2", Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Sections: Sections([]Commit{
			{Hash: hashOf(1), Message: "feat(api)!: drop <v1> (#9)\n\nBREAKING CHANGE: ask *us*"},
			{Hash: hashOf(2), Message: "fix: y"},
		}, nil),
	}
	got := n.Markdown(ForgeOf("git@github.com:s/c.git", ""))
	want := `## [1.5.0](https://github.com/s/c/compare/cart%2Fv1.4.2...cart%2Fv1.5.0) (2026-01-02)

### Breaking changes

- **api:** drop &lt;v1&gt; ([#9](https://github.com/s/c/pull/9)) ([0abc0001](https://github.com/s/c/commit/0abc000100000000000000000000000000000001))
  - ask \*us\*

### Fixes

- y ([0abc0002](https://github.com/s/c/commit/0abc000200000000000000000000000000000002))
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := (Notes{Service: "cart"}).Markdown(Forge{}), "## cart Unreleased\n\nNo changes.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExecute(t *testing.T) {
	n := Notes{Version: "1.0.0", Sections: []Section{{Title: Features, Entries: []Entry{{Hash: hashOf(1), Scope: "a", Description: "<x>", Author: "A*"}}}}}
	got, err := n.Execute(t.Context(), "t", `## {{.Version}}
{{range .Sections}}{{.Title}}:{{range .Entries}} {{.Scope}} {{.Description}} by {{.Author}} {{.Short}}{{end}}{{end}}
`, Forge{})
	if want := "## 1.0.0\nFeatures: a &lt;x&gt; by A\\* 0abc0001\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	for _, tt := range []struct{ text, want string }{
		{"{{}", "unexpected \"}\""},
		{"{{.Nothing}}", "can't evaluate field Nothing"},
		{"{{range 100000000}}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{{end}}", "it writes more than 4194304 bytes"},
		{strings.Repeat("x", MaxTemplate+1), "65537 bytes are more than 65536"},
		{`{{define "a"}}{{template "a"}}{{end}}{{template "a"}}`, "exceeded maximum template depth"},
		{`{{env "HOME"}}`, "function \"env\" not defined"},
	} {
		if _, err := n.Execute(t.Context(), "t", tt.text, Forge{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.40s: got %v, want %s", tt.text, err, tt.want)
		}
	}
}

// TestExecuteEnds runs templates that would not end within a lifetime. The deadline of the test is what they are held
// to.
func TestExecuteEnds(t *testing.T) {
	for _, text := range []string{
		"{{range 1000000000000}}{{end}}",
		"{{with 1}}{{range 1000000000000}}{{if false}}{{end}}{{end}}{{end}}",
		`{{define "a"}}{{range 1000000}}{{range 1000000}}{{end}}{{end}}{{end}}{{template "a"}}`,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err := Notes{}.Execute(ctx, "t", text, Forge{})
		cancel()
		if err == nil || !strings.Contains(err.Error(), "it takes too long") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestInsert(t *testing.T) {
	const section = "## 1.5.0 (2026-01-02)\n\n### Fixes\n\n- x\n"
	tests := []struct{ name, file, want string }{
		{"nothing yet", "", "# Changelog\n\n" + section},
		{"only a title", "# Changes", "# Changes\n\n" + section},
		{"on top", "# Changes\n\nWords.\n\n## 1.4.0\n\n- y\n", "# Changes\n\nWords.\n\n" + section + "\n## 1.4.0\n\n- y\n"},
		{"below unreleased", "# C\n\n## [Unreleased]\n- z\n## 1.4.0\n", "# C\n\n## [Unreleased]\n- z\n\n" + section + "\n## 1.4.0\n"},
		{"only unreleased", "## Unreleased\n", "## Unreleased\n\n" + section},
		{"headings in code are none", "# C\n```\n## 1.5.0\n```\n\n## 1.4.0\n", "# C\n```\n## 1.5.0\n```\n\n" + section + "\n## 1.4.0\n"},
		{"underlined headings", "C\n=\n\n1.4.0\n-----\n- y\n", "C\n=\n\n" + section + "\n1.4.0\n-----\n- y\n"},
		{"CRLF and BOM", "\ufeff# C\r\n\r\n## 1.4.0\r\n", "\ufeff# C\r\n\r\n" + strings.ReplaceAll(section, "\n", "\r\n") + "\r\n## 1.4.0\r\n"},
		{"1.15.0 is another", "## 1.15.0\n", section + "\n## 1.15.0\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Insert([]byte(tt.file), "1.5.0", section)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if again, err := Insert(got, "1.5.0", section); err != nil || string(again) != string(got) {
				t.Errorf("again: %q, %v", again, err)
			}
			if _, err := Insert(got, "1.5.0", section+"- more\n"); !errors.Is(err, ErrPresent) {
				t.Errorf("another section of the version: %v", err)
			}
		})
	}
	for _, file := range []string{"## [v1.5.0](x) - y", "v1.5.0\n---\n", "## cart [1.5.0]"} {
		if _, err := Insert([]byte(file), "1.5.0", section); !errors.Is(err, ErrPresent) {
			t.Errorf("%q: %v", file, err)
		}
	}
	if _, err := Insert([]byte("\xff"), "1.5.0", section); err == nil {
		t.Error("takes what is no UTF-8")
	}
	if _, err := Insert(nil, "1.5.0", "- x\n"); err == nil || !strings.Contains(err.Error(), `begin with a line "## 1.5.0"`) {
		t.Errorf("a section without a heading: %v", err)
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a <b> [c](d) (#1) @x `y`")
	f.Fuzz(func(t *testing.T, s string) {
		got := Forge{GitHub, "https://github.com/s/c"}.Escape(clean(s))
		if strings.ContainsAny(got, "<>\n\r\x1b") {
			t.Errorf("%q gives %q", s, got)
		}
	})
}

func FuzzInsert(f *testing.F) {
	f.Add("# C\n\n## 1.4.0\n")
	f.Add("~~~")
	f.Fuzz(func(t *testing.T, s string) {
		const section = "## 1.5.0\n\n- x\n"
		got, err := Insert([]byte(s), "1.5.0", section)
		if err != nil {
			return
		}
		if again, err := Insert(got, "1.5.0", section); err != nil || string(again) != string(got) {
			t.Errorf("%q: again %q, %v", s, again, err)
		}
	})
}

// The sections are those that the version moves by: breaking, features, fixes. A revert is told as what it reverts, or
// among the others.
func TestSectionsFollowChanges(t *testing.T) {
	titles := map[commit.Change]string{commit.Breaking: Breaking, commit.Feature: Features, commit.Fix: Fixes, commit.None: Other}
	for _, message := range []string{
		"feat: x", "Feat(api): x", "feat:x", "fix: ", "perf: x", "docs: x", "docs!: x", "x\n\nBREAKING CHANGE: y", "feat: \u200b", "feat: \x07", "fix: x\r",
	} {
		sections := Sections([]Commit{{Hash: "1", Message: message}}, nil)
		want := titles[commit.Read([]byte(message)).Change]
		if len(sections) != 1 || sections[0].Title != want || sections[0].Entries[0].Description == "" {
			t.Errorf("%q: got %+v, want one entry with words under %q", message, sections, want)
		}
	}
	if got := Sections([]Commit{{Hash: "1", Message: "revert: x"}}, nil); got[0].Title != Other {
		t.Errorf("a revert stands under %q", got[0].Title)
	}
}
