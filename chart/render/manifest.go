package render

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/pintle-ci/pintle/internal/installorder"
	"github.com/pintle-ci/pintle/internal/yaml"
)

// document is one YAML document of a rendered file.
type document struct {
	text string
	line int // of the rendered file, where the document begins
	head head
}

// decode splits what a template wrote and reads the heads of the documents. Notes are no YAML.
func (r *rendering) decode() {
	if strings.HasSuffix(r.name, notesFile) {
		return
	}
	r.docs = splitDocuments(r.text)
	for i := range r.docs {
		var err error
		if r.docs[i].head, err = parseHead(r.docs[i].text); err != nil {
			r.err = yamlError(r, r.docs[i], err)
			return
		}
	}
}

// splitDocuments cuts a rendered file into its documents: leading white space goes, trailing stays
// (facts/helm-format.md 4.5).
func splitDocuments(text string) []document {
	trimmed := strings.TrimLeftFunc(text, unicode.IsSpace)
	above := strings.Count(text[:len(text)-len(trimmed)], "\n")
	var docs []document
	for doc := range yaml.Documents(trimmed) {
		body := strings.TrimLeftFunc(doc.Text, unicode.IsSpace)
		blank := strings.Count(doc.Text[:len(doc.Text)-len(body)], "\n")
		docs = append(docs, document{text: body, line: above + doc.Line + blank})
	}
	return docs
}

// head is what the engine needs to know of a document.
type head struct {
	apiVersion  string
	kind        string
	name        string
	namespace   string
	annotations map[string]string // those of hooks
}

// parseHead decodes a document far enough to know its head and that the rest is valid: what has no place in JSON is an
// error, as it is for Helm.
func parseHead(text string) (head, error) {
	v, err := yaml.Decode(text)
	if err != nil {
		return head{}, err
	}
	switch v := v.(type) {
	case nil: // only comments
		return head{}, nil
	case map[string]any:
		return readHead(v)
	}
	return head{}, errors.New("a manifest must be a map with apiVersion and kind")
}

func readHead(m map[string]any) (h head, err error) {
	if h.apiVersion, err = headText(m, "apiVersion"); err != nil {
		return head{}, err
	}
	if h.kind, err = headText(m, "kind"); err != nil {
		return head{}, err
	}
	metadata, ok := m["metadata"].(map[string]any)
	if !ok && m["metadata"] != nil {
		return head{}, errors.New("metadata must be a map")
	}
	if h.name, err = headText(metadata, "name"); err != nil {
		return head{}, fmt.Errorf("metadata.%w", err)
	}
	h.namespace, _ = metadata["namespace"].(string) // Helm does not look at it here
	annotations, ok := metadata["annotations"].(map[string]any)
	if !ok && metadata["annotations"] != nil {
		return head{}, errors.New("metadata.annotations must be a map of strings")
	}
	for key := range annotations {
		text, err := headText(annotations, key)
		if err != nil {
			return head{}, fmt.Errorf("metadata.annotations.%w", err)
		}
		if strings.HasPrefix(key, hookAnnotation) {
			if h.annotations == nil {
				h.annotations = map[string]string{}
			}
			h.annotations[key] = text
		}
	}
	return h, nil
}

// headText is a string, or a number or a bool as one.
func headText(m map[string]any, key string) (string, error) {
	switch v := m[key].(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	}
	return "", fmt.Errorf("%s must be a string", key)
}

func sortManifests(manifests []Manifest) {
	slices.SortStableFunc(manifests, func(a, b Manifest) int { return installorder.Compare(a.Kind, b.Kind) })
}

func sortHooks(hooks []Hook) {
	slices.SortStableFunc(hooks, func(a, b Hook) int { return installorder.Compare(a.Kind, b.Kind) })
}
