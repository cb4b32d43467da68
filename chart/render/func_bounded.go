package render

import (
	"fmt"
	"reflect"
	"strings"
	"text/template"
)

// bounded replaces the functions that make much out of little by ones that refuse to. Results are the same.
func bounded(funcs template.FuncMap) {
	boundText(funcs)
	boundNumbers(funcs)
	boundGrowth(funcs)
}

// boundText bounds the functions that make text of any value.
func boundText(funcs template.FuncMap) {
	for _, name := range []string{
		"toYaml", "mustToYaml", "toYamlPretty", "toJson", "mustToJson", "toPrettyJson", "toRawJson",
		"toToml", "mustToToml", "toString",
	} {
		funcs[name] = boundedArg(funcs[name].(func(any) string))
	}
	for _, name := range []string{"mustToPrettyJson", "mustToRawJson"} {
		funcs[name] = boundedArgOrError(funcs[name].(func(any) (string, error)))
	}
	funcs["toStrings"] = boundedArg(funcs["toStrings"].(func(any) []string))
	funcs["deepCopy"] = boundedArg(funcs["deepCopy"].(func(any) any))
	funcs["mustDeepCopy"] = boundedArgOrError(funcs["mustDeepCopy"].(func(any) (any, error)))
	for _, name := range []string{"quote", "squote", "cat"} {
		funcs[name] = boundedArgs(funcs[name].(func(...any) string))
	}
	funcs["print"] = boundedArgs(fmt.Sprint)
	funcs["println"] = boundedArgs(fmt.Sprintln)
	funcs["html"] = boundedArgs(template.HTMLEscaper)
	funcs["js"] = boundedArgs(template.JSEscaper)
	funcs["urlquery"] = boundedArgs(template.URLQueryEscaper)
	funcs["printf"] = printf
	join := funcs["join"].(func(string, any) string)
	funcs["join"] = func(separator string, v any) (string, error) {
		if err := checkSize(v); err != nil {
			return "", err
		}
		if n := length(reflect.ValueOf(v)); n > 0 && len(separator) > maxBuffer/n {
			return "", limitf("join of %d items by %d bytes", n, len(separator))
		}
		return join(separator, v), nil
	}
}

// boundNumbers bounds the functions that make as much as a number says.
func boundNumbers(funcs template.FuncMap) {
	funcs["repeat"] = repeat
	funcs["indent"] = indent
	funcs["nindent"] = nindent
	funcs["until"] = func(n int) ([]int, error) {
		if n < 0 {
			return untilStep(0, n, -1)
		}
		return untilStep(0, n, 1)
	}
	funcs["untilStep"] = untilStep
	seq := funcs["seq"].(func(...int) string)
	funcs["seq"] = func(params ...int) (string, error) {
		for _, n := range params {
			if n > maxNumbers || n < -maxNumbers {
				return "", limitf("seq %d", n)
			}
		}
		return seq(params...), nil
	}
	randBytes := funcs["randBytes"].(func(int) (string, error))
	funcs["randBytes"] = func(n int) (string, error) {
		if n > maxNumbers {
			return "", limitf("randBytes %d", n)
		}
		return randBytes(n)
	}
	for _, name := range []string{"randAlphaNum", "randAlpha", "randAscii", "randNumeric"} {
		random := funcs[name].(func(int) string)
		funcs[name] = func(n int) (string, error) {
			if n > maxNumbers {
				return "", limitf("%s %d", name, n)
			}
			return random(n), nil
		}
	}
}

// boundGrowth bounds the functions whose result, fed back in a loop, grows without end.
func boundGrowth(funcs template.FuncMap) {
	funcs["replace"] = replace
	for _, name := range []string{"b64enc", "b32enc"} {
		encode := funcs[name].(func(string) string)
		funcs[name] = func(s string) (string, error) {
			if len(s) > maxBuffer {
				return "", limitf("%s of %d MiB", name, len(s)>>20)
			}
			return encode(s), nil
		}
	}
	for _, name := range []string{"regexReplaceAll", "regexReplaceAllLiteral"} {
		replaceAll := funcs[name].(func(string, string, string) string)
		funcs[name] = func(pattern, s, with string) (string, error) {
			if err := checkReplacing(s, with); err != nil {
				return "", err
			}
			return replaceAll(pattern, s, with), nil
		}
		must := "mustR" + name[1:]
		mustReplaceAll := funcs[must].(func(string, string, string) (string, error))
		funcs[must] = func(pattern, s, with string) (string, error) {
			if err := checkReplacing(s, with); err != nil {
				return "", err
			}
			return mustReplaceAll(pattern, s, with)
		}
	}
	concat := funcs["concat"].(func(...any) any)
	funcs["concat"] = func(lists ...any) (any, error) {
		total := 0
		for _, list := range lists {
			if v := reflect.ValueOf(list); v.Kind() == reflect.Slice {
				total += v.Len()
			}
		}
		if total > maxNumbers {
			return nil, limitf("a list of %d items", total)
		}
		return concat(lists...), nil
	}
	dict := funcs["dict"].(func(...any) map[string]any)
	funcs["dict"] = func(pairs ...any) (map[string]any, error) {
		for i := 0; i < len(pairs); i += 2 {
			if _, ok := pairs[i].(string); !ok {
				if err := checkSize(pairs[i]); err != nil {
					return nil, err
				}
			}
		}
		return dict(pairs...), nil
	}
	boundParts(funcs)
	boundRegexes(funcs)
	boundPairs(funcs)
	boundDecoders(funcs)
}

// checkReplacing refuses to replace each of many characters by a long text.
func checkReplacing(s, with string) error {
	if len(with) > 0 && len(s)+1 > (1<<28)/len(with) {
		return limitf("a replacement in %d bytes by %d bytes", len(s), len(with))
	}
	return nil
}

// boundedArg makes a function refuse a huge argument.
func boundedArg[R any](f func(any) R) func(any) (R, error) {
	return boundedArgOrError(func(v any) (R, error) { return f(v), nil })
}

func boundedArgOrError[R any](f func(any) (R, error)) func(any) (R, error) {
	return func(v any) (R, error) {
		if err := checkSize(v); err != nil {
			var none R
			return none, err
		}
		return f(v)
	}
}

func boundedArgs(f func(...any) string) func(...any) (string, error) {
	return func(list ...any) (string, error) {
		if err := checkSize(list...); err != nil {
			return "", err
		}
		return f(list...), nil
	}
}

// printf bounds what verbs can make of long arguments and wide fields.
func printf(format string, args ...any) (string, error) {
	if err := checkSize(args...); err != nil {
		return "", err
	}
	if verbs := strings.Count(format, "%"); verbs > len(args)+8 || verbs > 64 {
		if left := measureAll(args); verbs > maxBuffer/(maxValue-left+1<<20) {
			return "", limitf("printf with %d verbs", verbs)
		}
	}
	text := fmt.Sprintf(format, args...)
	if strings.Contains(format, "%T") || strings.Contains(format, "%#") || strings.Contains(text, "%!") {
		text = typeNames.Replace(text)
	}
	return text, nil
}

func measureAll(args []any) int {
	left := maxValue
	for _, v := range args {
		left = measure(v, left, 0)
	}
	return left
}

func repeat(count int, s string) (string, error) {
	if count > 0 && len(s) > 0 && count > maxBuffer/len(s) {
		return "", limitf("repeat %d", count)
	}
	return strings.Repeat(s, count), nil
}

func replace(old, with, s string) (string, error) {
	if n := strings.Count(s, old); n > 0 && len(with) > 0 && n > maxBuffer/len(with) {
		return "", limitf("replace makes more than %d MiB", maxBuffer>>20)
	}
	return strings.ReplaceAll(s, old, with), nil
}

func indent(spaces int, s string) (string, error) {
	if lines := strings.Count(s, "\n") + 1; spaces > 0 && lines > maxBuffer/spaces {
		return "", limitf("indent by %d", spaces)
	}
	pad := strings.Repeat(" ", spaces)
	return pad + strings.ReplaceAll(s, "\n", "\n"+pad), nil
}

func nindent(spaces int, s string) (string, error) {
	s, err := indent(spaces, s)
	return "\n" + s, err
}
