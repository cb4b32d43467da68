package render

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"text/template"

	charttemplate "github.com/pintle-ci/pintle/chart/template"
)

// withFunctions calls f with all functions of a render, but text/template's own.
func withFunctions(t *testing.T, f func(template.FuncMap)) {
	t.Helper()
	if err := within(t.Context(), Options{}, func(opts Options) error {
		e := newEngine(context.WithoutCancel(t.Context()), opts)
		f(e.newSet(template.New(tplName)).names)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestFunctionsHaveRows(t *testing.T) {
	withFunctions(t, func(funcs template.FuncMap) {
		for name := range charttemplate.Builtins {
			funcs[name] = nil
		}
		for _, name := range slices.Sorted(maps.Keys(funcs)) {
			if _, ok := functions[name]; !ok {
				t.Errorf("%s has no row: say what it costs, whether it is pure and whether it changes its arguments", name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(functions)) {
			if _, ok := funcs[name]; !ok {
				t.Errorf("%s has a row and is no function", name)
			}
			if row := functions[name]; row.pure && row.mutates {
				t.Errorf("%s cannot be pure and change its arguments", name)
			}
		}
	})
}

// TestFunctionsChangeArguments calls every function with maps and lists, and looks at those afterwards.
func TestFunctionsChangeArguments(t *testing.T) {
	eachFunction(t, func(name string, fn reflect.Value) {
		changed := false
		for _, pick := range arguments(fn.Type()) {
			args := pick()
			before := shown(args)
			_, _ = called(fn, args)
			changed = changed || shown(args) != before
		}
		if changed != functions[name].mutates {
			t.Errorf("%s changes its arguments: %v, its row says %v", name, changed, functions[name].mutates)
		}
	})
}

// TestFunctionsArePure calls every function that its row calls pure several times with equal arguments.
func TestFunctionsArePure(t *testing.T) {
	answered := 0
	eachFunction(t, func(name string, fn reflect.Value) {
		for _, pick := range arguments(fn.Type()) {
			if !functions[name].pure {
				return
			}
			first, ok := called(fn, pick())
			if ok {
				answered++
			}
			for range 2 {
				if again, _ := called(fn, pick()); again != first {
					t.Errorf("%s: %s, then %s", name, first, again)
					return
				}
			}
		}
	})
	if answered < 2000 {
		t.Errorf("only %d calls had a result", answered)
	}
}

// eachFunction is for those that can be called often, outside of a template.
func eachFunction(t *testing.T, f func(name string, fn reflect.Value)) {
	withFunctions(t, func(funcs template.FuncMap) {
		for _, name := range slices.Sorted(maps.Keys(funcs)) {
			if functions[name].cost != costSlow && !strings.HasPrefix(name, "_") {
				f(name, reflect.ValueOf(funcs[name]))
			}
		}
	})
}

func shown(args []reflect.Value) string {
	var b strings.Builder
	for _, arg := range args {
		fmt.Fprintln(&b, arg)
	}
	return b.String()
}

// called is the result of a call as text; ok is false if there is none.
func called(fn reflect.Value, args []reflect.Value) (text string, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			text, ok = fmt.Sprint("panic: ", r), false
		}
	}()
	results := fn.Call(args)
	if n := len(results); n > 1 && !results[n-1].IsNil() {
		return fmt.Sprint(results[n-1]), false
	}
	return fmt.Sprintf("%#v", results[0]), true
}

// anyArguments are what a template may give a function that takes anything.
func anyArguments() []any {
	return []any{
		map[string]any{"a": "1", "b": map[string]any{"x": "y"}, "c": []any{"1", "2"}, "d": 4, "e": nil, "f": true},
		map[string]any{"b": map[string]any{"z": 1}, "g": 1},
		[]any{"b", "a", "b", nil, 1}, "a", 3, nil,
	}
}

// arguments make the arguments of many calls, each time anew.
func arguments(fn reflect.Type) []func() []reflect.Value {
	calls := []func() []reflect.Value{func() []reflect.Value { return nil }}
	fixed := fn.NumIn()
	if fn.IsVariadic() {
		fixed += 2 // none, one, two and three of the last
	}
	all := calls
	for i := range fixed {
		in := fn.In(min(i, fn.NumIn()-1))
		if fn.IsVariadic() && i >= fn.NumIn()-1 {
			in = fn.In(fn.NumIn() - 1).Elem()
			all = append(all, calls...)
		}
		var next []func() []reflect.Value
		for _, before := range calls {
			for n := range len(argumentsOf(in)) {
				next = append(next, func() []reflect.Value { return append(before(), argumentsOf(in)[n]) })
			}
		}
		calls = next
	}
	if fn.IsVariadic() {
		return append(all[1:], calls...)
	}
	return calls
}

func argumentsOf(in reflect.Type) []reflect.Value {
	var out []reflect.Value
	add := func(values ...any) {
		for _, v := range values {
			value := reflect.New(in).Elem()
			if v != nil {
				value.Set(reflect.ValueOf(v))
			}
			out = append(out, value)
		}
	}
	switch in {
	case reflect.TypeFor[any](), reflect.TypeFor[reflect.Value]():
		for _, v := range anyArguments() {
			if in.Kind() == reflect.Interface {
				add(v)
			} else if v != nil {
				add(reflect.ValueOf(v))
			}
		}
	case reflect.TypeFor[string]():
		add("a", "b: [1]", "%v")
	case reflect.TypeFor[int]():
		add(0, 2)
	case reflect.TypeFor[map[string]any]():
		add(anyArguments()[0], anyArguments()[1])
	case reflect.TypeFor[[]any]():
		add(anyArguments()[2])
	case reflect.TypeFor[bool]():
		add(true, false)
	default:
		out = append(out, reflect.Zero(in))
	}
	return out
}
