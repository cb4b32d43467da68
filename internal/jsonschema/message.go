package jsonschema

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// quote puts a text into single quotes.
func quote(s string) string {
	s = strconv.Quote(s)
	s = strings.ReplaceAll(s[1:len(s)-1], `\"`, `"`)
	return "'" + strings.ReplaceAll(s, "'", `\'`) + "'"
}

func quotes(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote(n)
	}
	return strings.Join(quoted, ", ")
}

// display is a value that is neither a list nor an object.
func display(v any) string {
	if s, ok := v.(string); ok {
		return quote(s)
	}
	return fmt.Sprint(v)
}

func mustBe(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = display(v)
	}
	if len(texts) == 1 {
		return "value must be " + texts[0]
	}
	return "value must be one of " + strings.Join(texts, ", ")
}

// grouped writes the numbers among args as English does: 65,535.
func grouped(args []any) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		switch v := arg.(type) {
		case int:
			out[i] = group(strconv.Itoa(v))
		case *big.Rat:
			f, _ := v.Float64()
			if text := strconv.FormatFloat(f, 'f', -1, 64); len(text) <= 21 {
				out[i] = group(text)
			} else {
				out[i] = strconv.FormatFloat(f, 'g', -1, 64)
			}
		default:
			out[i] = arg
		}
	}
	return out
}

func group(number string) string {
	number, negative := strings.CutPrefix(number, "-")
	whole, fraction, _ := strings.Cut(number, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if negative {
		return "-" + whole
	}
	return whole
}
