package chart

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// Origin says which of the sources gives the value at path, keys from the root
// down: "prod.yaml:12", "--set a.b"; it is empty if none does. It reads and
// parses the sources again, so it is for messages, not for every render.
func (src ValueSources) Origin(path []string, read func(name string) ([]byte, error)) string {
	return src.Origins(read)(path)
}

// Origins is Origin for many paths: it parses a file only once, while those that
// it keeps have at most maxKept bytes. The function may be called concurrently.
func (src ValueSources) Origins(read func(name string) ([]byte, error)) func(path []string) string {
	const maxKept = 16 << 20
	var mu sync.Mutex
	kept, size := map[string][]*yaml.Node{}, 0
	parse := func(name string) []*yaml.Node {
		mu.Lock()
		defer mu.Unlock()
		if docs, ok := kept[name]; ok {
			return docs
		}
		data, err := read(name)
		if err != nil {
			return nil
		}
		docs := documents(data)
		if size += len(data); size <= maxKept {
			kept[name] = docs
		}
		return docs
	}
	return func(path []string) string {
		if flag := src.originFlag(path, read); flag != "" {
			return flag
		}
		for _, name := range slices.Backward(src.Files) {
			if line := lineIn(parse(name), path); line > 0 {
				return fmt.Sprintf("%s:%d", name, line)
			}
		}
		return ""
	}
}

// originFlag is the flag that gives the value at path, if one does: "--set a.b".
func (src ValueSources) originFlag(path []string, read func(name string) ([]byte, error)) string {
	fromFile := func(expr string, into map[string]any) error { return ParseSetFile(expr, into, read) }
	for _, flag := range []struct {
		name  string
		exprs []string
		parse func(string, map[string]any) error
	}{ // the last to be applied comes first
		{"--set-literal", src.Literal, ParseSetLiteral},
		{"--set-file", src.File, fromFile},
		{"--set-string", src.String, ParseSetString},
		{"--set", src.Set, ParseSet},
		{"--set-json", src.JSON, func(expr string, into map[string]any) error {
			merged, err := mergeJSON(expr, into)
			maps.Copy(into, merged)
			return err
		}},
	} {
		for _, expr := range slices.Backward(flag.exprs) {
			values := map[string]any{}
			if err := flag.parse(expr, values); err == nil && has(values, path) {
				return flag.name + " " + strings.Join(path, ".") // not the expression, which may hold a secret
			}
		}
	}
	return ""
}

// ValueLine is the line of the chart's own values.yaml that gives the value at
// path, 0 if none does.
func (c *Chart) ValueLine(path []string) int { return c.ValueLines()(path) }

// ValueLines is ValueLine for many paths: it parses values.yaml only once.
func (c *Chart) ValueLines() func(path []string) int {
	var docs []*yaml.Node
	for _, f := range c.Raw {
		if f.Name == "values.yaml" {
			docs = documents(f.Data)
		}
	}
	return func(path []string) int { return lineIn(docs, path) }
}

// has reports whether values hold anything at path; list items have their numbers
// as keys.
func has(v any, path []string) bool {
	for _, key := range path {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[key]
			if !ok {
				return false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(at) {
				return false
			}
			v = at[i]
		default:
			return false
		}
	}
	return true
}

// documents are those of a file up to one that is no YAML.
func documents(data []byte) []*yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var docs []*yaml.Node
	for {
		var doc yaml.Node
		if err := decoder.Decode(&doc); err != nil {
			return docs
		}
		docs = append(docs, doc.Content...)
	}
}

// lineIn is the line of the key at path, in the last document that has it.
func lineIn(docs []*yaml.Node, path []string) int {
	for _, doc := range slices.Backward(docs) {
		if line := nodeLine(doc, path); line > 0 {
			return line
		}
	}
	return 0
}

func nodeLine(n *yaml.Node, path []string) int {
	line := n.Line
	for _, key := range path {
		for n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		next := (*yaml.Node)(nil)
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == key {
					line, next = n.Content[i].Line, n.Content[i+1]
				}
			}
		case yaml.SequenceNode:
			if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(n.Content) {
				next = n.Content[i]
				line = next.Line
			}
		}
		if next == nil {
			return 0
		}
		n = next
	}
	return line
}
