package render

import (
	"reflect"
	"regexp/syntax"
	"strings"
	"text/template"

	"github.com/pintle-ci/pintle/internal/yaml"
)

// Bounds of the functions that take long for what they are given.
const (
	maxPattern   = 16 << 10    // bytes of a regular expression
	maxRegexWork = 300_000_000 // instructions of its program times bytes of the text
	maxPairs     = 100_000_000 // comparisons of uniq and without, by size
	maxDecoded   = 8 << 20     // bytes given to fromYaml, fromJson and fromToml
	maxTOML      = 128 << 10
)

// untilStep is sprig's: the numbers from start to before stop.
func untilStep(start, stop, step int) ([]int, error) {
	list := []int{}
	if step == 0 || (start < stop) != (step > 0) {
		return list, nil
	}
	for i := start; (i < stop) == (step > 0) && i != stop; i += step {
		if len(list) == maxNumbers {
			return nil, limitf("more than %d numbers from %d to %d", maxNumbers, start, stop)
		}
		list = append(list, i)
	}
	return list, nil
}

// boundParts bounds the functions that cut a text into many, and those that put something between all its parts.
func boundParts(funcs template.FuncMap) {
	tooMany := func(separator, s string) error {
		if strings.Count(s, separator) >= maxNumbers {
			return limitf("a text of more than %d parts", maxNumbers)
		}
		return nil
	}
	split := funcs["split"].(func(string, string) map[string]string)
	funcs["split"] = func(separator, s string) (map[string]string, error) {
		if err := tooMany(separator, s); err != nil {
			return nil, err
		}
		return split(separator, s), nil
	}
	splitn := funcs["splitn"].(func(string, int, string) map[string]string)
	funcs["splitn"] = func(separator string, n int, s string) (map[string]string, error) {
		if err := tooMany(separator, s); err != nil {
			return nil, err
		}
		return splitn(separator, n, s), nil
	}
	splitList := funcs["splitList"].(func(string, string) []string)
	funcs["splitList"] = func(separator, s string) ([]string, error) {
		if err := tooMany(separator, s); err != nil {
			return nil, err
		}
		return splitList(separator, s), nil
	}
	wrapWith := funcs["wrapWith"].(func(int, string, string) string)
	funcs["wrapWith"] = func(width int, separator, s string) (string, error) {
		if len(separator) > 0 && len(s) > maxBuffer/len(separator) {
			return "", limitf("wrapWith of %d bytes by %d", len(s), len(separator))
		}
		return wrapWith(width, separator, s), nil
	}
}

// boundRegexes bounds what a regular expression may take: Go's take no exponential time, but as much as pattern times
// text.
func boundRegexes(funcs template.FuncMap) {
	for name, f := range funcs {
		if !strings.HasPrefix(name, "regex") && !strings.HasPrefix(name, "mustRegex") {
			continue
		}
		switch f := f.(type) {
		case func(string, string) bool:
			funcs[name] = regex2(func(p, s string) (bool, error) { return f(p, s), nil })
		case func(string, string) (bool, error):
			funcs[name] = regex2(f)
		case func(string, string) string:
			funcs[name] = regex2(func(p, s string) (string, error) { return f(p, s), nil })
		case func(string, string) (string, error):
			funcs[name] = regex2(f)
		case func(string, string, int) []string:
			funcs[name] = regexParts(func(p, s string, n int) ([]string, error) { return f(p, s, n), nil })
		case func(string, string, int) ([]string, error):
			funcs[name] = regexParts(f)
		case func(string, string, string) (string, error):
			funcs[name] = func(p, s, with string) (string, error) {
				if err := checkRegex(p, s); err != nil {
					return "", err
				}
				return f(p, s, with)
			}
		}
	}
}

func regex2[R any](f func(pattern, s string) (R, error)) func(pattern, s string) (R, error) {
	return func(pattern, s string) (R, error) {
		if err := checkRegex(pattern, s); err != nil {
			var none R
			return none, err
		}
		return f(pattern, s)
	}
}

func regexParts(f func(string, string, int) ([]string, error)) func(string, string, int) ([]string, error) {
	return func(pattern, s string, n int) ([]string, error) {
		if err := checkRegex(pattern, s); err != nil {
			return nil, err
		}
		if n >= 0 && n <= maxNumbers || len(s) < maxNumbers {
			return f(pattern, s, n)
		}
		list, err := f(pattern, s, maxNumbers+1)
		if len(list) > maxNumbers {
			return nil, limitf("a text of more than %d parts", maxNumbers)
		}
		return list, err
	}
}

func checkRegex(pattern, s string) error {
	const largest = 1000 // instructions that a character of a pattern can become
	switch {
	case len(pattern) > maxPattern:
		return limitf("a regular expression of %d bytes", len(pattern))
	case len(pattern)*largest*(len(s)+1) <= maxRegexWork:
		return nil
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil //nolint:nilerr // the function itself says so, in Helm's words
	}
	program, err := syntax.Compile(tree.Simplify())
	if err == nil && len(program.Inst)*len(s) > maxRegexWork {
		return limitf("a regular expression of %d steps for a text of %d bytes", len(program.Inst), len(s))
	}
	return nil
}

// boundPairs bounds the functions that compare each item with many.
func boundPairs(funcs template.FuncMap) {
	check := func(list any, with int) error {
		size := maxValue - measure(list, maxValue, 0)
		if size > maxValue {
			return errHugeValue()
		}
		if with > 0 && size/elementBytes > maxPairs/with {
			return limitf("comparing %d items with %d", length(reflect.ValueOf(list)), with)
		}
		return nil
	}
	for _, name := range []string{"uniq", "mustUniq"} {
		uniq := listFunc(funcs[name])
		funcs[name] = func(list any) ([]any, error) {
			if err := check(list, length(reflect.ValueOf(list))); err != nil {
				return nil, err
			}
			return uniq(list)
		}
	}
	for _, name := range []string{"without", "mustWithout"} {
		without := withoutFunc(funcs[name])
		funcs[name] = func(list any, omit ...any) ([]any, error) {
			if err := check(list, len(omit)); err != nil {
				return nil, err
			}
			return without(list, omit...)
		}
	}
}

func listFunc(f any) func(any) ([]any, error) {
	if f, ok := f.(func(any) []any); ok {
		return func(v any) ([]any, error) { return f(v), nil }
	}
	return f.(func(any) ([]any, error))
}

func withoutFunc(f any) func(any, ...any) ([]any, error) {
	if f, ok := f.(func(any, ...any) []any); ok {
		return func(v any, omit ...any) ([]any, error) { return f(v, omit...), nil }
	}
	return f.(func(any, ...any) ([]any, error))
}

// boundDecoders bounds the functions that make values of text.
func boundDecoders(funcs template.FuncMap) {
	decoders := []string{"fromYaml", "fromYamlArray", "fromJson", "fromJsonArray", "mustFromJson", "fromToml"}
	for _, name := range decoders {
		limit := maxDecoded
		if name == "fromToml" {
			limit = maxTOML
		}
		check := func(s string) error {
			if len(s) > limit {
				return limitf("%s of %d bytes", name, len(s))
			}
			if strings.HasPrefix(name, "fromYaml") {
				if err := yaml.Check([]byte(s)); err != nil {
					return limitf("%s of %d bytes", name, len(s))
				}
			}
			return nil
		}
		switch f := funcs[name].(type) {
		case func(string) map[string]any:
			funcs[name] = checked(check, func(s string) (map[string]any, error) { return f(s), nil })
		case func(string) []any:
			funcs[name] = checked(check, func(s string) ([]any, error) { return f(s), nil })
		case func(string) (any, error):
			funcs[name] = checked(check, f)
		}
	}
}

func checked[R any](check func(string) error, f func(string) (R, error)) func(string) (R, error) {
	return func(s string) (R, error) {
		if err := check(s); err != nil {
			var none R
			return none, err
		}
		return f(s)
	}
}

// checkGlob bounds patterns: what compiles and matches them tries combinations.
func checkGlob(pattern string) error {
	const maxLength, maxStars, maxGroups, maxAlternatives = 1 << 10, 8, 6, 64
	if len(pattern) > maxLength || strings.Count(pattern, "*") > maxStars ||
		strings.Count(pattern, "{") > maxGroups || strings.Count(pattern, ",") > maxAlternatives {
		return limitf("a pattern of more than %d bytes, %d stars, %d groups or %d alternatives",
			maxLength, maxStars, maxGroups, maxAlternatives)
	}
	return nil
}
