package config

import (
	"bytes"
	"errors"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// yamlError splits the parser's message. Its line is that of the enclosing
// block, or one too low, so the place is searched for instead.
var yamlError = lazyregexp.New(`^yaml: (?:line (\d+): )?`)

// syntax records a syntax error where it stands: at the end of the shortest
// beginning of the text that has the same error.
func (s *source) syntax(text []byte, err error) {
	message := yamlError.ReplaceAllString(err.Error(), "")
	if len(text) > maxFile { // too large to read it again and again
		at := Position{File: s.file, Line: 1, Column: 1}
		if m := yamlError.FindStringSubmatch(err.Error()); m != nil && m[1] != "" {
			at.Line, _ = strconv.Atoi(m[1])
		}
		s.add(at, "", "not YAML: %s", message)
		return
	}
	fails := func(end int) bool {
		err := parses(text[:end])
		return err != nil && yamlError.ReplaceAllString(err.Error(), "") == message
	}
	var ends []int // of lines, without their line feeds
	for i, c := range text {
		if c == '\n' {
			ends = append(ends, i)
		}
	}
	ends = append(ends, len(text))
	line := min(sort.Search(len(ends), func(i int) bool { return fails(ends[i]) }), len(ends)-1)
	begin := 0
	if line > 0 {
		begin = ends[line-1] + 1
	}
	column := 1
	if width := ends[line] - begin; width <= maxLine {
		width = min(width, sort.Search(width, func(i int) bool { return fails(begin + i) }))
		column = max(1, utf8.RuneCount(text[begin:begin+width]))
	}
	at := Position{File: s.file, Line: line + 1, Column: column}
	plain, hint := explain(message, s.lines[line])
	s.add(at, hint, "not YAML: %s", plain)
}

// parses returns the first syntax error of text.
func parses(text []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var n yaml.Node
		if err := decoder.Decode(&n); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// explain says the parser's words plainly. They are only for people: nothing
// depends on which of them it knows.
func explain(message, line string) (plain, hint string) {
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	switch {
	case strings.Contains(indent, "\t"):
		return "a tab in the indentation", "indent with spaces"
	case strings.HasPrefix(message, "mapping values are not allowed"):
		return `a ": " that begins no mapping here`, "put the text in quotes, or indent the line like its neighbours"
	case strings.Contains(message, "cannot start any token"):
		return "a character that cannot begin a value", "put the value in quotes"
	case strings.Contains(message, "expected ',' or ']'"):
		return "a list that begins with [ goes on without a comma or is not closed", "add , or ]"
	case strings.Contains(message, "expected ',' or '}'"):
		return "a mapping that begins with { goes on without a comma or is not closed", "add , or }"
	case strings.HasPrefix(message, "did not find expected"):
		return message[len("did not find "):] + " not found", "indent the line like its neighbours"
	case strings.Contains(message, "unexpected end of stream"):
		return "a quote that is not closed", "close it"
	}
	return message, ""
}
