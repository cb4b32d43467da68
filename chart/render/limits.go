package render

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

// Bounds of one render. They are far above what charts need, and keep a hostile
// one within a gigabyte.
const (
	maxBuffer   = 64 << 20 // bytes of one template's, one include's or one function's result
	maxWritten  = 1 << 30  // bytes written in all, includes counted again where they are used
	maxOutput   = 128 << 20
	maxIncludes = 1000   // nested includes of one name; Helm's
	maxDepth    = 10_000 // nested includes and tpls in all
	maxNumbers  = 4 << 20
)

// ErrLimit says that a render exceeds one of its bounds.
var ErrLimit = errors.New("the chart renders too much")

func limitf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrLimit, fmt.Sprintf(format, args...))
}

// output collects what a template writes. Writing is where a render notices
// that it was cancelled.
type output struct {
	engine *engine
	text   []byte
}

// Write appends p or says which bound it would break.
func (o *output) Write(p []byte) (int, error) {
	if err := o.engine.charge(len(p)); err != nil {
		return 0, err
	}
	if len(o.text)+len(p) > maxBuffer {
		return 0, limitf("more than %d MiB from one template", maxBuffer>>20)
	}
	o.text = append(o.text, p...)
	return len(p), nil
}

// charge books n bytes of work and reports a cancelled context.
func (e *engine) charge(n int) error {
	e.written += int64(n)
	if e.written > maxWritten {
		return limitf("more than %d MiB in all", maxWritten>>20)
	}
	return e.tick()
}

// tick reports a cancelled context, looking every so often.
func (e *engine) tick() error {
	e.ticks++
	if e.ticks%256 == 0 {
		return context.Cause(e.ctx)
	}
	return nil
}

// boundedFuncs replaces the functions that make much out of little.
func (e *engine) boundedFuncs() template.FuncMap {
	original := sprig.TxtFuncMap()
	until := original["until"].(func(int) []int)
	untilStep := original["untilStep"].(func(int, int, int) []int)
	return template.FuncMap{
		"until": func(n int) ([]int, error) {
			if n > maxNumbers || n < -maxNumbers {
				return nil, limitf("until %d", n)
			}
			return until(n), nil
		},
		"untilStep": func(start, stop, step int) ([]int, error) {
			if step != 0 && (stop-start)/step > maxNumbers {
				return nil, limitf("untilStep %d %d %d", start, stop, step)
			}
			return untilStep(start, stop, step), nil
		},
		"repeat": func(count int, s string) (string, error) {
			if count > 0 && len(s) > 0 && count > maxBuffer/len(s) {
				return "", limitf("repeat %d", count)
			}
			return strings.Repeat(s, count), nil
		},
		"indent": func(spaces int, s string) (string, error) { return indent(spaces, s) },
		"nindent": func(spaces int, s string) (string, error) {
			s, err := indent(spaces, s)
			return "\n" + s, err
		},
		"replace": func(old, with, s string) (string, error) {
			if n := strings.Count(s, old); n > 0 && len(with) > 0 && n > (maxBuffer+len(s))/len(with) {
				return "", limitf("replace makes more than %d MiB", maxBuffer>>20)
			}
			return strings.ReplaceAll(s, old, with), nil
		},
	}
}

func indent(spaces int, s string) (string, error) {
	if spaces < 0 {
		return "", fmt.Errorf("indent by %d: must not be negative", spaces)
	}
	if lines := strings.Count(s, "\n") + 1; spaces > 0 && lines > maxBuffer/spaces {
		return "", limitf("indent by %d", spaces)
	}
	pad := strings.Repeat(" ", spaces)
	return pad + strings.ReplaceAll(s, "\n", "\n"+pad), nil
}
