package chart

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Bounds of the --set grammar; the first two are Helm's (facts/helm-format.md 4.14).
const (
	maxSetIndex   = 65536
	maxSetNesting = 30
	maxSetSlots   = 1 << 20 // list slots that one expression may make
)

// setMode says how the text after the equals sign becomes a value.
type setMode int

const (
	setTyped   setMode = iota // --set: true, false, null, integers, else strings
	setString                 // --set-string
	setFile                   // --set-file: the value is a path
	setJSON                   // --set-json
	setLiteral                // --set-literal: everything after = as it stands
)

// errSetEnd says that the expression's text is used up.
var errSetEnd = errors.New("end of expression")

// setParser reads one expression of the --set grammar,
// a.b[2].c=v,d=w, into a values map.
type setParser struct {
	text  []rune
	pos   int
	mode  setMode
	read  func(path string) ([]byte, error) // for setFile
	slots int
}

// ParseSet parses an expression as --set takes it into values, changing the
// maps and lists that it leads through.
func ParseSet(expr string, into map[string]any) error { return parseSet(expr, into, setTyped, nil) }

// ParseSetString is ParseSet for --set-string: every value is a string.
func ParseSetString(expr string, into map[string]any) error {
	return parseSet(expr, into, setString, nil)
}

// ParseSetFile is ParseSet for --set-file: every value is the content of the
// file that read returns for it.
func ParseSetFile(expr string, into map[string]any, read func(path string) ([]byte, error)) error {
	return parseSet(expr, into, setFile, read)
}

// ParseSetLiteral is ParseSet for --set-literal: one key, and everything after
// the equals sign is its value.
func ParseSetLiteral(expr string, into map[string]any) error {
	return parseSet(expr, into, setLiteral, nil)
}

// parseSetJSON is ParseSet for --set-json with key=json pairs.
func parseSetJSON(expr string, into map[string]any) error { return parseSet(expr, into, setJSON, nil) }

func parseSet(expr string, into map[string]any, mode setMode, read func(string) ([]byte, error)) error {
	p := &setParser{text: []rune(expr), mode: mode, read: read}
	for {
		err := p.key(into, 0)
		if errors.Is(err, errSetEnd) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// until reads up to one of the stop runes and past it. A backslash takes the
// next rune as it is, except in literal mode. The stop is 0 at the end.
func (p *setParser) until(stops string) (text string, stop rune) {
	var b strings.Builder
	for p.pos < len(p.text) {
		r := p.text[p.pos]
		p.pos++
		switch {
		case strings.ContainsRune(stops, r):
			return b.String(), r
		case r == '\\' && p.mode != setLiteral:
			if p.pos == len(p.text) {
				return b.String(), 0
			}
			b.WriteRune(p.text[p.pos])
			p.pos++
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), 0
}

// key reads a key and, by what follows it, its value, its index or the next
// key. errSetEnd, with whatever was set before it, ends the expression.
func (p *setParser) key(into map[string]any, level int) error {
	stops := "=[,."
	if p.mode == setLiteral {
		stops = "=[."
	}
	name, stop := p.until(stops)
	switch stop {
	case '=':
		v, err := p.value()
		if err != nil && !errors.Is(err, errSetEnd) {
			return err
		}
		setKey(into, name, v)
		return err
	case '[':
		return p.indexed(into, name, level)
	case '.':
		return p.nested(into, name, level+1)
	case ',':
		return p.noValue()
	}
	if name == "" {
		return errSetEnd
	}
	return p.noValue()
}

func setKey(m map[string]any, key string, v any) {
	if key != "" {
		m[key] = v
	}
}

// nested reads what follows "name.".
func (p *setParser) nested(into map[string]any, name string, level int) error {
	if level > maxSetNesting {
		return fmt.Errorf("keys are nested more than %d deep", maxSetNesting)
	}
	inner := map[string]any{}
	if old, ok := into[name]; ok {
		if inner, ok = old.(map[string]any); !ok || inner == nil {
			return fmt.Errorf("key %q is %s, not a map", name, kindOf(old))
		}
	}
	err := p.key(inner, level)
	if err == nil && len(inner) == 0 {
		return p.noValue()
	}
	if len(inner) > 0 {
		setKey(into, name, inner)
	}
	return err
}

// indexed reads what follows "name[".
func (p *setParser) indexed(into map[string]any, name string, level int) error {
	i, err := p.index()
	if err != nil {
		return err
	}
	list := []any{}
	if old, ok := into[name]; ok {
		if list, ok = old.([]any); !ok {
			return fmt.Errorf("key %q is %s, not a list", name, kindOf(old))
		}
	}
	list, err = p.item(list, i, level)
	setKey(into, name, list)
	return err
}

func (p *setParser) index() (int, error) {
	text, stop := p.until("]")
	if stop == 0 {
		return 0, errors.New("a list index is not closed with ]")
	}
	i, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0, errors.New("a list index is no number")
	case i < 0:
		return 0, errors.New("a list index is negative")
	case i > maxSetIndex:
		return 0, fmt.Errorf("a list index is above %d", maxSetIndex)
	}
	return i, nil
}

// item reads what follows "[i]" and returns the list with it set.
func (p *setParser) item(list []any, i, level int) ([]any, error) {
	text, stop := p.until("[.=")
	if text != "" {
		return list, errors.New("after a list index only =, . or [ may follow")
	}
	var old any
	if i < len(list) {
		old = list[i]
	}
	switch stop {
	case '=':
		v, err := p.value()
		if err != nil && !errors.Is(err, errSetEnd) {
			return list, err
		}
		return p.setItem(list, i, v)
	case '[':
		inner, ok := old.([]any)
		if old != nil && !ok {
			return list, fmt.Errorf("list item %d is %s, not a list", i, kindOf(old))
		}
		next, err := p.index()
		if err != nil {
			return list, err
		}
		if inner, err = p.item(inner, next, level); err != nil {
			return list, err
		}
		return p.setItem(list, i, inner)
	case '.':
		inner, ok := old.(map[string]any)
		if !ok {
			inner = map[string]any{}
			if i < len(list) { // indexes may come in any order
				list[i] = inner
			}
		}
		if err := p.key(inner, level); err != nil {
			return list, err
		}
		return p.setItem(list, i, inner)
	}
	return list, errSetEnd
}

func (p *setParser) setItem(list []any, i int, v any) ([]any, error) {
	if grow := i + 1 - len(list); grow > 0 {
		if p.slots += grow; p.slots > maxSetSlots {
			return list, fmt.Errorf("more than %d list items", maxSetSlots)
		}
		list = append(slices.Clip(list), make([]any, grow)...)
	}
	list[i] = v
	return list, nil
}
