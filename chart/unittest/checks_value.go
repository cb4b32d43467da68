package unittest

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"reflect"
	"regexp"
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

// isEmpty reports whether a value is null, "", 0, false, or has no elements.
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
