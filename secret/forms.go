package secret

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"html"
	"net/url"
	"strconv"
	"strings"
)

// maxForms bounds the secret that is looked for in every form: of a longer one, which
// is a file or a binary, the whole, its Base64 and its lines are.
const maxForms = 16 << 10 // bytes

// forms are the texts in which a secret turns up: as it is, in Base64 (data of
// Secrets) also inside of a longer text, as hexadecimal digits, escaped for URLs, JSON, YAML, XML, HTML
// and shells; and the same of its single lines, which logs print one by one.
func forms(secret string) []string {
	all := formsOf
	if len(secret) > maxForms {
		all = briefly
	}
	out := all(nil, secret)
	lines := strings.Split(secret, "\n")
	if len(lines) == 1 {
		return out
	}
	for _, line := range lines {
		// Short lines of a key or a file ("}", "data:") are no secret.
		if line = strings.TrimSpace(line); len(line) >= minLength+2 {
			out = all(out, line)
		}
	}
	return append(out, strings.Join(strings.Fields(secret), " ")) // on one line, as messages are
}

func briefly(out []string, s string) []string {
	return append(append(out, s, base64.StdEncoding.EncodeToString([]byte(s))), inJSON(s)...)
}

func formsOf(out []string, s string) []string {
	out = append(out, s)
	if trimmed := strings.TrimSpace(s); len(trimmed) >= minLength && trimmed != s {
		out = append(out, trimmed, strings.Join(strings.Fields(s), " "))
	}
	out = append(out, inBase64(s)...)
	out = append(out, inDigits(s)...)
	out = append(out, inURLs(s)...)
	return append(out, quoted(s)...)
}

// inBase64 are the Base64 texts of s: whole, with and without padding, alone and
// with a newline at its end; and what is certain of them in the Base64 of a longer
// text, in which s begins at any byte of three.
func inBase64(s string) []string {
	var out []string
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		whole, line := e.EncodeToString([]byte(s)), e.EncodeToString([]byte(s+"\n"))
		out = append(out, whole, strings.TrimRight(whole, "="), line, strings.TrimRight(line, "="))
		for before := range 3 {
			text := e.EncodeToString(append(make([]byte, before), s...))
			from, to := (8*before+5)/6, 8*(before+len(s))/6 // six bits a character; those that others share are left out
			out = append(out, text[from:to])
		}
	}
	return out
}

// inDigits are what tools print of s: hexadecimal digits, its Base64 in lines of 64
// (PEM) or 76 characters (MIME), and the Base64 of its Base64.
func inDigits(s string) []string {
	digits, whole := hex.EncodeToString([]byte(s)), base64.StdEncoding.EncodeToString([]byte(s))
	out := []string{digits, strings.ToUpper(digits), base64.StdEncoding.EncodeToString([]byte(whole))}
	for _, width := range []int{64, 76} {
		for rest := whole; len(whole) > width && len(rest) >= shortestLine; rest = rest[min(width, len(rest)):] {
			out = append(out, rest[:min(width, len(rest))])
		}
	}
	return out
}

// shortestLine is the shortest last line of wrapped Base64 that is looked for.
const shortestLine = 16

// inURLs are the ways to escape s in a URL: the digits may be of either case, and
// a space may be a plus sign.
func inURLs(s string) []string {
	u := url.UserPassword("", s).String()
	out := []string{url.QueryEscape(s), strings.ReplaceAll(url.QueryEscape(s), "+", "%20"), url.PathEscape(s), strings.TrimPrefix(u, ":"), component(s)}
	for _, form := range out {
		if strings.Contains(form, "%") {
			out = append(out, lowerDigits(form))
		}
	}
	return out
}

// component escapes as JavaScript's encodeURIComponent does.
func component(s string) string {
	return strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(url.QueryEscape(s))
}

func lowerDigits(escaped string) string {
	b := []byte(escaped)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// quoted are the ways to write s between quotes.
func quoted(s string) []string {
	once := inJSON(s)
	var markup strings.Builder
	_ = xml.EscapeText(&markup, []byte(s)) // a Builder does not fail
	goQuoted, ascii := strconv.Quote(s), strconv.QuoteToASCII(s)
	out := []string{
		goQuoted[1 : len(goQuoted)-1], ascii[1 : len(ascii)-1],
		strings.ReplaceAll(s, "'", "''"),   // YAML, SQL
		strings.ReplaceAll(s, "'", `'\''`), // shells
		strings.ReplaceAll(s, "/", `\/`),   // JSON of other languages
		html.EscapeString(s), markup.String(),
		strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;").Replace(s),
	}
	for _, form := range once {
		out = append(out, form)
		out = append(out, inJSON(form)...) // JSON within JSON
	}
	return out
}

// inJSON is s within quotes of JSON, with and without the characters escaped that
// HTML minds.
func inJSON(s string) []string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes, and a Builder does not fail
	plain := strings.TrimSuffix(b.String(), "\n")
	escaped, _ := json.Marshal(s)
	return []string{plain[1 : len(plain)-1], string(escaped[1 : len(escaped)-1])}
}
