package release

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	k8syaml "sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/yaml"
)

// ParseManifest reads every object of a manifest text, Lists flattened, in order.
func ParseManifest(text string) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	for doc := range yaml.Documents(text) {
		objects, err := ParseDocument(doc.Text)
		if err != nil {
			return nil, err
		}
		out = append(out, objects...)
	}
	return out, nil
}

// ParseDocument reads one YAML document: no object when it holds only comments, several when it is a List. Secrets have
// their keys in data.
func ParseDocument(doc string) ([]*unstructured.Unstructured, error) {
	m, err := decodeDocument(doc)
	if err != nil {
		return nil, err
	}
	if len(m) == 0 {
		return nil, nil
	}
	o := &unstructured.Unstructured{Object: m}
	if o.GetAPIVersion() == "" || o.GetKind() == "" {
		return nil, fmt.Errorf("%s: apiVersion or kind is missing", SourceOf(doc))
	}
	if !isList(o) {
		if o.GetName() == "" {
			return nil, fmt.Errorf("%s: %s %s", SourceOf(doc), o.GetKind(), withoutName(o))
		}
		asData(o)
		return []*unstructured.Unstructured{o}, nil
	}
	return flatten(o, doc)
}

// withoutName says what an object has instead of a name.
func withoutName(o *unstructured.Unstructured) string {
	metadata, _ := o.Object["metadata"].(map[string]any)
	switch name := metadata["name"].(type) {
	case nil, string:
		return "has no metadata.name"
	case bool:
		return fmt.Sprintf("has the boolean %v as metadata.name: write names such as y, no and on in quotes", name)
	default:
		return fmt.Sprintf("has %v as metadata.name, which is no text: write it in quotes", name)
	}
}

// decodeDocument makes of a document what the API machinery makes of it: whole numbers are int64, the others float64.
func decodeDocument(doc string) (m map[string]any, err error) {
	if v, err := yaml.Decode(doc); err == nil {
		if m, ok := v.(map[string]any); ok && wholeNumbers(m) == nil {
			return m, nil
		}
	}
	data, err := k8syaml.YAMLToJSON([]byte(doc)) // in full, for the message or the exact number
	if err != nil {
		return nil, fmt.Errorf("%s is not YAML: %w", SourceOf(doc), err)
	}
	if err := utiljson.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("%s is no Kubernetes object", SourceOf(doc))
	}
	return m, nil
}

// errInexact is a number that may have lost digits as a float64.
var errInexact = errors.New("the number is too large")

// wholeNumbers makes int64 of the whole numbers in a tree of JSON values.
func wholeNumbers(tree any) error {
	switch tree := tree.(type) {
	case map[string]any:
		for k, v := range tree {
			n, err := wholeNumber(v)
			if err != nil {
				return err
			}
			tree[k] = n
		}
	case []any:
		for i, v := range tree {
			n, err := wholeNumber(v)
			if err != nil {
				return err
			}
			tree[i] = n
		}
	}
	return nil
}

func wholeNumber(v any) (any, error) {
	f, ok := v.(float64)
	switch {
	case !ok:
		return v, wholeNumbers(v)
	case math.Abs(f) >= 1<<53:
		return nil, errInexact
	case f == math.Trunc(f):
		return int64(f), nil
	}
	return f, nil
}

func isList(o *unstructured.Unstructured) bool {
	_, hasItems := o.Object["items"].([]any)
	return hasItems && strings.HasSuffix(o.GetKind(), "List")
}

func flatten(list *unstructured.Unstructured, doc string) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	items, _ := list.Object["items"].([]any)
	for i, item := range items {
		m, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s: item %d of %s is no object", SourceOf(doc), i+1, list.GetKind())
		}
		o := &unstructured.Unstructured{Object: m}
		if kind := strings.TrimSuffix(list.GetKind(), "List"); o.GetKind() == "" && kind != "" {
			o.SetKind(kind)
			o.SetAPIVersion(list.GetAPIVersion())
		}
		if o.GetKind() == "" || o.GetAPIVersion() == "" || o.GetName() == "" {
			return nil, fmt.Errorf("%s: item %d of %s lacks apiVersion, kind or name", SourceOf(doc), i+1, list.GetKind())
		}
		asData(o)
		out = append(out, o)
	}
	return out, nil
}

// SourceOf is the template a document says it came from, for messages.
func SourceOf(doc string) string {
	for line := range strings.Lines(doc) {
		if source, ok := strings.CutPrefix(line, "# Source: "); ok {
			return strings.TrimSpace(source)
		}
	}
	return "a document of the manifest"
}

// asData makes a Secret's stringData data, as the API server does. Applied as stringData nobody would own the keys of
// data that come of it, and one that leaves the chart would stay for ever. A value that is no string is left to the
// server, which names it.
func asData(o *unstructured.Unstructured) {
	plain, isMap := o.Object["stringData"].(map[string]any)
	data, hasData := o.Object["data"].(map[string]any)
	if !object.IsSecret(o) || !isMap || o.Object["data"] != nil && !hasData {
		return
	}
	encoded := maps.Clone(data)
	if encoded == nil {
		encoded = map[string]any{}
	}
	for key, value := range plain {
		text, ok := value.(string)
		if !ok {
			return
		}
		encoded[key] = base64.StdEncoding.EncodeToString([]byte(text))
	}
	delete(o.Object, "stringData")
	if len(encoded) > 0 || hasData {
		o.Object["data"] = encoded
	}
}

// String is a hook in words: Kind/name, of a List that of its items.
func (h *Hook) String() string {
	objects, err := ParseDocument(h.Manifest)
	if err != nil || h.Name != "" {
		return h.Kind + "/" + h.Name
	}
	var names []string
	for _, o := range objects {
		names = append(names, o.GetKind()+"/"+o.GetName())
	}
	return strings.Join(names, ", ")
}
