package versioning

import (
	"regexp"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestResolveRef(t *testing.T) {
	jenkins := Ref{Branch: "PR-42", ChangeID: "42", Origin: "jenkins"}
	tests := []struct {
		name      string
		flags, ci Ref
		head      string
		want      Ref
	}{
		{"flags win", Ref{Branch: "x", Origin: "--branch"}, jenkins, "main", Ref{Branch: "x", Origin: "--branch"}},
		{"then the CI system", Ref{}, jenkins, "main", jenkins},
		{"then HEAD", Ref{Origin: "flags"}, Ref{Origin: "none"}, "main", Ref{Branch: "main", Origin: "HEAD"}},
		{"detached", Ref{}, Ref{}, "", Ref{Origin: "HEAD"}},
		{"never the literal HEAD", Ref{Branch: "HEAD"}, Ref{}, "main", Ref{}},
		{"full names", Ref{Branch: "refs/heads/a/b"}, Ref{}, "", Ref{Branch: "a/b"}},
		{"full tag names", Ref{Tag: "refs/tags/v1.0.0"}, Ref{}, "", Ref{Tag: "v1.0.0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ResolveRef(tt.flags, tt.ci, tt.head)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ref (-want +got):\n%s", diff)
			}
		})
	}
	for _, bad := range []string{
		"a\x1bb", "a\nb", strings.Repeat("x", 2000), "main ", "a b", "a..b", "release/1.5/../2", "/a", "a/", "a//b", "a.lock/b", ".a", "a.", "a~1", "a^", "a:b", "a?", "a*", "a[b", `a\b`, "a@{1}",
	} {
		if _, err := ResolveRef(Ref{Branch: bad, Origin: "--branch"}, Ref{}, ""); err == nil || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%.20q: got error %q", bad, err)
		}
	}
	for _, odd := range []string{"-rf", "功能/登录", "a'b", "x$(id)", "@", `"`, "feature/#12", "a+b"} {
		if _, err := ResolveRef(Ref{Branch: odd, Origin: "flag"}, Ref{}, ""); err != nil {
			t.Errorf("%q, which git takes: %v", odd, err)
		}
	}
}

func TestClass(t *testing.T) {
	tests := []struct {
		ref   Ref
		class Class
		line  string
	}{
		{Ref{}, ClassUnknown, ""},
		{Ref{Tag: "v1.0.0", ChangeID: "4", Branch: "main"}, ClassTag, ""},
		{Ref{ChangeID: "4", Branch: "main"}, ClassChange, ""},
		{Ref{Branch: "main"}, ClassTrunk, ""},
		{Ref{Branch: "develop"}, ClassTrunk, ""},
		{Ref{Branch: "maintenance"}, ClassFeature, ""},
		{Ref{Branch: "release/1.5"}, ClassRelease, "1.5.0"},
		{Ref{Branch: "releases/v1.5"}, ClassRelease, "1.5.0"},
		{Ref{Branch: "release-1.5.x"}, ClassRelease, "1.5.0"},
		{Ref{Branch: "release/1.5.2"}, ClassRelease, "1.5.2"},
		{Ref{Branch: "release/1.5-beta"}, ClassRelease, "1.5.0"},
		{Ref{Branch: "release/summer"}, ClassFeature, ""},
		{Ref{Branch: "release/1"}, ClassFeature, ""},
		{Ref{Branch: "release/1.5.2.3"}, ClassFeature, ""},
		{Ref{Branch: "prerelease/1.5"}, ClassFeature, ""},
		{Ref{Branch: "hotfix/1.4.3"}, ClassHotfix, "1.4.3"},
		{Ref{Branch: "hotfixes/login"}, ClassHotfix, ""},
		{Ref{Branch: "hotfix"}, ClassFeature, ""},
		{Ref{Branch: "feature/release/1.5"}, ClassFeature, ""},
		{Ref{Branch: "-rf"}, ClassFeature, ""},
	}
	for _, tt := range tests {
		got := ""
		if line, ok := tt.ref.line(); ok {
			got = line.String()
		}
		if class := tt.ref.Class(nil); class != tt.class || got != tt.line {
			t.Errorf("%+v: got %v, line %q, want %v, line %q", tt.ref, class, got, tt.class, tt.line)
		}
	}
	if class := (Ref{Branch: "main"}).Class([]string{"trunk"}); class != ClassFeature {
		t.Errorf("main is %v where only trunk is a trunk", class)
	}
}

func TestSlug(t *testing.T) {
	const hash = "-HASH" // six hex digits, which differ from name to name
	tests := map[string]string{
		"login":                     "login",
		"exactly-twenty-chars":      "exactly-twenty-chars",
		"feature-x":                 "feature-x",
		"one-more-than-20-chars":    "one-more-than" + hash,
		"feature/login":             "feature-login" + hash,
		"feature-login-df7c7a":      "feature-login" + hash, // looks hashed
		"feature/a-long-name/again": "feature-a-lon" + hash,
		"Feature/X":                 "feature-x" + hash,
		"feature/x":                 "feature-x" + hash,
		"登录":                        "b" + hash,
		"分支/login":                  "login" + hash,
		"0123":                      "b0123" + hash,
		"-rf":                       "rf" + hash,
		"--":                        "b" + hash,
		"a..b":                      "a-b" + hash,
		strings.Repeat("x", 300):    "xxxxxxxxxxxxx" + hash,
	}
	digits := regexp.MustCompile(`-[0-9a-f]{6}$`)
	names := map[string]string{}
	for name, want := range tests {
		got := Slug(name, 20)
		if digits.ReplaceAllString(got, hash) != want {
			t.Errorf("Slug(%q): got %s, want %s", name, got, want)
		}
		if other, taken := names[got]; taken {
			t.Errorf("%q and %q are both %s", name, other, got)
		}
		names[got] = name
	}
	if got := Slug("feature/login", 20); got != "feature-login-df7c7a" {
		t.Errorf("got %s", got)
	}
}

var identifierPattern = regexp.MustCompile(`^[0-9a-z]([0-9a-z-]*[0-9a-z])?$`)

func TestSlugLegal(t *testing.T) {
	legal := func(name string, limit int) bool {
		limit %= 40
		slug := Slug(name, limit)
		return identifierPattern.MatchString(slug) && !digitsOnly.MatchString(slug) && len(slug) <= max(7, min(limit, 20))
	}
	if err := quick.Check(legal, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
}

// Whatever a branch is called, its version is legal, or there is an error; it never has a "+", and it sorts below dev.
func FuzzNext(f *testing.F) {
	for _, name := range []string{"main", "feature/login", "登录", "-rf", "0", "HEAD", "release/1.5", "hotfix/9.9.9", "release/999999999.999999999",
		strings.Repeat("x", 300), "a+b", "\x1b[2J", "feature/\u202e", "v1.0.0", "1e400", "refs/heads/x"} {
		f.Add(name, "v1.4.2", 12, "42", false)
		f.Add(name, "v1.5.0-rc.1", 0, "", true)
	}
	f.Add("x", "v123456789.123456789.123456789", 99999999, "", false)
	head := Commit{Hash: strings.Repeat("0123456789", 4), Time: time.Unix(1, 0)}
	f.Fuzz(func(t *testing.T, branch, tag string, count int, change string, scoped bool) {
		ref, err := ResolveRef(Ref{Branch: branch, ChangeID: change, Origin: "x"}, Ref{}, "")
		if err != nil {
			return
		}
		facts := Facts{Ref: ref, Prefix: "v", Scoped: scoped, Head: head, Source: head, Last: head, Count: max(count, -count, 0)}
		if version := parseTag(tag, "v"); version != nil {
			facts.Base = &Tag{Name: tag, Version: version.String(), Commit: head}
		}
		v, err := Next(facts, Rules{})
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("error %q", err)
			}
			return
		}
		if err := Check(v.Number); err != nil || strings.Contains(v.Number, "+") {
			t.Errorf("%q: %v", v.Number, err)
		}
		again, err := Next(facts, Rules{})
		if diff := cmp.Diff(v, again); diff != "" || err != nil {
			t.Errorf("not pure: %v %s", err, diff)
		}
		// a common base leaves room for every branch
		if facts.Base == nil && ref.Class(nil) == ClassFeature && facts.Count < 1_000_000 && !strings.Contains(v.Number, "0.1.0-0.") {
			t.Errorf("got %s", v.Number)
		}
	})
}
