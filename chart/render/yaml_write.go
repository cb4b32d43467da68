package render

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Most of what charts give to toYaml is small and plain: resources, labels,
// probes, nothing at all. yamlWriter writes that as the library would, whose
// emitter costs more than the rest of a small template. It gives up, with ok
// false, on everything that it is not sure of; a fuzz test compares the two.
type yamlWriter struct {
	out  []byte
	keys []string // of the maps that are being written
}

const (
	maxWrittenDepth = 20
	maxWrittenWidth = 80 // bytes of a line; the library folds longer ones at blanks
	maxWrittenKey   = 64
)

// writeYAML is yaml.Marshal of sigs.k8s.io/yaml for plain values.
func writeYAML(v any) (out []byte, ok bool) {
	w := yamlWriter{}
	if root, isRoot := v.(values); isRoot {
		v = map[string]any(root)
	}
	ok = w.node(v, 0)
	return w.out, ok
}

// node writes a value where the line stands; what follows its first line is
// indented.
func (w *yamlWriter) node(v any, indent int) bool {
	if indent > 2*maxWrittenDepth {
		return false
	}
	ok := true
	switch v := v.(type) {
	case map[string]any:
		if len(v) > 0 {
			return w.mapping(v, indent)
		}
		w.empty(v == nil, "{}")
	case []any:
		if len(v) > 0 {
			return w.list(v, indent)
		}
		w.empty(v == nil, "[]")
	default:
		ok = w.scalar(v)
	}
	w.out = append(w.out, '\n')
	return ok
}

// mapping writes the entries of a map, the first of them where the line stands.
func (w *yamlWriter) mapping(m map[string]any, indent int) bool {
	first := len(w.keys)
	for key := range m {
		if len(key) > maxWrittenKey || spellingOf(key) != spelledPlain {
			return false
		}
		w.keys = append(w.keys, key)
	}
	keys, sure := w.keys[first:], true
	slices.SortFunc(keys, func(a, b string) int {
		order, known := compareKeys(a, b)
		sure = sure && known
		return order
	})
	for i, key := range keys {
		if i > 0 {
			w.indent(indent)
		}
		w.out = append(append(w.out, key...), ':')
		if !sure || !w.entry(m[key], indent) {
			return false
		}
	}
	w.keys = w.keys[:first]
	return true
}

// entry writes what stands after a key: a list begins where the key does.
func (w *yamlWriter) entry(v any, indent int) bool {
	switch v := v.(type) {
	case map[string]any:
		if len(v) > 0 {
			indent += 2
			w.out = append(w.out, '\n')
			w.indent(indent)
			return w.node(v, indent)
		}
	case []any:
		if len(v) > 0 {
			w.out = append(w.out, '\n')
			w.indent(indent)
			return w.node(v, indent)
		}
	}
	w.out = append(w.out, ' ')
	return w.node(v, indent)
}

func (w *yamlWriter) list(list []any, indent int) bool {
	for i, v := range list {
		if i > 0 {
			w.indent(indent)
		}
		w.out = append(w.out, '-', ' ')
		if !w.node(v, indent+2) {
			return false
		}
	}
	return true
}

func (w *yamlWriter) indent(n int) {
	for range n {
		w.out = append(w.out, ' ')
	}
}

func (w *yamlWriter) empty(isNil bool, text string) {
	if isNil {
		text = "null"
	}
	w.out = append(w.out, text...)
}

func (w *yamlWriter) scalar(v any) bool {
	switch v := v.(type) {
	case nil:
		w.out = append(w.out, "null"...)
	case bool:
		w.out = strconv.AppendBool(w.out, v)
	case int:
		w.out = strconv.AppendInt(w.out, int64(v), 10)
	case int64:
		w.out = strconv.AppendInt(w.out, v, 10)
	case float64:
		if v != math.Trunc(v) || math.Abs(v) >= 1<<53 {
			return false
		}
		w.out = strconv.AppendInt(w.out, int64(v), 10)
	case string:
		return w.text(v)
	default:
		return false
	}
	return true
}

func (w *yamlWriter) text(s string) bool {
	start := bytes.LastIndexByte(w.out, '\n') + 1
	switch spellingOf(s) {
	case spelledPlain:
		w.out = append(w.out, s...)
	case spelledQuoted:
		w.out = append(append(append(w.out, '"'), s...), '"')
	default:
		return false
	}
	return len(w.out)-start <= maxWrittenWidth
}

// spelling is how a string stands in YAML.
type spelling int

const (
	spelledUnsure spelling = iota
	spelledPlain
	spelledQuoted // as it is, within double quotes
)

func spellingOf(s string) spelling {
	if s == "" {
		return spelledQuoted
	}
	switch c := s[0]; {
	case isDigit(c):
		return spellingOfNumber(s)
	case !isLetter(c) && c != '/':
		return spelledUnsure
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case isWordByte(c) || c == '-' || c == '.' || c == '/':
		case (c == ':' || c == ' ') && i+1 < len(s) && isWordByte(s[i+1]):
		default:
			return spelledUnsure
		}
	}
	if len(s) <= len("false") && strings.IndexByte("yYnNtTfFoO", s[0]) >= 0 && isWordOfYAML(strings.ToLower(s)) {
		return spellingOfWord(s)
	}
	return spelledPlain
}

func isWordOfYAML(s string) bool {
	switch s {
	case "y", "n", "yes", "no", "true", "false", "on", "off", "null":
		return true
	}
	return false
}

// spellingOfWord knows those that nobody reads as anything else.
func spellingOfWord(s string) spelling {
	switch s {
	case "true", "false", "null", "yes", "no", "on", "off":
		return spelledQuoted
	}
	return spelledUnsure
}

// spellingOfNumber tells 8080 and 1.5 from 100m, 5Gi and 1.2.3.
func spellingOfNumber(s string) spelling {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	rest := s[digits:]
	switch {
	case digits > 15 || s[0] == '0' && digits > 1:
		return spelledUnsure
	case rest == "":
		return spelledQuoted
	case rest[0] == '.':
		return spellingOfDotted(s)
	case s[0] == '0' || rest[0] == 'e' || rest[0] == 'E' || strings.Trim(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return spelledUnsure
	}
	return spelledPlain
}

func spellingOfDotted(s string) spelling {
	if len(s) > 15 || strings.Trim(s, "0123456789.") != "" || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return spelledUnsure
	}
	if strings.Count(s, ".") == 1 {
		return spelledQuoted
	}
	return spelledPlain
}

// compareKeys is the library's order of keys, in which numbers in a key count as
// numbers; known is false where they decide. Anything else comes before letters.
func compareKeys(a, b string) (order int, known bool) {
	for i := 0; i < len(a) && i < len(b); i++ {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if isDigit(x) || isDigit(y) {
			return 0, false
		}
		if letters(x) != letters(y) {
			if letters(y) {
				return -1, true
			}
			return 1, true
		}
		return int(x) - int(y), true
	}
	return len(a) - len(b), true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }

func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) }

func letters(c byte) bool { return isLetter(c) && c != '_' }
