package chart

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Errors about --set and the like name the key, never what may be a value: it
// may be a secret, or a piece of one that holds a comma.

// setName is a flag with the key of its expression: all before what cannot be
// part of a key, as the equals sign, or a letter after an index.
func setName(flag, expr string) string {
	last := rune(0)
	end := strings.IndexFunc(expr, func(r rune) bool {
		letter, before := unicode.IsLetter(r) || unicode.IsDigit(r), last
		last = r
		return !letter && !strings.ContainsRune(`._-/\[]`, r) || letter && before == ']'
	})
	if end < 0 {
		end = len(expr)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %.100s", flag, expr[:end]))
}

// kindOf is describe without the value.
func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case nil, map[string]any, []any:
		return describe(v)
	}
	return "a number"
}

// jsonError says what is wrong with a JSON value without quoting it, as
// encoding/json does.
func jsonError(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && !strings.Contains(err.Error(), "unexpected end") {
		return fmt.Errorf("invalid JSON: a mistake at character %d", syntax.Offset)
	}
	if typed, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("invalid JSON: a mistake at character %d", typed.Offset)
	}
	return errors.New("invalid JSON: it ends too early")
}

// noValue says that a key has no equals sign. After the first one it may be a
// piece of a value, so it is not named.
func (p *setParser) noValue() error {
	if strings.ContainsRune(string(p.text[:p.pos]), '=') {
		return errors.New(`what follows a comma has no value: write key=value there, or \, for a comma within a value`)
	}
	return errors.New("the key has no value: write key=value")
}
