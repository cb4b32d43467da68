package lint

import (
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

var (
	secretKey   = lazyregexp.New(`(?i)(password|passwd|token|api[_-]?key|private[_-]?key|secret[_-]?key|access[_-]?key)$`)
	placeholder = lazyregexp.New(`^\s*$|\{\{|\$\(|\$\{|^<.*>$`)

	// What only sounds like a secret: allowEmptyPassword, existingSecretKey;
	// tokenSecretKey: token, which names a key of a Secret; a switch; a file.
	aboutSecret = lazyregexp.New(`^(?i:allow|auto|create|disable|enable|existing|generate|require|use)([A-Z_-]|d[A-Z_-])`)
	keyOfSecret = lazyregexp.New(`(?i).[_-]?secret[_-]?key$`)
	plainName   = lazyregexp.New(`^[A-Za-z]+([._-][A-Za-z]+)*$`)
	noSecret    = lazyregexp.New(`^(?i:yes|no|on|off|true|false|none|null|enabled|disabled)$|^/|\.(key|pem|crt|cer|jks|p12|txt|json|yaml)$`)
)

// isSecret reports whether the text under a key is a password, token or the like
// itself, and no name of one.
func isSecret(key, value string) bool {
	return secretKey.MatchString(key) && !placeholder.MatchString(value) && !noSecret.MatchString(value) &&
		!aboutSecret.MatchString(key) && (!keyOfSecret.MatchString(key) || !plainName.MatchString(value))
}

// secret finds literal data of a Secret in the template's text, and in that of a
// ConfigMap those under a key that promises a secret.
func (l *linter) secret(o *object) {
	if o.kind != "Secret" && o.kind != "ConfigMap" {
		return
	}
	for _, section := range []string{"data", "stringData"} {
		data := mapAt(o.fields, section)
		for _, key := range sortedKeys(data) {
			value := text(data[key])
			if o.kind == "ConfigMap" && !isSecret(key, value) {
				continue
			}
			for i, line := range o.template {
				if name, rest, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && value != "" &&
					strings.Trim(name, `"'`) == key && strings.Trim(strings.TrimSpace(rest), `"'`) == value {
					l.add("secret/literal", o.file, i+1, "%s has the literal value of %s", o, key)
				}
			}
		}
	}
}

// secretForms are secrets that can be told by how they look.
var secretForms = []struct {
	name    string
	pattern lazyregexp.Regexp
}{
	{"an access key of AWS", lazyregexp.New(`\bA(?:KIA|SIA)[A-Z2-7]{16}\b`)},
	{"a token of GitHub", lazyregexp.New(`\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50,})\b`)},
	{"a token of GitLab", lazyregexp.New(`\bglpat-[A-Za-z0-9_-]{20,}`)},
	{"a token of Slack", lazyregexp.New(`\bxox[abprs]-[0-9]{8,}-[A-Za-z0-9-]{10,}`)},
}

var (
	privateKey = lazyregexp.New(`-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----(.*)$`)
	keyText    = lazyregexp.New(`^(?:\\n)?[A-Za-z0-9+/=]{40,}`)
)

// shapeSigns are what every secret of a known shape has, of which one is searched
// for in a file before its lines are looked at, which is slow.
var shapeSigns = []string{"AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "PRIVATE KEY-----"}

// knownSecrets finds secrets by their shape in the text of templates and of
// values.yaml. Comments and examples of documentation are left out.
func (f *fileLinter) knownSecrets() {
	for _, file := range f.chart.Raw {
		id := "secret/literal"
		if file.Name == valuesYAML {
			id = "values/secret"
		} else if !strings.HasPrefix(file.Name, "templates/") {
			continue
		}
		text := string(file.Data)
		if !slices.ContainsFunc(shapeSigns, func(sign string) bool { return strings.Contains(text, sign) }) {
			continue
		}
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			if what := knownSecret(line, lines[i+1:]); what != "" {
				f.add(id, file.Name, i+1, "the line has %s", what)
			}
		}
	}
}

// knownSecret names the secret that a line shows; rest are the lines after it.
func knownSecret(line string, rest []string) string {
	if isComment(line) || len(line) > 1<<16 || strings.Contains(line, "EXAMPLE") {
		return ""
	}
	if m := privateKey.FindStringSubmatch(line); m != nil {
		next := m[1]
		if strings.Trim(next, " \t\r") == "" && len(rest) > 0 {
			next = rest[0]
		}
		if keyText.MatchString(strings.TrimSpace(next)) {
			return "a private key"
		}
	}
	for _, s := range secretForms {
		if s.pattern.MatchString(line) {
			return s.name
		}
	}
	return ""
}
