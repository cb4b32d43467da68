package unittest

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Path is a compiled path into a document, in the JSONPath dialect that suites
// are written in: spec.containers[0].image, metadata.labels["app.kubernetes.io/name"],
// spec.containers[?(@.name == "web")].image, a.*, a[*], a[1:3], ..name and,
// at the end, ~ for a key instead of its value.
type Path struct {
	text  string
	steps []step
}

// step finds what it means from one node on. root is the document.
type step func(node, root *yaml.Node) []*yaml.Node

// maxFound bounds what a path finds on the way: each .. may multiply it.
const maxFound = 100_000

// maxPath bounds the text of a path, in bytes.
const maxPath = 4096

// Find lists the nodes at the path in the document whose top is root; none is
// no error.
func (p *Path) Find(root *yaml.Node) ([]*yaml.Node, error) {
	return p.from(root, root)
}

func (p *Path) from(node, root *yaml.Node) ([]*yaml.Node, error) {
	nodes := []*yaml.Node{node}
	for _, s := range p.steps {
		var next []*yaml.Node
		for _, n := range nodes {
			next = append(next, s(n, root)...)
			if len(next) > maxFound {
				return nil, fmt.Errorf("path %s: it finds more than %d places", p.text, maxFound)
			}
		}
		nodes = next
	}
	return nodes, nil
}

// child finds the values of the given keys of a map.
func child(names ...string) step {
	return func(node, _ *yaml.Node) []*yaml.Node { return members(node, 1, names) }
}

// key finds the given keys of a map themselves.
func key(names ...string) step {
	return func(node, _ *yaml.Node) []*yaml.Node { return members(node, 0, names) }
}

// members picks, of the entries of a map with one of the names, the key or the
// value: the node at offset 0 or 1.
func members(node *yaml.Node, offset int, names []string) []*yaml.Node {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	var out []*yaml.Node
	for _, name := range names {
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == name {
				out = append(out, node.Content[i+offset])
			}
		}
	}
	return out
}

// children finds all values of a map or a list.
func children(node, _ *yaml.Node) []*yaml.Node {
	switch node.Kind {
	case yaml.SequenceNode:
		return node.Content
	case yaml.MappingNode:
		return everySecond(node.Content, 1)
	}
	return nil
}

// keys finds all keys of a map.
func keys(node, _ *yaml.Node) []*yaml.Node {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	return everySecond(node.Content, 0)
}

func everySecond(nodes []*yaml.Node, first int) []*yaml.Node {
	out := make([]*yaml.Node, 0, len(nodes)/2)
	for i := first; i < len(nodes); i += 2 {
		out = append(out, nodes[i])
	}
	return out
}

// descendants finds a node's descendants, deepest first, and the node itself.
func descendants(node, _ *yaml.Node) []*yaml.Node {
	var out []*yaml.Node
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for _, c := range n.Content {
			walk(c)
		}
		out = append(out, n)
	}
	walk(node)
	return out
}

// span is one member of a subscript: an index, or a slice start:end:step.
type span struct {
	start, end, step   int
	hasStart, hasEnd   bool
	single, everything bool
}

var errStepZero = errors.New("the step of a slice must not be 0")

// elements finds elements of a list. [*] finds the values of a map, too.
func elements(spans []span) step {
	return func(node, root *yaml.Node) []*yaml.Node {
		if node.Kind == yaml.MappingNode && len(spans) == 1 && spans[0].everything {
			return children(node, root)
		}
		if node.Kind != yaml.SequenceNode {
			return nil
		}
		var out []*yaml.Node
		for _, s := range spans {
			for _, i := range s.indexes(len(node.Content)) {
				out = append(out, node.Content[i])
			}
		}
		return out
	}
}

// indexes are the existing indexes of a list with n elements that a span means.
func (s span) indexes(n int) []int {
	start, end, step := s.bounds(n)
	var out []int
	if step > 0 {
		for i := max(start, 0); i < min(end, n); i += step {
			out = append(out, i)
		}
		return out
	}
	for i := min(start, n-1); i > max(end, -1); i += step {
		out = append(out, i)
	}
	return out
}

func (s span) bounds(n int) (start, end, step int) {
	fromEnd := func(i int) int {
		if i < 0 {
			return i + n
		}
		return i
	}
	switch {
	case s.everything:
		return 0, n, 1
	case s.single:
		if start = fromEnd(s.start); start < 0 {
			return 0, 0, 1
		}
		return start, start + 1, 1
	}
	start, end = 0, n
	if s.step < 0 {
		start, end = n-1, -1
	}
	if s.hasStart {
		start = fromEnd(s.start)
	}
	if s.hasEnd {
		end = fromEnd(s.end)
	}
	return start, end, s.step
}
