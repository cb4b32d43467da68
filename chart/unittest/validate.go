package unittest

import (
	"slices"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"
)

// validate checks what the types cannot say. node is the suite.
func (p *suiteParser) validate(node *yaml.Node, suite *Suite) {
	list := valueOf(node, "tests")
	if list == nil || len(list.Content) == 0 && (list.Kind == yaml.SequenceNode || list.Tag == "!!null") {
		p.problem(node.Line, "the suite has no tests")
	}
	total := 0
	for i, test := range suite.Tests {
		if test == nil {
			p.problem(list.Content[i].Line, "test %d asserts nothing", i+1)
			continue
		}
		if total += len(test.Assertions); total > maxAssertions {
			p.problem(node.Line, "the suite has more than %d assertions", maxAssertions)
			return
		}
		p.test(i+1, list.Content[i], test)
	}
	if _, err := setValues(nil, suite.Set); err != nil {
		p.problem(suite.setNode.Line, "%v", err)
	}
	p.skip(node, suite.Skip)
}

// test checks a test and brings its lines from the suite's text to the file.
func (p *suiteParser) test(number int, node *yaml.Node, test *Test) {
	p.yamlProblems(test.wrong)
	test.Line = p.line(node.Line)
	test.Assertions = slices.DeleteFunc(test.Assertions, func(a *Assertion) bool { return a == nil })
	if len(test.Assertions) == 0 && test.wrong == nil {
		p.problem(node.Line, "test %d, %q, asserts nothing%s", number, test.Name, meantAsserts(resolve(node)))
	}
	p.selector(node.Line, test)
	for _, a := range test.Assertions {
		if len(a.wrong) > 0 {
			p.yamlProblems(&yaml.TypeError{Errors: a.wrong})
		}
		for _, w := range a.unread {
			p.warnings = append(p.warnings, Problem{File: p.file, Line: p.line(w.line), Message: w.message, lenient: true})
		}
		a.Line = p.line(a.Line)
	}
	if _, err := setValues(nil, test.Set); err != nil {
		p.problem(test.setNode.Line, "%v", err)
	}
	p.skip(node, test.Skip)
}

// meantAsserts finds a key of a test that stands where asserts was meant.
func meantAsserts(test *yaml.Node) string {
	for _, e := range entries(test) {
		if _, known := testShape.keys[e.key.Value]; !known && suggest(e.key.Value, []string{"asserts"}) != "" {
			return ": write asserts for " + e.key.Value
		}
	}
	return ""
}

// selector compiles the document selector of a test. One without a path selects
// nothing in particular.
func (p *suiteParser) selector(line int, test *Test) {
	if test.Selector == nil || test.Selector.Path == "" {
		return
	}
	var err error
	if test.Selector.path, err = ParsePath(test.Selector.Path); err != nil {
		p.problem(line, "documentSelector: %v", err)
	}
}

func (p *suiteParser) skip(node *yaml.Node, skip Skip) {
	if skip.MinimumVersion == "" {
		return
	}
	if _, err := semver.NewVersion(skip.MinimumVersion); err != nil {
		p.problem(node.Line, "skip.minimumVersion %q is no version", skip.MinimumVersion)
	}
}
