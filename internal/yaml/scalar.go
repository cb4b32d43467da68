package yaml

import (
	"strings"

	yaml2 "go.yaml.in/yaml/v2"
)

// splitKey cuts "key: rest" and "key:"; a comment after the colon is no rest.
func splitKey(text string) (key, rest string, ok bool) {
	if text[0] == '"' || text[0] == '\'' {
		key, rest, ok = quoted(text)
		if !ok || !strings.HasPrefix(rest, ":") {
			return "", "", false
		}
		rest = rest[1:]
		if rest != "" && rest[0] != ' ' {
			return "", "", false
		}
	} else {
		end := keyEnd(text)
		if end < 0 || !plainStart(text) {
			return "", "", false
		}
		if key, ok = plainKey(strings.TrimRight(text[:end], " ")); !ok {
			return "", "", false
		}
		rest = text[end+1:]
	}
	rest = strings.TrimLeft(rest, " ")
	if rest != "" && rest[0] == '#' {
		rest = ""
	}
	return key, rest, len(key) < 512
}

// keyEnd is where the colon after a plain key stands, -1 if there is none.
func keyEnd(text string) int {
	for i := range len(text) {
		switch {
		case text[i] == ':' && (i+1 == len(text) || text[i+1] == ' '):
			return i
		case text[i] == '#' && i > 0 && text[i-1] == ' ':
			return -1
		}
	}
	return -1
}

// plainKey is a key without quotes as a string.
func plainKey(text string) (string, bool) {
	if strings.IndexByte(typedStarts, text[0]) < 0 {
		return text, true
	}
	v, ok := resolvePlain(text)
	if s, isString := v.(string); ok && isString {
		return s, true
	}
	return "", false
}

// startsMapping reports whether what follows a dash is a mapping's first key.
func startsMapping(text string) bool {
	if text[0] == '"' || text[0] == '\'' {
		_, after, ok := quoted(text)
		return ok && strings.HasPrefix(after, ":")
	}
	if text[0] == '{' || text[0] == '[' || text[0] == '|' || text[0] == '>' {
		return false
	}
	return keyEnd(text) >= 0
}

func onlyComment(s string) bool {
	t := strings.TrimLeft(s, " ")
	return t == "" || t[0] == '#' && len(t) < len(s)
}

// plainStart reports whether a plain scalar may begin like this.
func plainStart(text string) bool {
	if text[0] == '-' {
		return len(text) > 1 && text[1] != ' '
	}
	return strings.IndexByte("?:,[]{}#&*!|>'\"%@`=<", text[0]) < 0
}

// typedStarts is what begins a plain scalar that may be no string.
const typedStarts = "+-.0123456789yYnNtTfFoO~"

// resolvePlain gives a plain scalar its type, as the full decoder would.
func resolvePlain(text string) (any, bool) {
	if strings.IndexByte(typedStarts, text[0]) < 0 {
		return text, true
	}
	switch text {
	case "true":
		return true, true
	case "false":
		return false, true
	case "null", "~":
		return nil, true
	}
	if n, ok := smallInt(text); ok {
		return n, true
	}
	if strings.HasPrefix(text, "---") || strings.HasPrefix(text, "...") {
		return text, true // a marker only at a line's start
	}
	if !mayBeTyped(text) {
		return text, true
	}
	var v any
	if err := yaml2.Unmarshal([]byte(text), &v); err != nil {
		return nil, false
	}
	switch v.(type) {
	case nil, string, bool, int, int64, uint64, float64:
		v, err := JSONValue(v)
		return v, err == nil
	}
	return nil, false
}

// mayBeTyped reports whether a plain scalar might be anything but a string: a word
// for a bool or null in any case, or something of the characters of numbers.
func mayBeTyped(text string) bool {
	c := text[0]
	switch {
	case c == '~':
		return true
	case c >= '0' && c <= '9':
		if isVersion(text) {
			return false
		}
		for i := range len(text) {
			if strings.IndexByte("0123456789abcdefABCDEFxXoO_.:+-", text[i]) < 0 {
				return false
			}
		}
		return true
	case c == '+' || c == '-' || c == '.':
		return len(text) == 1 || !isOption(text[1:])
	}
	switch strings.ToLower(text) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return true
	}
	return false
}

// isVersion reports whether a text is of digits and at least two dots.
func isVersion(text string) bool {
	dots := 0
	for i := range len(text) {
		switch {
		case text[i] == '.':
			dots++
		case text[i] < '0' || text[i] > '9':
			return false
		}
	}
	return dots > 1
}

// isOption reports whether what follows a sign or a dot begins as no number does:
// with a letter but those of .inf and .nan, or with a dash.
func isOption(text string) bool {
	c := text[0] | 0x20
	return text[0] == '-' || c >= 'a' && c <= 'z' && c != 'i' && c != 'n'
}

// smallInt reads a decimal number that a float64 holds exactly.
func smallInt(text string) (float64, bool) {
	if len(text) > 15 || text[0] == '0' && len(text) > 1 {
		return 0, false
	}
	n := 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return float64(n), true
}
