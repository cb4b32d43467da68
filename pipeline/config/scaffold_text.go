package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

var plainYAML = lazyregexp.New(`^[A-Za-z_]([\w./:-]*[\w./-])?$`)

// yamlText writes a text as a YAML scalar that flow style reads as text.
func yamlText(s string) string {
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n", ".", "..":
		return strconv.Quote(s)
	}
	if plainYAML.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}

func joinYAML(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = yamlText(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// groovyText writes a text as a Groovy string.
func groovyText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`).Replace(s) + "'"
}

// gitlabRef writes a branch pattern as a condition of a GitLab rule, quoted
// for YAML.
func gitlabRef(pattern string) string {
	if literal(pattern) && !strings.ContainsAny(pattern, `"'$`) {
		return fmt.Sprintf(`'$CI_COMMIT_BRANCH == "%s"'`, pattern)
	}
	return `'$CI_COMMIT_BRANCH =~ /` + strings.ReplaceAll(branchExpression(pattern), "/", `\/`) + `/'`
}

// jenkinsBranch writes a branch pattern as a condition of a Jenkins stage.
func jenkinsBranch(pattern string) string {
	if strings.ContainsAny(pattern, `[\`) { // which Ant's patterns do not know
		return "branch pattern: " + groovyText(branchExpression(pattern)) + ", comparator: 'REGEXP'"
	}
	return "branch " + groovyText(pattern)
}

// branchExpression writes a branch pattern as a regular expression. Characters
// that would need quoting in some place or other become ".".
func branchExpression(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case strings.HasPrefix(pattern[i:], "**/"):
			b.WriteString("(.*/)?")
			i += 2
		case strings.HasPrefix(pattern[i:], "**"):
			b.WriteString(".*")
			i++
		case c == '*':
			b.WriteString(`[^/]*`)
		case c == '?':
			b.WriteString(`[^/]`)
		case c == '.':
			b.WriteString(`\.`)
		case strings.IndexByte(`'"$+(){}|`, c) >= 0:
			b.WriteByte('.')
		default:
			b.WriteByte(c)
		}
	}
	return "^" + b.String() + "$"
}
