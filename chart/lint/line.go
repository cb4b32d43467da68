package lint

import (
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/internal/kubeschema"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// where is a path in one word.
func where(path []string) string { return kubeschema.PathString(path) }

// findBeginnings finds for each object the line of its template with which it
// begins: the lines "kind: X" of a file are told apart by their order.
func (l *linter) findBeginnings() {
	type place struct{ file, kind string }
	groups := map[place][]*object{}
	for _, o := range l.objects {
		if o.template != nil {
			groups[place{o.file, o.kind}] = append(groups[place{o.file, o.kind}], o)
		}
	}
	for p, objects := range groups {
		lines := kindLines(objects[0].template, p.kind)
		for i, o := range objects {
			switch {
			case len(lines) == 1: // one text may become many objects
				o.first = lines[0]
			case len(lines) == len(objects):
				o.first = lines[i]
			}
		}
	}
}

// kindLines are the lines with which documents of a kind begin.
func kindLines(template []string, kind string) []int {
	var list []int
	begin := 1
	for i, line := range template {
		switch {
		case strings.HasPrefix(line, "---"):
			begin = i + 2
		case strings.TrimRight(line, " \t\r") == "kind: "+kind:
			list = append(list, beginning(template, begin, i+1))
		}
	}
	return list
}

// beginning is the first line between two that belongs to the object.
func beginning(template []string, from, to int) int {
	for n := from; n < to; n++ {
		if strings.HasPrefix(template[n-1], "apiVersion:") {
			return n
		}
	}
	return to
}

// line is the template's line of the field at path, or of the nearest parent
// that the template names; 0 if it names none. It reads the text before
// rendering, by its indents, so it is a guess that errs towards the parent.
func (o *object) line(path ...string) int {
	if o.template == nil || o.first == 0 {
		return o.first
	}
	s := section{o.template, o.first - 1, len(o.template), 0}
	for n := s.from; n < s.to; n++ {
		if n >= o.first && strings.HasPrefix(s.lines[n], "---") {
			s.to = n
		}
	}
	found := o.first
	for _, step := range path {
		next, ok := s.child(step)
		if !ok {
			break
		}
		s, found = next, next.from+1
	}
	return found
}

// section is a block of a template's lines: from and to are indexes, indent is
// that of its keys, at least.
type section struct {
	lines    []string
	from, to int
	indent   int
}

var (
	keyLine    = lazyregexp.New(`^(\s*)((?:- +)*)["']?([^\s"':{}]+)["']?\s*:(?:\s|$)`)
	actionLine = lazyregexp.New(`^\s*(?:\{\{.*\}\})?\s*(?:#.*)?$`) // nothing but a template action or a comment
)

// child is the block of a key or of an item [2].
func (s section) child(step string) (section, bool) {
	if strings.HasPrefix(step, "[") {
		i, err := strconv.Atoi(strings.Trim(step, "[]"))
		return s.item(i), err == nil && s.item(i).to > 0
	}
	best, bestIndent := -1, 1<<30
	for n := s.from; n < s.to; n++ {
		if !strings.Contains(s.lines[n], step) { // no need for the expression
			continue
		}
		m := keyLine.FindStringSubmatch(s.lines[n])
		if m == nil || m[3] != step {
			continue
		}
		if indent := len(m[1]) + len(m[2]); indent >= s.indent && indent < bestIndent {
			best, bestIndent = n, indent
		}
	}
	if best < 0 {
		return section{}, false
	}
	return section{s.lines, best, s.end(best, bestIndent), bestIndent + 1}, true
}

// item is the block of the i-th item of the list in s; its to is 0 when the
// template does not show that many.
func (s section) item(i int) section {
	var starts []int
	dash := -1
	for n := s.from; n < s.to; n++ {
		trimmed := strings.TrimLeft(s.lines[n], " ")
		if !strings.HasPrefix(trimmed, "- ") || n == s.from && s.indent > 0 && !strings.HasPrefix(s.lines[n], strings.Repeat(" ", s.indent)) {
			continue
		}
		indent := len(s.lines[n]) - len(trimmed)
		if dash < 0 {
			dash = indent
		}
		if indent == dash {
			starts = append(starts, n)
		}
	}
	if len(starts) == 1 {
		i = 0 // one text may become many items
	}
	if i >= len(starts) {
		return section{}
	}
	return section{s.lines, starts[i], s.end(starts[i], dash), dash + 1}
}

// end is the first line after n that does not belong to the key at n.
func (s section) end(n, indent int) int {
	isItem := strings.HasPrefix(strings.TrimLeft(s.lines[n], " "), "- ")
	for i := n + 1; i < s.to; i++ {
		line := s.lines[i]
		trimmed := strings.TrimLeft(line, " ")
		if maybeAction := trimmed == "" || strings.IndexByte("{#\t\r\f\v", trimmed[0]) >= 0; maybeAction && actionLine.MatchString(line) {
			continue
		}
		depth := len(line) - len(trimmed)
		if depth < indent || depth == indent && (isItem || !strings.HasPrefix(trimmed, "- ")) {
			return i
		}
	}
	return s.to
}
