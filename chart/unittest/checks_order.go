package unittest

import (
	"cmp"
	"fmt"
	"slices"
)

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
