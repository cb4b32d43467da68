package render

import (
	"errors"
	"fmt"
	"reflect"
)

// Bounds of one render beside Limits. They are far above what charts need.
const (
	maxBuffer    = 16 << 20 // bytes of one template's, one include's or one function's result
	maxWritten   = 1 << 30  // bytes written in all, includes counted again where they are used
	maxOutput    = 64 << 20
	maxSteps     = 4_000_000 // writes, loop turns; a call counts as several
	callSteps    = 8
	maxIncludes  = 1000     // nested includes of one name; Helm's
	maxWeight    = 20_000   // levels of blocks and parentheses in them, as they are on the stack
	maxDepth     = 1100     // nested calls of templates in all
	maxNumbers   = 1 << 20  // numbers that until and its like make, items of a list
	maxValue     = 16 << 20 // bytes of a value that becomes text or is compared
	elementBytes = 32       // what an element of such a value counts beside its text
	maxNesting   = 1000     // of such a value
)

// ErrLimit says that a render exceeds one of its bounds.
var ErrLimit = errors.New("the chart renders too much")

// errTooDeep says that templates call each other without end.
var errTooDeep = errors.New("templates call each other without end")

func limitf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrLimit, fmt.Sprintf(format, args...))
}

// output collects what a template writes. Writing is where a render notices that it was cancelled.
type output struct {
	engine *engine
	text   []byte
	marks  []written // while the engine has a source map
}

// Write appends p or says which bound it would break.
func (o *output) Write(p []byte) (int, error) {
	if r := o.engine.sourceMap; r != nil && r.note(o, p) {
		return len(p), nil
	}
	if err := o.engine.chargeOutput(len(p)); err != nil {
		return 0, err
	}
	if len(o.text)+len(p) > maxBuffer {
		return 0, limitf("more than %d MiB from one template", maxBuffer>>20)
	}
	o.text = append(o.text, p...)
	return len(p), nil
}

// chargeOutput books n bytes of work and one step.
func (e *engine) chargeOutput(n int) error {
	e.written += int64(n)
	if e.written > maxWritten {
		return limitf("more than %d MiB in all", maxWritten>>20)
	}
	return e.tick()
}

// tick books one step and reports whether the render was cancelled.
func (e *engine) tick() error {
	e.steps++
	if e.steps > maxSteps {
		return limitf("more than %d steps", maxSteps)
	}
	if e.meter.credit -= stepCredit; e.meter.credit < 0 {
		return e.checkBudget()
	}
	return nil
}

// call books the call of a template, which takes longer than a step.
func (e *engine) call() error {
	e.steps += callSteps - 1
	return e.tick()
}

// checkSize refuses values whose text would be huge: long ones, deep ones and those whose parts refer to each other
// over and over.
func checkSize(list ...any) error {
	left := maxValue
	for _, v := range list {
		if left = measure(v, left, 0); left < 0 {
			return errHugeValue()
		}
	}
	return nil
}

func errHugeValue() error {
	return limitf("a value of more than %d MiB as text, or one that holds itself", maxValue>>20)
}

// measure subtracts what a value's text may take from left; the result is negative if there is more.
func measure(v any, left, depth int) int {
	if depth > maxNesting {
		return -1
	}
	left -= elementBytes
	switch v := v.(type) {
	case nil, bool, int, int64, float64:
		return left
	case string:
		return left - len(v)
	case []byte:
		return left - len(v)
	case values:
		return measure(map[string]any(v), left, depth)
	case map[string]any:
		for key, e := range v {
			if left = measure(e, left-len(key), depth+1); left < 0 {
				return left
			}
		}
	case []any:
		for _, e := range v {
			if left = measure(e, left, depth+1); left < 0 {
				return left
			}
		}
	case []string:
		for _, e := range v {
			left -= len(e) + elementBytes
		}
	default:
		return measureOther(reflect.ValueOf(v), left, depth)
	}
	return left
}

// measureOther measures what is no plain value: lists and maps of other types.
func measureOther(v reflect.Value, left, depth int) int {
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		switch v.Type().Elem().Kind() {
		case reflect.Interface, reflect.Slice, reflect.Map, reflect.String:
		default:
			return left - v.Len()*elementBytes
		}
		for i := 0; i < v.Len() && left >= 0; i++ {
			left = measure(v.Index(i).Interface(), left, depth+1)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next() && left >= 0; {
			left = measure(it.Key().Interface(), left, depth+1)
			left = measure(it.Value().Interface(), left, depth+1)
		}
	}
	return left
}
