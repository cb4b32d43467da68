package config

import (
	"fmt"
	"strings"
)

// source is the text of a file and where each of its values stands.
type source struct {
	file     string
	lines    []string
	keys     map[string]Position // path -> its key
	values   map[string]Position // path -> its value
	tainted  map[string]bool     // paths that could not be decoded
	problems Problems
	warnings Problems
}

func newSource(file, text string) *source {
	return &source{
		file:    file,
		lines:   strings.Split(text, "\n"),
		keys:    map[string]Position{},
		values:  map[string]Position{},
		tainted: map[string]bool{},
	}
}

// problem makes a problem with the source line of its position.
func (s *source) problem(at Position, message, hint string) Problem {
	p := Problem{Position: at, Message: short(redact(message)), Hint: short(redact(hint))}
	if at.File == s.file && at.Line >= 1 && at.Line <= len(s.lines) {
		if line := s.lines[at.Line-1]; len(line) <= maxLine {
			p.Source = redact(strings.TrimRight(line, "\r "))
		}
	}
	return p
}

// add records a problem at a position, as long as there is room for it.
func (s *source) add(at Position, hint, format string, args ...any) {
	if s.full() {
		return
	}
	s.problems = append(s.problems, s.problem(at, fmt.Sprintf(format, args...), hint))
}

// full reports whether so much is wrong that the search ends.
func (s *source) full() bool { return len(s.problems) >= maxFound }

// bad records a problem with the value at path.
func (s *source) bad(path, hint, format string, args ...any) {
	s.add(s.at(path), hint, path+": "+format, args...)
}

// warn records a warning about the value at path.
func (s *source) warn(path, hint, format string, args ...any) {
	s.warnings = append(s.warnings, s.problem(s.at(path), path+": "+fmt.Sprintf(format, args...), hint))
}

// at returns where the value at path stands, or its key, or the nearest
// parent that has a place.
func (s *source) at(path string) Position {
	for path != "" {
		if p, ok := s.values[path]; ok {
			return p
		}
		if p, ok := s.keys[path]; ok {
			return p
		}
		path = parent(path)
	}
	return Position{File: s.file, Line: 1, Column: 1}
}

// key returns where the key of path stands, or the nearest place.
func (s *source) key(path string) Position {
	if p, ok := s.keys[path]; ok {
		return p
	}
	return s.at(path)
}

// parent cuts the last element of a path: a.b[0] -> a.b -> a -> "".
func parent(path string) string {
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}

// child appends a key to a path.
func child(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// says reports whether the file says a value at path.
func (s *source) says(path string) bool {
	_, ok := s.keys[path]
	return ok
}

// doubtful reports whether something at or below path could not be decoded,
// so that a default in its place means nothing.
func (s *source) doubtful(path string) bool {
	for p := range s.tainted {
		if p == path || strings.HasPrefix(p, path+".") || strings.HasPrefix(p, path+"[") || strings.HasPrefix(path, p+".") {
			return true
		}
	}
	return false
}
