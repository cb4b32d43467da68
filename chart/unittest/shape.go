package unittest

import (
	"fmt"
	"maps"
	"strings"

	"go.yaml.in/yaml/v3"
)

// shape says which keys a map may have, or what the elements of a list look
// like. A nil shape takes anything.
type shape struct {
	keys     map[string]*shape
	elements *shape
	fold     bool // keys count whatever their case
}

func keysOf(names ...string) *shape {
	s := &shape{keys: map[string]*shape{}}
	for _, name := range names {
		s.keys[name] = nil
	}
	return s
}

// with adds keys that have shapes of their own.
func (s *shape) with(more map[string]*shape) *shape {
	maps.Copy(s.keys, more)
	return s
}

var (
	selectorShape = keysOf("path", "value", "matchMany", "skipEmptyTemplates")
	commonShapes  = map[string]*shape{
		"release":            keysOf("name", "namespace", "revision", "upgrade"),
		"chart":              keysOf("version", "appVersion"),
		"capabilities":       keysOf("majorVersion", "minorVersion", "apiVersions"),
		"kubernetesProvider": keysOf("scheme", "objects"),
		"postRenderer":       keysOf("cmd", "args"),
		"skip":               keysOf("reason", "minimumVersion"),
	}
	testShape = keysOf("it", "values", "set", "template", "templates", "documentIndex", "asserts").
			with(commonShapes).with(map[string]*shape{"documentSelector": selectorShape})
	suiteShape = keysOf("suite", "values", "set", "templates", "excludeTemplates", "includeCrds", "snapshotId").
			with(commonShapes).with(map[string]*shape{"tests": {elements: testShape}})
)

// checkShape reports the keys of a node that nothing reads. place says where
// the node stands: "the suite", "release".
func checkShape(node *yaml.Node, s *shape, place string, report func(line int, message string)) {
	node = resolve(node)
	if s == nil {
		return
	}
	if s.elements != nil {
		if node.Kind == yaml.SequenceNode {
			for _, e := range node.Content {
				checkShape(e, s.elements, "a test", report)
			}
		}
		return
	}
	for _, e := range entries(node) {
		name := e.key.Value
		sub, known := s.lookup(name)
		if !known {
			report(e.key.Line, fmt.Sprintf("%s has no key %s%s", place, name, suggest(name, sortedKeys(s.keys))))
			continue
		}
		checkShape(e.value, sub, name, report)
	}
}

func (s *shape) lookup(name string) (*shape, bool) {
	sub, ok := s.keys[name]
	if ok || !s.fold {
		return sub, ok
	}
	for k, v := range s.keys {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return nil, false
}

// entry is one key of a map with its value.
type entry struct{ key, value *yaml.Node }

// entries lists the entries of a map, those merged in by << behind its own, one
// of each name.
func entries(node *yaml.Node) []entry {
	var out []entry
	seen := map[string]bool{}
	var add func(node *yaml.Node, depth int)
	add = func(node *yaml.Node, depth int) {
		node = resolve(node)
		if depth > maxMerge {
			return
		}
		if node.Kind == yaml.SequenceNode && depth > 0 {
			for _, e := range node.Content {
				add(e, depth+1)
			}
			return
		}
		if node.Kind != yaml.MappingNode {
			return
		}
		var merged []*yaml.Node
		for i := 0; i+1 < len(node.Content); i += 2 {
			k, v := node.Content[i], node.Content[i+1]
			switch {
			case k.Tag == "!!merge":
				merged = append(merged, v)
			case !seen[k.Value]:
				seen[k.Value] = true
				out = append(out, entry{k, v})
			}
		}
		for _, m := range merged {
			add(m, depth+1)
		}
	}
	add(node, 0)
	return out
}

// maxMerge bounds merges within merges.
const maxMerge = 20

// resolve follows an alias.
func resolve(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}
