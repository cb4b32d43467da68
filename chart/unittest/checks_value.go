package unittest

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
)

func parseEqual(p params) (check, error) {
	path, err := p.path()
	var want any
	var decode bool
	if err = cmp.Or(err, p.readAll("value", &want, "decodeBase64", &decode)); err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		return in.eachValue(path, func(got any) verdict {
			if text, ok := got.(string); ok {
				text, fatal := decoded(text, decode)
				if fatal != "" {
					return verdict{fatal: fatal}
				}
				got = uniform(text)
			}
			return equality(want, got)
		})
	}, nil
}

// equality compares an expected with an actual value.
func equality(want, got any) verdict {
	if reflect.DeepEqual(want, got) {
		return verdict{holds: true, opposed: "it must not be " + show(want)}
	}
	a, b := show(want), show(got)
	if a == b { // 1 and 1.0, for instance
		a, b = fmt.Sprintf("%s (%T)", a, want), fmt.Sprintf("%s (%T)", b, got)
	}
	return verdict{message: "it is not equal", diff: diffLines(a, b)}
}

// decoded is a text after base64, if that is asked for.
func decoded(text string, fromBase64 bool) (out, fatal string) {
	if !fromBase64 {
		return text, ""
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", fmt.Sprintf("it is no base64: %s", text)
	}
	return string(data), ""
}

func parseMatch(p params) (check, error) {
	path, err := p.path()
	var decode bool
	err = cmp.Or(err, p.read("decodeBase64", &decode))
	re, reErr := p.pattern("pattern")
	if err = cmp.Or(err, reErr); err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		return in.eachValue(path, func(got any) verdict {
			text, ok := got.(string)
			if !ok {
				return verdict{fatal: "it is no string: " + show(got)}
			}
			text, fatal := decoded(text, decode)
			if fatal != "" {
				return verdict{fatal: fatal}
			}
			return matching(re, text)
		})
	}, nil
}

// pattern reads a regular expression, which must be there.
func (p params) pattern(name string) (*regexp.Regexp, error) {
	var text string
	if err := p.read(name, &text); err != nil {
		return nil, err
	}
	if text == "" {
		return nil, fmt.Errorf("%s is missing", name)
	}
	return regexp.Compile(text)
}

func matching(re *regexp.Regexp, text string) verdict {
	return verdict{
		holds:   re.MatchString(text),
		message: fmt.Sprintf("it does not match %s: %s", re, text),
		opposed: fmt.Sprintf("it must not match %s: %s", re, text),
	}
}

func parseContains(p params) (check, error) {
	path, err := p.path()
	var content any
	var count *int
	var part bool
	if err = cmp.Or(err, p.readAll("content", &content, "count", &count, "any", &part)); err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		return in.eachValue(path, func(got any) verdict {
			list, ok := got.([]any)
			if !ok {
				return verdict{fatal: "it is no list: " + show(got)}
			}
			found := countEqual(list, content, part)
			v := verdict{
				holds:   found > 0,
				message: fmt.Sprintf("the list does not contain\n%s\nit is\n%s", show([]any{content}), show(got)),
				opposed: fmt.Sprintf("the list must not contain\n%s", show([]any{content})),
			}
			if count != nil {
				v.holds = found > 0 && found == *count
				if found > 0 {
					v.message = fmt.Sprintf("the list contains %d times, not %d\n%s\nit is\n%s", found, *count, show([]any{content}), show(got))
				}
			}
			return v
		})
	}, nil
}

// countEqual counts the elements of a list that are equal to want or, with part
// and for maps, have all its entries.
func countEqual(list []any, want any, part bool) int {
	n := 0
	wanted, wantMap := want.(map[string]any)
	for _, e := range list {
		if got, isMap := e.(map[string]any); part && isMap && wantMap {
			if hasEntries(got, wanted) {
				n++
			}
		} else if reflect.DeepEqual(e, want) {
			n++
		}
	}
	return n
}

// hasEntries says whether a map has the entries of another.
func hasEntries(m, entries map[string]any) bool {
	for k, v := range entries {
		if !reflect.DeepEqual(m[k], v) {
			return false
		}
	}
	return true
}

func parseSubset(p params) (check, error) {
	path, err := p.path()
	var content any
	if err = cmp.Or(err, p.read("content", &content)); err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		return in.eachValue(path, func(got any) verdict {
			m, isMap := got.(map[string]any)
			want, wantMap := content.(map[string]any)
			if !isMap || !wantMap {
				return verdict{fatal: "it must be compared map with map, and is: " + show(got)}
			}
			return verdict{
				holds:   hasEntries(m, want),
				message: "it lacks entries",
				diff:    missingEntries(m, want),
				opposed: "it must not have the entries\n" + show(content),
			}
		})
	}, nil
}

func missingEntries(m, want map[string]any) []string {
	var out []string
	for _, k := range sortedKeys(want) {
		if reflect.DeepEqual(m[k], want[k]) {
			continue
		}
		actual := ""
		if v, ok := m[k]; ok {
			actual = show(map[string]any{k: v})
		}
		out = append(out, diffLines(show(map[string]any{k: want[k]}), actual)...)
	}
	return out
}

func parseExists(p params) (check, error) {
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		return in.eachDocument(func(doc *document) verdict {
			values, err := doc.find(path)
			if err != nil {
				return verdict{fatal: err.Error()}
			}
			return verdict{
				holds:   len(values) > 0,
				message: fmt.Sprintf("there is nothing at %s", path.text),
				opposed: fmt.Sprintf("there must be nothing at %s", path.text),
			}
		})
	}, nil
}

func parseEmpty(p params) (check, error) {
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		return in.eachValue(path, func(got any) verdict {
			return verdict{holds: isEmpty(got), message: "it is not empty: " + show(got), opposed: "it is empty: " + show(got)}
		})
	}, nil
}

// isEmpty says whether a value is null, "", 0, false, or has no elements.
func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return reflect.ValueOf(v).IsZero()
}

func parseType(p params) (check, error) {
	path, err := p.path()
	var want string
	if err = cmp.Or(err, p.read("type", &want)); err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		return in.eachValue(path, func(got any) verdict {
			name := ""
			if got != nil {
				name = reflect.TypeOf(got).String()
			}
			return verdict{
				holds:   name == want,
				message: fmt.Sprintf("its type is %q, not %q", name, want),
				opposed: fmt.Sprintf("its type must not be %q", want),
			}
		})
	}, nil
}

// parseGreater: the opposite never fails, whatever the value, because suites
// that helm-unittest lets pass rely on it; what does not hold is a warning.
func parseGreater(p params) (check, error) {
	ordered, err := parseOrder(p, "at least", func(order int) bool { return order >= 0 })
	if err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		failures := ordered(in)
		if !in.negative {
			return failures
		}
		return slices.DeleteFunc(failures, func(f Failure) bool {
			if f.fatal {
				return false
			}
			in.warn(f.about() + "; helm-unittest lets that pass: assert lessOrEqual instead")
			return true
		})
	}, nil
}

func parseLess(p params) (check, error) {
	return parseOrder(p, "at most", func(order int) bool { return order <= 0 })
}

func parseOrder(p params, words string, holds func(order int) bool) (check, error) {
	path, err := p.path()
	var want any
	if err = cmp.Or(err, p.read("value", &want)); err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		return in.eachValue(path, func(got any) verdict {
			order, err := compareValues(got, want)
			if err != nil {
				return verdict{fatal: err.Error()}
			}
			return verdict{
				holds:   holds(order),
				message: fmt.Sprintf("%s is not %s %s", show(got), words, show(want)),
				opposed: fmt.Sprintf("%s must not be %s %s", show(got), words, show(want)),
			}
		})
	}, nil
}

// compareValues orders two values of the same type: numbers by size, strings by
// their bytes.
func compareValues(a, b any) (int, error) {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(x, y), nil
		}
	case int:
		if y, ok := b.(int); ok {
			return cmp.Compare(x, y), nil
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y), nil
		}
	}
	return 0, fmt.Errorf("%s (%T) and %s (%T) cannot be compared: both must be whole numbers, fractions or strings", show(a), a, show(b), b)
}

func parseLength(p params) (check, error) {
	var text string
	var texts []string
	var count *int
	if err := p.readAll("path", &text, "paths", &texts, "count", &count); err != nil {
		return nil, err
	}
	switch {
	case text != "" && len(texts) > 0:
		return nil, errors.New("path and paths cannot stand together")
	case text != "" && (count == nil || *count < 0):
		return nil, errors.New("a count is missing: path needs one, only paths are compared with each other")
	case text != "":
		texts = []string{text}
	}
	paths := make([]*Path, len(texts))
	for i, t := range texts {
		var err error
		if paths[i], err = ParsePath(t); err != nil {
			return nil, err
		}
	}
	return func(in checkInput) []Failure { return checkLength(in, paths, count) }, nil
}

func checkLength(in checkInput, paths []*Path, count *int) []Failure {
	if len(in.selected) == 0 {
		return in.noDocument()
	}
	var out []Failure
	for i, doc := range in.selected {
		lengths := make([]int, len(paths))
		failed := len(out)
		for n, path := range paths {
			one := checkInput{selected: []*document{doc}, negative: in.negative}
			for _, f := range one.eachValue(path, func(v any) verdict { return lengthOf(v, count, in.negative, &lengths[n]) }) {
				f.Document = i
				out = append(out, f)
			}
		}
		if len(out) == failed && len(paths) > 1 {
			out = append(out, sameLengths(i, paths, lengths, in.negative)...)
		}
	}
	return out
}

// lengthOf checks one list against the count, if there is one, and notes its
// length.
func lengthOf(v any, count *int, negative bool, length *int) verdict {
	list, ok := v.([]any)
	if !ok && count == nil {
		return verdict{fatal: "it is no list: " + show(v)}
	}
	*length = len(list)
	if count == nil {
		return verdict{holds: !negative}
	}
	return verdict{
		holds:   len(list) == *count,
		message: fmt.Sprintf("its length is %d, not %d", len(list), *count),
		opposed: fmt.Sprintf("its length must not be %d", *count),
	}
}

// sameLengths compares the lengths of several lists with the first's, in the
// order of their paths.
func sameLengths(doc int, paths []*Path, lengths []int, negative bool) []Failure {
	order := make([]int, len(paths))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(paths[a].text, paths[b].text) })
	first := order[0]
	for _, n := range order[1:] {
		v := verdict{
			holds:   lengths[n] == lengths[first],
			message: fmt.Sprintf("its length is %d, that of %s is %d", lengths[n], paths[first].text, lengths[first]),
			opposed: fmt.Sprintf("its length must not be that of %s, %d", paths[first].text, lengths[first]),
		}
		if f := v.judge(doc, paths[n].text, negative); f != nil {
			return f
		}
	}
	return nil
}
