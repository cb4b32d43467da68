package unittest

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
	goyaml "go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
	"github.com/pintle-ci/pintle/internal/yaml"
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
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, part := range splitSuites(string(data)) {
		p := suiteParser{file: file, lines: lines, first: line}
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
	lines    []string // of the file
	first    int      // the line of the file in which the suite's text begins
	problems []Problem
	warnings []Problem
}

func (p *suiteParser) problem(line int, format string, args ...any) {
	p.problems = append(p.problems, Problem{File: p.file, Line: p.line(line), Message: fmt.Sprintf(format, args...)})
}

func (p *suiteParser) warn(line int, message string) {
	p.warnings = append(p.warnings, Problem{File: p.file, Line: p.line(line), Message: message})
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
		p.syntaxProblem(err)
		return nil
	}
	if node == nil {
		return nil
	}
	suite := &Suite{File: p.file, first: p.first, setNode: valueOf(node, "set")}
	p.yamlProblems(node.Decode(suite)) // the rest of it is decoded
	checkShape(node, suiteShape, "the suite", p.warn)
	p.validate(node, suite)
	return suite
}

// UnmarshalYAML reads a test and keeps what is wrong with it, so that the whole
// suite is read.
func (t *Test) UnmarshalYAML(node *goyaml.Node) error {
	type plain Test
	wrong := node.Decode((*plain)(t))
	t.Line, t.setNode, t.wrong = node.Line, valueOf(node, "set"), wrong
	return nil
}

// valueOf is the value of a key of a map, nil if there is none.
func valueOf(node *goyaml.Node, key string) *goyaml.Node {
	for _, e := range entries(node) {
		if e.key.Value == key {
			return resolve(e.value)
		}
	}
	return nil
}

// parseNode parses one YAML document; nil is an empty one. A text with
// backslashes that YAML does not know is read with those doubled, as patterns
// in double quotes are often written.
func parseNode(text string) (*goyaml.Node, error) {
	var doc goyaml.Node
	err := goyaml.NewDecoder(strings.NewReader(text)).Decode(&doc)
	if err != nil && strings.Contains(err.Error(), "unknown escape character") {
		doc = goyaml.Node{}
		err = goyaml.Unmarshal([]byte(oddBackslashes.Compiled().ReplaceAllStringFunc(text, evenOut)), &doc)
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
	if doc.Content[0].Kind != goyaml.MappingNode {
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

// Lines shown around a place that is no YAML, and bytes of each.
const (
	linesAround = 2
	maxShown    = 160
)

// syntaxProblem is about a text that is no YAML: it shows the place.
func (p *suiteParser) syntaxProblem(err error) {
	line, message := yaml.ErrorLine(err)
	if line == 0 {
		p.problem(0, "%s", message)
		return
	}
	line = min(p.line(line), len(p.lines))
	first := max(line-linesAround, 1)
	e := yaml.SyntaxError{Line: line, First: first}
	for _, text := range p.lines[first-1 : min(line+linesAround, len(p.lines))] {
		e.Around = append(e.Around, strings.ToValidUTF8(text[:min(len(text), maxShown)], ""))
	}
	p.problems = append(p.problems, Problem{File: p.file, Line: line, Message: message, Excerpt: "  " + strings.Join(e.Details(), "\n  ")})
}

// yamlProblems takes an error of the YAML decoder apart, which may hold several,
// each with its line.
func (p *suiteParser) yamlProblems(err error) {
	if err == nil {
		return
	}
	list := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	if several, ok := errors.AsType[*goyaml.TypeError](err); ok {
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
