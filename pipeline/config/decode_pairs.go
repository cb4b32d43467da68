package config

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// pair is one entry of a mapping.
type pair struct {
	name       string
	key, value *yaml.Node
}

// pairs returns the entries of a mapping, merge keys resolved: what the
// mapping says itself wins over what it merges. Duplicate keys are problems.
func (d *decoder) pairs(path string, n *yaml.Node, depth int) []pair {
	var own, merged []pair
	d.nodes += len(n.Content) / 2
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" {
			merged = append(merged, d.merge(path, value, depth+1)...)
			continue
		}
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			d.add(d.pos(key), "", "%s: a key must be text, not %s", orFile(path), kindOf(key))
			continue
		}
		if line, ok := seen[key.Value]; ok {
			d.add(d.pos(key), fmt.Sprintf("it stands at line %d already: keep one", line), "%q stands twice%s", key.Value, in(path))
			continue
		}
		seen[key.Value] = key.Line
		own = append(own, pair{key.Value, key, value})
	}
	for _, m := range merged {
		if _, ok := seen[m.name]; !ok {
			seen[m.name] = m.key.Line
			own = append(own, m)
		}
	}
	return own
}

// merge returns the entries of the mapping, or list of mappings, behind <<.
func (d *decoder) merge(path string, n *yaml.Node, depth int) []pair {
	n = d.follow(n, depth)
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.MappingNode:
		return d.pairs(path, n, depth)
	case n.Kind == yaml.SequenceNode:
		var all []pair
		for _, item := range n.Content {
			if item = d.follow(item, depth); item != nil && item.Kind == yaml.MappingNode {
				all = append(all, d.pairs(path, item, depth+1)...)
			}
		}
		return all
	}
	d.wrong(child(path, "<<"), n, "a mapping", "")
	return nil
}

func orFile(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

func in(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}
