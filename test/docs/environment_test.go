package docs_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	asked    = regexp.MustCompile(`(?i:getenv|lookupenv|lookup)\((?:env, |environ, )?"([A-Za-z_0-9]+)"`)
	ofFlag   = regexp.MustCompile(`EnvVars:\s+\[\]string\{"([A-Z_0-9]+)"`)
	literal  = regexp.MustCompile(`"((?:[A-Z][A-Z0-9]*_)+[A-Z0-9]+)"`)
	reads    = regexp.MustCompile(`(?i)getenv|environ`)
	forTests = regexp.MustCompile(`/(test|kubetest|gittest)/`)
	ofPintle = regexp.MustCompile(`"(PINTLE_[A-Z_0-9]+)"`)
)

// TestEnvironment holds that docs/environment.md has each variable that the code
// reads. The names in lists are found by their form, in the files that read the
// environment.
func TestEnvironment(t *testing.T) {
	page := read(t, filepath.Join(root, "docs/environment.md"))
	found := 0
	for _, file := range sources(t) {
		if strings.HasSuffix(file, "_test.go") || forTests.MatchString(file) {
			continue
		}
		text := read(t, file)
		patterns := []*regexp.Regexp{asked, ofFlag, ofPintle}
		if reads.MatchString(text) {
			patterns = append(patterns, literal)
		}
		for _, pattern := range patterns {
			for _, match := range pattern.FindAllStringSubmatch(text, -1) {
				found++
				if !strings.Contains(page, "`"+match[1]+"`") {
					t.Errorf("%s reads $%s, which docs/environment.md does not have", name(file), match[1])
				}
			}
		}
	}
	if found < 100 {
		t.Errorf("%d variables found: the search finds too few", found)
	}
}
