package unittest

import (
	"path"
	"regexp"
	"strings"
)

// templateFile is the path in a chart that a suite means by a name: templates/
// may be left out.
func templateFile(name string) string {
	for _, prefix := range []string{"templates", "charts", "crds", "**"} {
		if strings.HasPrefix(name, prefix) {
			return name
		}
	}
	return path.Join("templates", name)
}

// templatePath is the name of a template in what a chart renders to.
func (s *Suite) templatePath(name string) string { return path.Join(s.Route, templateFile(name)) }

// selection says which templates take part in the renders of a suite.
func (s *Suite) selection() func(template string) bool {
	include := s.patterns(s.templates())
	exclude := s.patterns(s.ExcludeTemplates)
	return func(template string) bool {
		return matchesAny(include, template) && !matchesAny(exclude, template)
	}
}

// templates are the names that the suite lists, or a pattern for all.
func (s *Suite) templates() []string {
	if len(s.Templates) == 0 {
		return []string{"**"}
	}
	return s.Templates
}

// hasPatterns reports whether one of the names of templates is a pattern.
func (s *Suite) hasPatterns() bool {
	for _, name := range s.templates() {
		if strings.Contains(name, "*") {
			return true
		}
	}
	return false
}

func (s *Suite) patterns(names []string) []*regexp.Regexp {
	out := make([]*regexp.Regexp, len(names))
	for i, name := range names {
		out[i] = templatePattern(s.templatePath(name))
	}
	return out
}

// templatePattern matches the paths that contain a name. Two stars stand for
// one or more letters, digits and "_-/.", one star for any number of them: both
// cross folders.
func templatePattern(name string) *regexp.Regexp {
	many := strings.Split(name, "**")
	for i, part := range many {
		one := strings.Split(part, "*")
		for k := range one {
			one[k] = regexp.QuoteMeta(one[k])
		}
		many[i] = strings.Join(one, `[0-9a-zA-Z_\-/.]*`)
	}
	return regexp.MustCompile(strings.Join(many, `[0-9a-zA-Z_\-/.]+`))
}

func matchesAny(patterns []*regexp.Regexp, text string) bool {
	for _, p := range patterns {
		if p.MatchString(text) {
			return true
		}
	}
	return false
}
