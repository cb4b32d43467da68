package chart

import (
	"bytes"
	"fmt"
	"path"
	"strings"
)

const ignoreFile = ".helmignore"

// ignoreRule is one line of .helmignore.
type ignoreRule struct {
	line     int    // in .helmignore; 0 for the rule that always holds
	text     string // of that line
	pattern  string
	negate   bool
	dirOnly  bool
	fullPath bool // match the whole path, not only the base name
}

// ignoreRules are evaluated in order; the first that decides wins.
type ignoreRules []ignoreRule

// parseIgnore reads a .helmignore file (facts/helm-format.md 4.11) and appends
// the rule that always holds: dot files in templates/ are not loaded.
func parseIgnore(data []byte) (ignoreRules, error) {
	data = bytes.TrimPrefix(data, utf8BOM)
	var rules ignoreRules
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		rule, err := parseIgnoreRule(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", ignoreFile, n, err)
		}
		rule.line, rule.text = n, line
		rules = append(rules, rule)
	}
	return append(rules, ignoreRule{pattern: "templates/.?*", fullPath: true}), nil
}

func parseIgnoreRule(line string) (ignoreRule, error) {
	if strings.Contains(line, "**") {
		return ignoreRule{}, fmt.Errorf("pattern %q: double-star (**) is not supported", line)
	}
	if _, err := path.Match(line, "abc"); err != nil {
		return ignoreRule{}, fmt.Errorf("pattern %q: %w", line, err)
	}
	var r ignoreRule
	line, r.negate = strings.CutPrefix(line, "!")
	line, r.dirOnly = strings.CutSuffix(line, "/")
	rooted := false
	line, rooted = strings.CutPrefix(line, "/")
	r.fullPath = rooted || strings.Contains(line, "/")
	r.pattern = line
	return r, nil
}

// ignores reports whether the rules leave out the file or folder at name, a slash
// path relative to the chart. A negated rule ignores what does not match it and
// lets go on what does: that is what Helm does, whatever one would expect.
func (rules ignoreRules) ignores(name string, isDir bool) bool {
	return rules.which(name, isDir) != nil
}

// which is the rule that ignores the file or folder at name; nil if none does.
func (rules ignoreRules) which(name string, isDir bool) *ignoreRule {
	for i, r := range rules {
		if r.negate {
			if r.dirOnly && !isDir || !r.matches(name) {
				return &rules[i]
			}
			continue
		}
		if r.dirOnly && !isDir {
			continue
		}
		if r.matches(name) {
			return &rules[i]
		}
	}
	return nil
}

// cost is the bytes of all patterns, about what matching takes for each byte of
// a name.
func (rules ignoreRules) cost() int {
	n := 0
	for _, r := range rules {
		n += len(r.pattern) + 1
	}
	return n
}

func (r ignoreRule) matches(name string) bool {
	if !r.fullPath {
		name = path.Base(name)
	}
	ok, err := path.Match(r.pattern, name)
	return err == nil && ok
}
