package unittest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/chart"
)

// origin says which line of the suite, or of a values file, gives the value at a
// path of keys from the root chart down; empty if none does. It is for messages.
func (j *job) origin(path []string) string {
	own := ownPath(path, j.suite.Route)
	if len(own) == 0 {
		return ""
	}
	for _, set := range []*yaml.Node{j.test.setNode, j.suite.setNode} {
		if line := setLine(set, own); line > 0 {
			return fmt.Sprintf("%s:%d", j.suite.File, j.suite.first+line-1)
		}
	}
	sources, byName := chart.ValueSources{}, map[string]valuesFile{}
	for _, file := range j.valuesFiles() {
		sources.Files = append(sources.Files, file.name)
		byName[file.name] = file
	}
	return sources.Origin(own, func(name string) ([]byte, error) { return byName[name].read() })
}

// ownPath is a path as the values of a suite have it: from its own chart down.
// Globals stand at the top of all charts.
func ownPath(path []string, route string) []string {
	if len(path) > 0 && path[0] == chart.GlobalKey {
		return path
	}
	charts := strings.Split(route, "/charts/")[1:]
	if len(path) <= len(charts) || !slices.Equal(path[:len(charts)], charts) {
		return nil
	}
	return path[len(charts):]
}

// setLine is the line of a set section that gives the value at path, 0 if none
// does. Of several keys the last in alphabetic order wins.
func setLine(set *yaml.Node, path []string) int {
	if set == nil {
		return 0
	}
	list := entries(set)
	slices.SortFunc(list, func(a, b entry) int { return strings.Compare(b.key.Value, a.key.Value) })
	for _, e := range list {
		if line := entryLine(e, path); line > 0 {
			return line
		}
	}
	return 0
}

// entryLine is the line of a key a.b[0], or of what stands below it.
func entryLine(e entry, path []string) int {
	elements, err := setPath(e.key.Value)
	if err != nil {
		return 0
	}
	for i, element := range elements {
		if i == len(path) {
			return e.key.Line
		}
		if fmt.Sprint(element) != path[i] {
			return 0
		}
	}
	line, value := e.key.Line, e.value
	for _, key := range path[len(elements):] {
		if line, value = below(resolve(value), key); value == nil {
			return 0
		}
	}
	return line
}

// below is the value of a key or an index, and its line.
func below(node *yaml.Node, key string) (int, *yaml.Node) {
	for _, e := range entries(node) {
		if e.key.Value == key {
			return e.key.Line, e.value
		}
	}
	if i, err := strconv.Atoi(key); err == nil && node.Kind == yaml.SequenceNode && i >= 0 && i < len(node.Content) {
		return node.Content[i].Line, node.Content[i]
	}
	return 0, nil
}
