package render

import (
	"context"
	"reflect"
	"text/template"
	"time"
)

// A render ends in bounded time and memory although nothing can interrupt text/template: whatever it does passes
// through writes, added actions and functions, and each of these uses up some credit. When the credit is spent, the
// render looks at its share of the limits and its context. A unit of credit is about a nanosecond or a byte.
const (
	creditTotal = 1 << 20
	stepCredit  = 16 << 10 // a write, a loop turn
)

// meter is what one engine has used. Its goroutine keeps its thread.
type meter struct {
	processor time.Duration // of the thread, that is booked or from before
	credit    int
	weight    int // levels of blocks and parentheses on the stack
}

func newMeter() meter { return meter{processor: processorTime(), credit: creditTotal} }

// charge books n units of work of a function; if there are no more, it panics with the reason, which text/template
// turns into the function's error.
func (e *engine) charge(n int) {
	if e.meter.credit -= n; e.meter.credit < 0 {
		if err := e.checkBudget(); err != nil {
			panic(err)
		}
	}
}

// checkBudget reports whether the render may go on.
func (e *engine) checkBudget() error {
	e.meter.credit = creditTotal
	if err := context.Cause(e.ctx); err != nil {
		return err
	}
	return e.opts.share.check(&e.meter)
}

// metered makes functions book what they do. Their types stay.
func (e *engine) metered(funcs template.FuncMap) {
	for name, f := range funcs {
		if functions[name].cost != costNone {
			funcs[name] = e.meteredFunc(name, f)
		}
	}
}

// meteredFunc wraps what charts call most without reflection.
func (e *engine) meteredFunc(name string, f any) any {
	switch f := f.(type) {
	case func(string) string:
		if functions[name].cost != costSlow {
			return func(s string) string { e.charge(8 * len(s)); return f(s) }
		}
	case func(string) (string, error):
		return func(s string) (string, error) { e.charge(8 * len(s)); return f(s) }
	case func(int, string) string:
		return func(n int, s string) string { e.charge(8 * len(s)); return f(n, s) }
	case func(int, string) (string, error):
		return func(n int, s string) (string, error) { e.charge(8 * len(s)); return e.chargeResult(f(n, s)) }
	case func(string, string) bool:
		return func(a, s string) bool { e.charge(len(s)); return f(a, s) }
	case func(string, string, string) (string, error):
		return func(a, b, s string) (string, error) { e.charge(8 * len(s)); return e.chargeResult(f(a, b, s)) }
	case func(string, string) string:
		if functions[name].cost != costSlow {
			return func(a, s string) string { e.charge(8 * (len(a) + len(s))); return f(a, s) }
		}
	case func(...any) map[string]any: // dict, which looks into its keys alone
		return func(pairs ...any) (map[string]any, error) {
			e.charge(elementBytes * len(pairs))
			for i := 0; i < len(pairs); i += 2 {
				if _, ok := pairs[i].(string); !ok {
					if err := checkSize(pairs[i]); err != nil {
						return nil, err
					}
				}
			}
			return f(pairs...), nil
		}
	case func(...any) (string, error):
		return func(list ...any) (string, error) { return e.chargeResult(f(list...)) }
	case func(string, ...any) (string, error):
		return func(format string, list ...any) (string, error) { return e.chargeResult(f(format, list...)) }
	case func(any) (string, error):
		return func(v any) (string, error) { return e.chargeResult(f(v)) }
	}
	return e.reflected(name, f)
}

// chargeResult books a text that was made.
func (e *engine) chargeResult(s string, err error) (string, error) {
	e.charge(8 * len(s))
	return s, err
}

// reflected wraps a function of any type.
func (e *engine) reflected(name string, f any) any {
	fn := reflect.ValueOf(f)
	call := fn.Call
	if fn.Type().IsVariadic() {
		call = fn.CallSlice
	}
	deep := functions[name].cost != costList
	return reflect.MakeFunc(fn.Type(), func(args []reflect.Value) []reflect.Value {
		units := 0
		for _, arg := range args {
			units += e.argument(arg, deep)
		}
		if functions[name].cost == costSlow {
			units += creditTotal
		}
		e.charge(units)
		return call(args)
	}).Interface()
}

// argument says how much work an argument may be; with deep the function is one that goes through all of it, and then
// there is a bound.
func (e *engine) argument(arg reflect.Value, deep bool) int {
	switch arg.Kind() {
	case reflect.String:
		return 8 * arg.Len()
	case reflect.Interface, reflect.Map, reflect.Slice:
		if !arg.CanInterface() || arg.IsNil() {
			return 0
		}
		if !deep {
			return 32 * length(arg)
		}
		left := measure(arg.Interface(), maxValue, 0)
		if left < 0 {
			panic(errHugeValue())
		}
		return 8 * (maxValue - left)
	}
	return 0
}

// length counts the entries of a list or a map, and of the lists in a list of arguments.
func length(v reflect.Value) int {
	for v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Map:
		return v.Len()
	case reflect.Slice:
		n := v.Len()
		if args, ok := reflect.TypeAssert[[]any](v); ok && n < 64 {
			for _, a := range args {
				if r := reflect.ValueOf(a); r.Kind() == reflect.Slice || r.Kind() == reflect.Map {
					n += r.Len()
				}
			}
		}
		return n
	}
	return 0
}
