package unittest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// maxDocuments bounds the documents that one template renders to.
const maxDocuments = 10_000

// document is one rendered document. What is no YAML, such as notes, is a
// document with the text under the key raw.
type document struct {
	value map[string]any
	node  *yaml.Node // of value, made when a path asks for it
}

const rawKey = "raw"

func rawDocument(text string) *document {
	return &document{value: map[string]any{rawKey: text}}
}

// raw is the text of a document that is no YAML.
func (d *document) raw() string { return uniform(fmt.Sprint(d.value[rawKey])) }

var blankEnds = lazyregexp.New(` +\r?\n`)

// uniform drops what nobody sees: blanks at the ends of lines and empty lines
// at the start.
func uniform(text string) string {
	return strings.TrimLeft(blankEnds.ReplaceAllString(text, "\n"), "\n")
}

// find lists the values at a path.
func (d *document) find(p *Path) ([]any, error) {
	if len(p.steps) == 0 {
		return []any{d.value}, nil
	}
	if d.node == nil {
		node := &yaml.Node{}
		if err := node.Encode(d.value); err != nil {
			return nil, err
		}
		d.node = node
	}
	nodes, err := p.Find(d.node)
	if err != nil {
		return nil, err
	}
	values := make([]any, len(nodes))
	for i, n := range nodes {
		if err := n.Decode(&values[i]); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// documentStart matches what separates documents, wherever a line begins with
// three dashes.
var documentStart = lazyregexp.New(`(?:^|\s*\n)---\s*`)

// parseDocuments reads what a template wrote. Documents that are empty are left
// out; one that is no map is an error.
func parseDocuments(text string) ([]*document, error) {
	decoder := yaml.NewDecoder(strings.NewReader(documentStart.ReplaceAllString(text, "\n---\n")))
	docs := []*document{}
	for {
		value := map[string]any{}
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		if len(value) == 0 {
			continue
		}
		if len(docs) == maxDocuments {
			return nil, fmt.Errorf("more than %d documents", maxDocuments)
		}
		docs = append(docs, &document{value: value})
	}
}

// readTexts turns what a template wrote into documents, as the file's extension
// asks; ok is false for files that cannot be tested.
func readText(name, text string) (docs []*document, ok bool, err error) {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".tpl":
		docs, err = parseDocuments(text)
		return docs, true, err
	case ".txt":
		return []*document{rawDocument(text)}, true, nil
	}
	return nil, false, nil
}

// marshal is the YAML text of a value as snapshots hold it: indented by two,
// strings without empty lines at their start.
func marshal(v any) (string, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(trimStrings(v)); err != nil {
		return "", err
	}
	return b.String(), nil
}

func trimStrings(v any) any {
	switch v := v.(type) {
	case string:
		return strings.TrimLeft(v, "\n")
	case map[string]any:
		if v == nil {
			return v
		}
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = trimStrings(e)
		}
		return out
	case []any:
		if v == nil {
			return v
		}
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = trimStrings(e)
		}
		return out
	}
	return v
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
