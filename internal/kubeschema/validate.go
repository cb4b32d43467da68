package kubeschema

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Fault says what is wrong with a value.
type Fault uint8

// The faults.
const (
	UnknownField Fault = iota // the type has no such field
	WrongType                 // a number where text must be, and the like
	MissingField              // a required field is not there
	NotInEnum                 // text that is none of those allowed
	Duplicate                 // two items of a list that must differ
	BadQuantity               // no quantity: 100 MB
)

// Problem is one value that does not fit.
type Problem struct {
	Fault   Fault
	Path    []string // keys from the object down; an item of a list is [2]
	Message string   // one line, without the path; it shows no value but those of an enum
}

// Where is the path in one word: spec.containers[0].image.
func (p Problem) Where() string { return PathString(p.Path) }

// PathString joins the steps of a path.
func PathString(path []string) string {
	var b strings.Builder
	for i, step := range path {
		if i > 0 && !strings.HasPrefix(step, "[") {
			b.WriteByte('.')
		}
		b.WriteString(step)
	}
	return b.String()
}

// maxProblems bounds what is said about one object.
const maxProblems = 50

// Validate says what of a decoded object (maps, lists, strings, float64, bool)
// does not fit the type t of s, in the order of the fields' names. A null is
// nothing at all, as it is for an API server. The status of an object, which no
// chart decides, is not looked at.
func (s *Schema) Validate(t *Type, object map[string]any) []Problem {
	v := validator{schema: s}
	v.value(t, object, nil)
	return v.problems
}

type validator struct {
	schema   *Schema
	problems []Problem
}

func (v *validator) add(fault Fault, path []string, format string, args ...any) {
	if len(v.problems) < maxProblems {
		v.problems = append(v.problems, Problem{fault, slices.Clone(path), fmt.Sprintf(format, args...)})
	}
}

func (v *validator) value(t *Type, value any, path []string) {
	t = v.schema.resolve(t)
	if value == nil || t.Shape == Any {
		return
	}
	switch t.Shape {
	case Object, Map:
		fields, ok := value.(map[string]any)
		if !ok {
			v.add(WrongType, path, "must be a mapping, not %s", nameOf(value))
			return
		}
		v.fields(t, fields, path)
	case List:
		items, ok := value.([]any)
		if !ok {
			v.add(WrongType, path, "must be a list, not %s", nameOf(value))
			return
		}
		v.items(t, items, path)
	default:
		v.scalar(t, value, path)
	}
}

func (v *validator) fields(t *Type, fields map[string]any, path []string) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if len(path) == 0 && name == "status" {
			continue
		}
		field := t.Fields[name]
		switch {
		case field == nil && t.Elem != nil:
			field = t.Elem
		case field == nil:
			v.add(UnknownField, append(path, name), "is no field%s", suggestion(name, t.Fields))
			continue
		}
		v.value(field, fields[name], append(path, name))
	}
	for _, name := range t.Required {
		if fields[name] == nil && (len(path) > 0 || name != "status") {
			v.add(MissingField, append(path, name), "is required")
		}
	}
}

func suggestion(name string, fields map[string]*Type) string {
	if best := Nearest(name, slices.Sorted(maps.Keys(fields))); best != "" {
		return ": did you mean " + best + "?"
	}
	return ""
}

func (v *validator) items(t *Type, items []any, path []string) {
	seen := map[string]int{}
	for i, item := range items {
		at := append(path, "["+strconv.Itoa(i)+"]")
		v.value(t.Elem, item, at)
		key, ok := t.identity(item)
		if !ok {
			continue
		}
		if first, twice := seen[key]; twice {
			v.add(Duplicate, at, "stands twice: %s is also item %d of the list", key, first)
			continue
		}
		seen[key] = i
	}
}

// identity is what tells an item of a list from the others; ok is false for
// those of a list whose items need not differ.
func (t *Type) identity(item any) (key string, ok bool) {
	if text, isText := item.(string); t.Set && isText {
		return text, true
	}
	fields, _ := item.(map[string]any)
	if len(t.Keys) == 0 || fields == nil {
		return "", false
	}
	var parts []string
	for _, name := range t.Keys {
		value := fields[name]
		if value == nil && name == "protocol" {
			value = "TCP" // the default of every port
		}
		if value != nil {
			parts = append(parts, fmt.Sprintf("%s %v", name, value))
		}
	}
	return strings.Join(parts, ", "), len(parts) > 0
}

func (v *validator) scalar(t *Type, value any, path []string) {
	text, isText := value.(string)
	number, isNumber := value.(float64)
	_, isBool := value.(bool)
	switch {
	case t.Shape == String && !isText:
		v.add(WrongType, path, "must be text, not %s", nameOf(value))
	case t.Shape == String && len(t.Enum) > 0 && text != "" && !slices.Contains(t.Enum, text):
		v.add(NotInEnum, path, "must be one of %s", strings.Join(t.Enum, ", "))
	case t.Shape == Boolean && !isBool:
		v.add(WrongType, path, "must be true or false, not %s", nameOf(value))
	case t.Shape == Integer && (!isNumber || number != float64(int64(number))):
		v.add(WrongType, path, "must be a whole number, not %s", nameOf(value))
	case t.Shape == Number && !isNumber:
		v.add(WrongType, path, "must be a number, not %s", nameOf(value))
	case t.Shape == IntOrString && !isText && !isNumber:
		v.add(WrongType, path, "must be a number or text, not %s", nameOf(value))
	case t.Shape == Bytes:
		v.bytes(value, path)
	case t.Shape == Quantity:
		v.quantity(value, path)
	}
}

func (v *validator) bytes(value any, path []string) {
	text, ok := value.(string)
	if !ok {
		v.add(WrongType, path, "must be text in base64, not %s", nameOf(value))
		return
	}
	if _, err := base64.StdEncoding.DecodeString(text); err != nil {
		v.add(WrongType, path, "is not base64")
	}
}

func (v *validator) quantity(value any, path []string) {
	switch q := value.(type) {
	case float64: // a number is as good
	case string:
		if _, err := resource.ParseQuantity(q); err != nil {
			v.add(BadQuantity, path, "is no quantity such as 100m, 1.5, 512Mi or 2Gi")
		}
	default:
		v.add(WrongType, path, "must be a quantity, not %s", nameOf(value))
	}
}

func nameOf(value any) string {
	switch x := value.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case string:
		return "text"
	case bool:
		return strconv.FormatBool(x)
	case float64:
		if x != float64(int64(x)) {
			return "a fraction"
		}
		return "a number"
	}
	return "nothing"
}

// Nearest is the known word that word was most likely meant to be, or "".
func Nearest(word string, known []string) string {
	best, least := "", max(3, min(len(word), 16)/4+1) // so many edits are too many
	if len(word) < 5 {
		least = len(word) / 2
	}
	for _, k := range known {
		if strings.EqualFold(word, k) {
			return k
		}
		if len(word) > 64 || len(k) > 64 {
			continue
		}
		if d := edits(strings.ToLower(word), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// edits is how many letters must be inserted, removed or replaced.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
