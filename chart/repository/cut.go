package repository

import (
	"bytes"
	"slices"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// chartLine is a chart's name in an index.yaml as Helm writes it, and an empty
// list behind it, perhaps.
var chartLine = lazyregexp.New(`^ *["']?([A-Za-z0-9][A-Za-z0-9._-]*)["']?: *(\[\])?$`)

// cutIndex cuts from an index.yaml what stands outside of its entries and the
// entries called names, without parsing the rest, and lists the names of all
// entries. It says no to what is not laid out as Helm writes it: one key
// "entries" with a block for each chart.
func cutIndex(data []byte, names []string) (part []byte, all []string, ok bool) {
	inside, wanted, indent := false, true, -1
	for line := range bytes.Lines(data) {
		text := bytes.TrimRight(line, " \r\n")
		depth := len(text) - len(bytes.TrimLeft(text, " "))
		switch {
		case len(text) == 0 || text[depth] == '#' && !inside:
		case text[depth] == '\t':
			return nil, nil, false
		case depth == 0 && text[0] != '-':
			inside = string(text) == "entries:"
			wanted = true
			if bytes.HasPrefix(text, []byte("entries")) && !inside || inside && indent >= 0 {
				return nil, nil, false
			}
		case !inside:
		case indent < 0 || depth == indent && text[depth] != '-':
			found := chartLine.Compiled().FindSubmatch(text)
			if found == nil {
				return nil, nil, false
			}
			indent = depth
			all = append(all, string(found[1]))
			wanted = slices.Contains(names, string(found[1]))
		case depth < indent:
			return nil, nil, false
		}
		if wanted {
			part = append(part, line...)
		}
	}
	slices.Sort(all)
	return part, all, indent >= 0
}
