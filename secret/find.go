package secret

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// What a map of many secrets ("secrets:") holds besides them.
var aboutSecrets = []string{"name", "key", "type", "namespace", "annotations", "labels", "path", "provider", "kind", "class", "ref", "store", "file", "version", "interval"}

// find adds what a tree below a key holds under keys that promise a secret, and in
// texts.
func find(found []string, above string, values map[string]any) []string {
	name, _ := values["name"].(string)
	for key, value := range values {
		if m, ok := value.(map[string]any); ok {
			if plural(key) {
				found = leaves(found, m)
			}
			found = find(found, key, m)
			continue
		}
		if promisedBelow(above, key) || key == "value" && (Promised(name) || Promised(above)) {
			found = scalars(found, value)
		}
		found = elements(found, key, value)
	}
	return found
}

// promisedBelow is Promised of a key with the one above it, which may say that
// "secret" is a Secret's name: in tls.
func promisedBelow(above, key string) bool {
	return Promised(key) && (above == "" || len(wordsOf(key)) > 1 || Promised(above+"-"+key))
}

// elements adds what a value of another kind than a map holds, whatever its key.
func elements(found []string, key string, value any) []string {
	switch v := value.(type) {
	case map[string]any:
		return find(found, key, v)
	case []any:
		for _, e := range v {
			found = elements(found, key, e)
		}
	case string:
		return inText(found, v)
	}
	return found
}

// leaves adds the texts of a map whose key names many secrets, but those under
// keys that say something about them.
func leaves(found []string, values map[string]any) []string {
	for key, value := range values {
		words := wordsOf(key)
		if len(words) > 0 && slices.Contains(aboutSecrets, singular(words[len(words)-1])) {
			continue
		}
		if m, ok := value.(map[string]any); ok {
			found = leaves(found, m)
			continue
		}
		found = scalars(found, value)
	}
	return found
}

// scalars adds a value, or every one of a list.
func scalars(found []string, value any) []string {
	switch v := value.(type) {
	case string:
		return append(found, v)
	case []any:
		for _, e := range v {
			found = scalars(found, e)
		}
	case json.Number, int, int64, uint64, float64:
		if f, ok := v.(float64); ok && f == float64(int64(f)) {
			v = int64(f)
		}
		return append(found, fmt.Sprint(v))
	}
	return found
}

// userinfo is the password in a URL: postgres://user:password@host.
var userinfo = lazyregexp.New(`([A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@"'<>]*:)([^\s/?#"'<>]+)@`)

// URLs masks the passwords of all URLs in a text: postgres://user:***@host.
func URLs(text string) string { return masked(text, passwords(text), mark) }

// Pairs masks what stands in a text under keys that promise a secret:
// "--db-password=...", "host=db password=...".
func Pairs(text string) string { return masked(text, valuesOf(pairs(text)), mark) }

// Replace puts other text in the place of what URLs and Pairs mask.
func Replace(text string, by func(found string) string) string {
	text = masked(text, passwords(text), by)
	return masked(text, valuesOf(pairs(text)), by)
}

func valuesOf(all []keyValue) []span {
	var out []span
	for _, p := range all {
		out = append(out, p.value)
	}
	return out
}

// maskShort masks the values that are known where they stand under a key that
// promises a secret.
func maskShort(text string, known map[string]bool) string {
	var all []span
	for _, p := range pairs(text) {
		if known[text[p.value.from:p.value.to]] {
			all = append(all, p.value)
		}
	}
	return masked(text, all, mark)
}

// inText adds what a text promises to hold: the passwords of URLs, and the values
// of keys in connection strings and arguments ("password=...") and in the lines of
// files ("password: ...").
func inText(found []string, text string) []string {
	for _, p := range passwords(text) {
		password := text[p.from:p.to]
		found = append(found, password)
		if plain, err := url.PathUnescape(password); err == nil && plain != password {
			found = append(found, plain)
		}
	}
	for _, p := range pairs(text) {
		if p.equals || p.alone {
			found = append(found, text[p.value.from:p.value.to])
		}
	}
	return found
}

// span is a part of a text.
type span struct{ from, to int }

func mark(string) string { return Mark }

// masked is a text with other text in the place of parts of it, which are in order.
func masked(text string, parts []span, by func(string) string) string {
	if len(parts) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, p := range parts {
		b.WriteString(text[at:p.from] + by(text[p.from:p.to]))
		at = p.to
	}
	return b.String() + text[at:]
}

// passwords finds those of URLs. The digest of an image follows an @, too, and a
// mark is none.
func passwords(text string) []span {
	if !strings.Contains(text, "://") || !strings.Contains(text, "@") {
		return nil
	}
	var all []span
	for _, m := range userinfo.Compiled().FindAllStringSubmatchIndex(text, -1) {
		if !strings.HasPrefix(text[m[1]:], "sha256:") && text[m[4]:m[5]] != Mark {
			all = append(all, span{m[4], m[5]})
		}
	}
	return all
}
