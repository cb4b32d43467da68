package secret

import (
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// keyed is a key and what separates it from its value: password=..., "pwd": "...",
// \"token\":\"...\" (JSON within JSON).
var keyed = lazyregexp.New(`([A-Za-z][A-Za-z0-9_.-]*)\\?["']?[ \t]?([=:])[ \t]?`)

// keyValue is the value of a key that promises a secret, in a text.
type keyValue struct {
	value  span
	equals bool // between them is "=", else ":"
	alone  bool // nothing else is on the line
}

// pairs finds the values of keys that promise a secret, besides switches and
// references to secrets: "--password=$(DB_PASSWORD)".
func pairs(text string) []keyValue {
	if !strings.ContainsAny(text, "=:") {
		return nil
	}
	var all []keyValue
	end := 0 // of the last value
	for _, m := range keyed.Compiled().FindAllStringSubmatchIndex(text, -1) {
		if m[0] < end || !Promised(text[m[2]:m[3]]) {
			continue
		}
		v := valueAt(text, m[1])
		if v.from >= v.to || isSwitch(text[v.from:v.to]) || strings.ContainsRune("$%{<[|>&*", rune(text[v.from])) {
			continue
		}
		end = v.to
		all = append(all, keyValue{v, text[m[4]:m[5]] == "=", alone(text, m[0], v.to)})
	}
	return all
}

// valueAt is the value that begins at a place: what is between quotes, else one word.
func valueAt(text string, at int) span {
	rest := text[at:]
	for _, quote := range []string{`"`, `'`, `\"`} {
		inner, ok := strings.CutPrefix(rest, quote)
		if !ok {
			continue
		}
		at += len(quote)
		return span{at, at + closing(inner, quote)}
	}
	if n := strings.IndexAny(rest, " \t\n\"'\\,;&})]"); n >= 0 {
		rest = rest[:n]
	}
	return span{at, at + len(rest)}
}

// closing is where a quotation ends, or its line when it does not.
func closing(s, quote string) int {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\n' || strings.HasPrefix(s[i:], quote):
			return i
		case s[i] == '\\' && quote != "'":
			i++
		}
	}
	return len(s)
}

// alone reports whether a part of a text has its line to itself, but for punctuation.
func alone(text string, from, to int) bool {
	const punctuation = " \t\r\"',;{}-"
	before, after := strings.TrimRight(text[:from], punctuation), strings.TrimLeft(text[to:], punctuation)
	return (before == "" || strings.HasSuffix(before, "\n")) && (after == "" || strings.HasPrefix(after, "\n"))
}
