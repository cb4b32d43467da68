package unittest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

func parseLength(p params) (check, error) {
	var text string
	var texts []string
	var count *int
	if err := p.readAll("path", &text, "paths", &texts, "count", &count); err != nil {
		return nil, err
	}
	switch {
	case text != "" && len(texts) > 0:
		return nil, errors.New("path and paths cannot stand together")
	case text != "" && (count == nil || *count < 0):
		return nil, errors.New("a count is missing: path needs one, only paths are compared with each other")
	case text != "":
		texts = []string{text}
	}
	paths := make([]*Path, len(texts))
	for i, t := range texts {
		var err error
		if paths[i], err = ParsePath(t); err != nil {
			return nil, err
		}
	}
	return func(in checkInput) []Failure { return checkLength(in, paths, count) }, nil
}

func checkLength(in checkInput, paths []*Path, count *int) []Failure {
	if len(in.selected) == 0 {
		return in.noDocument()
	}
	var out []Failure
	for i, doc := range in.selected {
		lengths := make([]int, len(paths))
		failed := len(out)
		for n, path := range paths {
			one := checkInput{selected: []*document{doc}, negative: in.negative}
			for _, f := range one.eachValue(path, func(v any) verdict { return lengthOf(v, count, in.negative, &lengths[n]) }) {
				f.Document = i
				out = append(out, f)
			}
		}
		if len(out) == failed && len(paths) > 1 {
			out = append(out, sameLengths(i, paths, lengths, in.negative)...)
		}
	}
	return out
}

// lengthOf checks one list against the count, if there is one, and notes its
// length.
func lengthOf(v any, count *int, negative bool, length *int) verdict {
	list, ok := v.([]any)
	if !ok && count == nil {
		return verdict{fatal: "it is no list: " + show(v)}
	}
	*length = len(list)
	if count == nil {
		return verdict{holds: !negative}
	}
	return verdict{
		holds:   len(list) == *count,
		message: fmt.Sprintf("its length is %d, not %d", len(list), *count),
		opposed: fmt.Sprintf("its length must not be %d", *count),
	}
}

// sameLengths compares the lengths of several lists with the first's, in the
// order of their paths.
func sameLengths(doc int, paths []*Path, lengths []int, negative bool) []Failure {
	order := make([]int, len(paths))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(paths[a].text, paths[b].text) })
	first := order[0]
	for _, n := range order[1:] {
		v := verdict{
			holds:   lengths[n] == lengths[first],
			message: fmt.Sprintf("its length is %d, that of %s is %d", lengths[n], paths[first].text, lengths[first]),
			opposed: fmt.Sprintf("its length must not be that of %s, %d", paths[first].text, lengths[first]),
		}
		if f := v.judge(doc, paths[n].text, negative); f != nil {
			return f
		}
	}
	return nil
}
