package yaml

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// SyntaxError is a file that is no valid YAML.
type SyntaxError struct {
	File    string // as the user or the chart names it
	Line    int    // 1-based; 0 if unknown
	Message string
	Around  []string // the lines around the place
	First   int      // the number of the first of them
}

// Error is file:line: message.
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
}

// Details are the lines around the place, the failing one marked.
func (e *SyntaxError) Details() []string {
	lines := make([]string, len(e.Around))
	for i, text := range e.Around {
		mark := " "
		if e.First+i == e.Line {
			mark = ">"
		}
		lines[i] = strings.TrimRight(fmt.Sprintf("%s %4d | %s", mark, e.First+i, text), " ")
	}
	return lines
}

// contextLines are shown before and after a failing line, and contextBytes of each.
const (
	contextLines = 2
	contextBytes = 160
)

// InFile says in which file a decoder failed and shows the place. Only what the
// decoder says about a line becomes a SyntaxError with lines.
func InFile(file string, data []byte, err error) error {
	line, message := ErrorLine(err)
	e := &SyntaxError{File: file, Line: line, Message: message}
	if line > 0 {
		lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
		e.Line = min(line, len(lines))
		first := max(e.Line-contextLines, 1)
		for _, text := range lines[first-1 : min(e.Line+contextLines, len(lines))] {
			shown := strings.TrimRight(string(text[:min(len(text), contextBytes)]), "\r")
			e.Around = append(e.Around, hideSecret(strings.ToValidUTF8(shown, "?")))
		}
		e.First = first
	}
	return e
}

// What looks like a secret in a file that nobody can read: the value of a key that
// promises one, or a line of an encoded one.
var (
	secretLine  = lazyregexp.New(`(?i)^(\s*(?:- )?[\w."'-]*(?:pass|secret|token|credential|key)[\w."'-]*\s*[:=]\s*)\S.*$`)
	encodedLine = lazyregexp.New(`^(\s*)[A-Za-z0-9+/=_-]{24,}\s*$`)
)

func hideSecret(line string) string {
	line = secretLine.ReplaceAllString(line, "$1***")
	return encodedLine.ReplaceAllString(line, "$1***")
}

// AtLine is a decoder's complaint about one of several documents, with the line
// counted in the whole file.
type AtLine struct {
	Line    int // 1-based
	Message string
}

// Error has the form of the decoder's own errors.
func (e *AtLine) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// parserMessages are the complaints of the decoder's parser, which counts lines
// from 0; the scanner beneath it counts from 1.
var parserMessages = []string{
	"did not find expected key", "did not find expected '-' indicator", "did not find expected node content",
	"did not find expected ',' or ']'", "did not find expected ',' or '}'", "did not find expected <document start>",
	"found undefined tag handle", "found incompatible YAML document",
}

// ErrorLine splits what the YAML decoder says into a line, 0 if it names
// none, and the message.
func ErrorLine(err error) (line int, message string) {
	if at, ok := errors.AsType[*AtLine](err); ok {
		return at.Line, at.Message
	}
	text := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	text = strings.TrimPrefix(text, "yaml: ")
	rest, ok := strings.CutPrefix(text, "line ")
	if !ok {
		return 0, text
	}
	number, rest, _ := strings.Cut(rest, ": ")
	line, failed := strconv.Atoi(number)
	if failed != nil {
		return 0, text
	}
	if slices.Contains(parserMessages, rest) {
		line++
	}
	return line, rest
}
