package lint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/kubeschema"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// A comment "pintle:lint ignore ID[, ID...] reason" silences findings: in the
// comments at the top of a file those of the whole file, elsewhere those of its
// own line and of the next line that is not a comment. After a comma and a
// space only what has a slash is an id: the reason may begin there.
var (
	ignoreComment = lazyregexp.New(`(?:#|/\*).*\bpintle:lint +ignore +((?:\*/)?\w[\w*.-]*(?:/[\w*.-]+)?(?:,[\w/*.-]+|\s*,\s*[\w*.-]+/[\w/*.-]+)*)`)
	lintComment   = lazyregexp.New(`(?:#|/\*)\s*pintle:lint\b\s*([^\s*]*)`)
)

// ignore is one such comment.
type ignore struct {
	ids        []string
	from, to   int // lines
	everywhere bool
	wrong      string // why it silences nothing
}

// silence removes the findings that comments in a chart's files ask to ignore,
// and notes comments that name no rule.
func (l *linter) silence(c *chart.Chart, place string) {
	if place != "" && !l.opts.WithSubcharts {
		return
	}
	for _, f := range c.Raw {
		name := place + f.Name
		if !strings.HasPrefix(f.Name, "templates/") && f.Name != valuesYAML && f.Name != chartYAML ||
			!strings.Contains(string(f.Data), "pintle:lint") {
			continue
		}
		ignores := ignoresOf(strings.Split(string(f.Data), "\n"))
		l.findings = slices.DeleteFunc(l.findings, func(f Finding) bool {
			return f.Path == name && slices.ContainsFunc(ignores, func(i ignore) bool { return i.covers(f) })
		})
		for _, i := range ignores {
			if i.wrong != "" {
				l.add("lint/unknown-id", name, i.from, "%s", i.wrong)
			}
			for _, id := range UnknownIDs(i.ids) {
				l.add("lint/unknown-id", name, i.from, "there is no rule %s%s", id, didYouMean(id))
			}
		}
	}
	for _, d := range c.Dependencies {
		l.silence(d, place+"charts/"+d.Name()+"/")
	}
}

func (i ignore) covers(f Finding) bool {
	return matches(i.ids, f.ID) && (i.everywhere || f.Line >= i.from && f.Line <= i.to)
}

func ignoresOf(lines []string) []ignore {
	var list []ignore
	top := true
	for n, line := range lines {
		comment := isComment(line)
		top = top && comment
		m := ignoreComment.FindStringSubmatch(line)
		if m == nil {
			if m := lintComment.FindStringSubmatch(line); m != nil {
				list = append(list, ignore{from: n + 1, wrong: wrongComment(m[1])})
			}
			continue
		}
		i := ignore{ids: splitIDs(m[1]), from: n + 1, to: n + 1, everywhere: top}
		if comment {
			for next := n + 1; next < len(lines); next++ {
				if i.to = next + 1; !isComment(lines[next]) {
					break
				}
			}
		}
		list = append(list, i)
	}
	return list
}

func splitIDs(list string) []string {
	ids := strings.Split(list, ",")
	for i := range ids {
		ids[i] = strings.TrimSpace(ids[i])
	}
	return ids
}

// wrongComment says what is wrong with a comment whose first word is not
// followed by an id, or is another one than ignore.
func wrongComment(word string) string {
	if word == "ignore" {
		return "the comment names no rule to ignore"
	}
	return "the comment says " + strconv.Quote(word) + ", not ignore"
}

// isComment reports whether a line holds nothing but a comment of YAML or of a
// template.
func isComment(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || strings.HasPrefix(line, "#") ||
		(strings.HasPrefix(line, "{{/*") || strings.HasPrefix(line, "{{- /*")) && strings.HasSuffix(line, "}}")
}

// UnknownIDs are those ids, or patterns of ids, that fit no rule.
func UnknownIDs(ids []string) []string {
	var unknown []string
	for _, id := range ids {
		if !slices.ContainsFunc(rules, func(r Rule) bool { return matches([]string{id}, r.ID) }) {
			unknown = append(unknown, id)
		}
	}
	return unknown
}

// NearestID is the id of the rule that was most likely meant, or "".
func NearestID(id string) string {
	var known []string
	for _, r := range rules {
		known = append(known, r.ID)
	}
	return kubeschema.Nearest(id, known)
}

func didYouMean(id string) string {
	if near := NearestID(id); near != "" {
		return ": did you mean " + near + "?"
	}
	return ""
}
