package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/chart"
)

// FuzzLoad holds that any bytes either load, and then resolve, or give
// problems that are in order and can be printed.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/bad/*.yaml", "testdata/good/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(data))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := loadText(text)
		if err != nil {
			if !errors.Is(err, ErrConfig) || err.Error() == "" || strings.ContainsRune(err.Error(), '\x1b') {
				t.Errorf("%T %q", err, err)
			}
			return
		}
		for _, name := range c.EnvironmentNames() {
			for _, ref := range []Ref{{Branch: "feature/x"}, {Tag: "v1"}} {
				r, err := c.Resolve(name, ref)
				if err != nil {
					if !errors.Is(err, ErrConfig) {
						t.Errorf("%T %v", err, err)
					}
					continue
				}
				for _, u := range r.Units {
					if !label.MatchString(u.Namespace) || !chart.IsReleaseName(u.Release) {
						t.Errorf("%s: release %q in namespace %q", u.Name, u.Release, u.Namespace)
					}
				}
				if _, err := c.Effective(r); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

// FuzzMatchBranch holds that no pattern panics or runs away, and that a
// literal one matches itself alone.
func FuzzMatchBranch(f *testing.F) {
	f.Add("feature/*", "feature/x")
	f.Add("**/a/**", "x/a/y")
	f.Add("[a-z]?", "b1")
	f.Fuzz(func(t *testing.T, pattern, branch string) {
		ok, err := MatchBranch(pattern, branch)
		if err == nil && literal(pattern) && len(branch) <= maxGlob && ok != (pattern == branch) {
			t.Errorf("%q on %q: %v", pattern, branch, ok)
		}
	})
}
