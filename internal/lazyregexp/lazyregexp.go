// Package lazyregexp compiles regular expressions when they are first used. A
// command uses few of the hundred that its packages name, and compiling all of
// them took a tenth of its start. It refuses to be used for patterns that come
// from outside: a pattern that does not compile is a bug, and a test finds it
// at once.
package lazyregexp

import (
	"regexp"
	"sync"
	"testing"
)

// Regexp is a regular expression that is compiled once, at its first use. It is
// safe for concurrent use. Its methods are those of regexp.Regexp.
type Regexp struct{ compiled func() *regexp.Regexp }

// New returns the expression of a pattern in Go's syntax. In a test the pattern
// is compiled at once, and one that does not compile panics.
func New(pattern string) Regexp {
	re := Regexp{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })}
	if testing.Testing() {
		re.compiled()
	}
	return re
}

// Compiled is the expression itself.
func (r Regexp) Compiled() *regexp.Regexp { return r.compiled() }

// MatchString is regexp.Regexp's.
func (r Regexp) MatchString(s string) bool { return r.compiled().MatchString(s) }

// FindString is regexp.Regexp's.
func (r Regexp) FindString(s string) string { return r.compiled().FindString(s) }

// FindStringSubmatch is regexp.Regexp's.
func (r Regexp) FindStringSubmatch(s string) []string { return r.compiled().FindStringSubmatch(s) }

// FindAllStringSubmatch is regexp.Regexp's.
func (r Regexp) FindAllStringSubmatch(s string, n int) [][]string {
	return r.compiled().FindAllStringSubmatch(s, n)
}

// ReplaceAllString is regexp.Regexp's.
func (r Regexp) ReplaceAllString(src, repl string) string {
	return r.compiled().ReplaceAllString(src, repl)
}
