package unittest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// Bounds on what a suite file may hold.
const (
	maxSuiteFile  = 4 << 20  // bytes
	maxValuesFile = 16 << 20 // bytes, of a values file
	maxAssertions = 100_000  // of a suite
)

// ParseSuites reads a suite file: one suite or several, separated by lines with
// three dashes. The problems are everything that is wrong with it; those that
// are warnings, keys that nothing reads, leave the suites usable. file is for
// messages and for finding values files.
func ParseSuites(file string, data []byte) (suites []*Suite, problems, warnings []Problem) {
	line := 1
	for _, part := range splitSuites(string(data)) {
		p := suiteParser{file: file, first: line}
		suite := p.parse(part)
		if suite != nil && len(p.problems) == 0 {
			suites = append(suites, suite)
		}
		problems = append(problems, p.problems...)
		warnings = append(warnings, p.warnings...)
		line += strings.Count(part, "\n")
	}
	return suites, problems, warnings
}

// splitSuites cuts a file at document starts. The dashes go; all lines stay.
func splitSuites(text string) []string {
	var parts []string
	last := 0
	for _, at := range documentStart.Compiled().FindAllStringIndex(text, -1) {
		dashes := at[0] + strings.Index(text[at[0]:at[1]], "---")
		parts = append(parts, text[last:dashes])
		last = dashes
	}
	parts = append(parts, text[last:])
	for i := range parts {
		if rest, ok := strings.CutPrefix(parts[i], "---"); ok {
			parts[i] = strings.TrimLeft(rest, " \t")
		}
	}
	return parts
}

// suiteParser reads one suite.
type suiteParser struct {
	file     string
	first    int // the line of the file in which the suite's text begins
	problems []Problem
	warnings []Problem
}

func (p *suiteParser) problem(line int, format string, args ...any) {
	p.problems = append(p.problems, Problem{p.file, p.line(line), fmt.Sprintf(format, args...)})
}

func (p *suiteParser) warn(line int, message string) {
	p.warnings = append(p.warnings, Problem{p.file, p.line(line), message})
}

// line is the line in the file of a line of the suite's text.
func (p *suiteParser) line(n int) int {
	if n == 0 {
		return 0
	}
	return p.first + n - 1
}

// parse gives nil for a text without content, and if it says what is wrong.
func (p *suiteParser) parse(text string) *Suite {
	node, err := parseNode(text)
	if err != nil {
		p.yamlProblems(err)
		return nil
	}
	if node == nil {
		return nil
	}
	suite := &Suite{}
	if err := node.Decode(suite); err != nil {
		p.yamlProblems(err)
		return nil
	}
	checkShape(node, suiteShape, "the suite", p.warn)
	suite.File = p.file
	p.locate(node, suite)
	p.validate(node, suite)
	return suite
}

// parseNode parses one YAML document; nil is an empty one. A text with
// backslashes that YAML does not know is read with those doubled, as patterns
// in double quotes are often written.
func parseNode(text string) (*yaml.Node, error) {
	var doc yaml.Node
	err := yaml.NewDecoder(strings.NewReader(text)).Decode(&doc)
	if err != nil && strings.Contains(err.Error(), "unknown escape character") {
		doc = yaml.Node{}
		err = yaml.Unmarshal([]byte(oddBackslashes.Compiled().ReplaceAllStringFunc(text, evenOut)), &doc)
	}
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return nil, nil
	}
	if doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("a suite must be a map with the key tests")
	}
	return doc.Content[0], nil
}

var oddBackslashes = lazyregexp.New(`\\+`)

func evenOut(s string) string {
	if len(s)%2 == 1 {
		s += `\`
	}
	return s
}

// yamlProblems takes an error of the YAML decoder apart, which may hold several,
// each with its line.
func (p *suiteParser) yamlProblems(err error) {
	list := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	if several, ok := errors.AsType[*yaml.TypeError](err); ok {
		list = several.Errors
	}
	for _, message := range list {
		line := 0
		if rest, ok := strings.CutPrefix(message, "line "); ok {
			if number, text, ok := strings.Cut(rest, ": "); ok {
				line, _ = strconv.Atoi(number)
				message = text
			}
		}
		p.problem(line, "%s", plainMessage(message))
	}
}

var intoType = lazyregexp.New("cannot unmarshal !!(\\w+)( `(.*)`)? into (\\S+)")

// plainMessage says without Go's type names that a value has the wrong type.
func plainMessage(message string) string {
	m := intoType.FindStringSubmatch(message)
	if m == nil {
		return message
	}
	wanted := "a map"
	switch kind := m[4]; {
	case strings.HasPrefix(kind, "[]"):
		wanted = "a list"
	case kind == "string", kind == "bool", kind == "int":
		wanted = "a " + kind
	}
	if m[3] != "" {
		return fmt.Sprintf("%s must be %s", m[3], wanted)
	}
	kinds := map[string]string{"map": "a map", "seq": "a list", "str": "a string"}
	if got := kinds[m[1]]; got != "" {
		return fmt.Sprintf("%s stands here, it must be %s", got, wanted)
	}
	return message
}

// locate notes the lines of the tests and their assertions.
func (p *suiteParser) locate(node *yaml.Node, suite *Suite) {
	for _, e := range entries(node) {
		list := resolve(e.value)
		if e.key.Value != "tests" || list.Kind != yaml.SequenceNode {
			continue
		}
		for i, test := range suite.Tests {
			if test != nil {
				test.Line = p.line(list.Content[i].Line)
			}
		}
	}
	for _, test := range suite.Tests {
		if test == nil {
			continue
		}
		for _, a := range test.Assertions {
			if a != nil && a.Line > 0 {
				a.Line = p.line(a.Line)
			}
		}
	}
}

// validate checks what the types cannot say.
func (p *suiteParser) validate(node *yaml.Node, suite *Suite) {
	if len(suite.Tests) == 0 {
		p.problem(node.Line, "the suite has no tests")
	}
	total := 0
	for i, test := range suite.Tests {
		if test == nil || len(test.Assertions) == 0 {
			p.problems = append(p.problems, Problem{p.file, testLine(test), fmt.Sprintf("test %d, %q, asserts nothing", i+1, testName(test))})
			continue
		}
		if total += len(test.Assertions); total > maxAssertions {
			p.problem(node.Line, "the suite has more than %d assertions", maxAssertions)
			return
		}
		test.Assertions = slices.DeleteFunc(test.Assertions, func(a *Assertion) bool { return a == nil })
		p.selector(test)
		for _, a := range test.Assertions {
			for _, w := range a.unread {
				p.warn(w.line, w.message)
			}
		}
		if _, err := setValues(nil, test.Set); err != nil {
			p.problems = append(p.problems, Problem{p.file, test.Line, err.Error()})
		}
	}
	if _, err := setValues(nil, suite.Set); err != nil {
		p.problem(node.Line, "%v", err)
	}
	for _, skip := range suite.skips() {
		if skip.MinimumVersion == "" {
			continue
		}
		if _, err := semver.NewVersion(skip.MinimumVersion); err != nil {
			p.problem(node.Line, "skip.minimumVersion %q is no version", skip.MinimumVersion)
		}
	}
}

// selector compiles the document selector of a test. One without a path selects
// nothing in particular.
func (p *suiteParser) selector(test *Test) {
	if test.Selector == nil || test.Selector.Path == "" {
		return
	}
	var err error
	if test.Selector.path, err = ParsePath(test.Selector.Path); err != nil {
		p.problems = append(p.problems, Problem{p.file, test.Line, "documentSelector: " + err.Error()})
	}
}

func (s *Suite) skips() []Skip {
	out := []Skip{s.Skip}
	for _, t := range s.Tests {
		if t != nil {
			out = append(out, t.Skip)
		}
	}
	return out
}

func testLine(t *Test) int {
	if t == nil {
		return 0
	}
	return t.Line
}

func testName(t *Test) string {
	if t == nil {
		return ""
	}
	return t.Name
}

// reason says why a suite or a test is skipped; empty means that it is not.
func (s Skip) reason() string {
	if s.Reason != "" || s.MinimumVersion == "" {
		return s.Reason
	}
	need, err := semver.NewVersion(s.MinimumVersion)
	if err == nil && need.GreaterThan(semver.MustParse(FormatVersion)) {
		return fmt.Sprintf("it needs version %s of the format, and this is %s", s.MinimumVersion, FormatVersion)
	}
	return ""
}

// readFile reads a file of at most limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("it is larger than %d MiB", limit>>20)
	}
	return data, nil
}
