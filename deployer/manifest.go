package deployer

import (
	"errors"
	"fmt"
	"math"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	k8syaml "sigs.k8s.io/yaml"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/yaml"
)

// manifestText joins rendered documents as records keep them
// (facts/helm-format.md 4.2).
func manifestText(docs []render.Manifest) string {
	var b strings.Builder
	for _, d := range docs {
		fmt.Fprintf(&b, "---\n# Source: %s\n%s\n", d.Source, d.Content)
	}
	return b.String()
}

func recordHooks(hooks []render.Hook) []*release.Hook {
	out := make([]*release.Hook, 0, len(hooks))
	for _, h := range hooks {
		out = append(out, &release.Hook{
			Name: h.Name, Kind: h.Kind, Path: h.Source, Manifest: h.Content, Events: h.Events,
			Weight: h.Weight, DeletePolicies: h.DeletePolicies, OutputLogPolicies: h.OutputLogPolicies,
			LastRun: release.Run{Phase: ""},
		})
	}
	return out
}

// parseManifest reads every object of a manifest text, Lists flattened, in order.
func parseManifest(text string) ([]*unstructured.Unstructured, error) {
	all, err := parseSourced(text)
	out := make([]*unstructured.Unstructured, 0, len(all))
	for _, s := range all {
		out = append(out, s.object)
	}
	return out, err
}

// sourced is an object of a manifest text and the template that it comes from.
type sourced struct {
	object *unstructured.Unstructured
	source string
}

func parseSourced(text string) ([]sourced, error) {
	var out []sourced
	for _, doc := range splitDocuments(text) {
		objects, err := parseDocument(doc)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			out = append(out, sourced{o, sourceOf(doc)})
		}
	}
	return out, nil
}

// splitDocuments cuts at lines that begin with "---"; what follows the dashes
// belongs to the next document (facts/helm-format.md 4.5).
func splitDocuments(text string) []string {
	var docs []string
	var doc strings.Builder
	flush := func() {
		if strings.TrimSpace(doc.String()) != "" {
			docs = append(docs, doc.String())
		}
		doc.Reset()
	}
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "---"); ok {
			flush()
			line = strings.TrimLeft(rest, " \t\r\n")
		}
		doc.WriteString(line)
	}
	flush()
	return docs
}

// parseDocument reads one YAML document: no object when it holds only comments,
// several when it is a List. Secrets have their keys in data.
func parseDocument(doc string) ([]*unstructured.Unstructured, error) {
	m, err := decodeDocument(doc)
	if err != nil {
		return nil, err
	}
	if len(m) == 0 {
		return nil, nil
	}
	o := &unstructured.Unstructured{Object: m}
	if o.GetAPIVersion() == "" || o.GetKind() == "" {
		return nil, fmt.Errorf("%s: apiVersion or kind is missing", sourceOf(doc))
	}
	if !isList(o) {
		if o.GetName() == "" {
			return nil, fmt.Errorf("%s: %s %s", sourceOf(doc), o.GetKind(), withoutName(o))
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

// decodeDocument makes of a document what the API machinery makes of it: whole
// numbers are int64, the others float64.
func decodeDocument(doc string) (m map[string]any, err error) {
	if v, err := yaml.Decode(doc); err == nil {
		if m, ok := v.(map[string]any); ok && wholeNumbers(m) == nil {
			return m, nil
		}
	}
	data, err := k8syaml.YAMLToJSON([]byte(doc)) // in full, for the message or the exact number
	if err != nil {
		return nil, fmt.Errorf("%s is not YAML: %w", sourceOf(doc), err)
	}
	if err := utiljson.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("%s is no Kubernetes object", sourceOf(doc))
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
			return nil, fmt.Errorf("%s: item %d of %s is no object", sourceOf(doc), i+1, list.GetKind())
		}
		o := &unstructured.Unstructured{Object: m}
		if kind := strings.TrimSuffix(list.GetKind(), "List"); o.GetKind() == "" && kind != "" {
			o.SetKind(kind)
			o.SetAPIVersion(list.GetAPIVersion())
		}
		if o.GetKind() == "" || o.GetAPIVersion() == "" || o.GetName() == "" {
			return nil, fmt.Errorf("%s: item %d of %s lacks apiVersion, kind or name", sourceOf(doc), i+1, list.GetKind())
		}
		asData(o)
		out = append(out, o)
	}
	return out, nil
}

// sourceOf is the template a document says it came from, for messages.
func sourceOf(doc string) string {
	for line := range strings.Lines(doc) {
		if source, ok := strings.CutPrefix(line, "# Source: "); ok {
			return strings.TrimSpace(source)
		}
	}
	return "a document of the manifest"
}

const (
	managedByLabel = "app.kubernetes.io/managed-by"
	managedBy      = "Helm"
	nameNote       = "meta.helm.sh/release-name"
	namespaceNote  = "meta.helm.sh/release-namespace"
	keepNote       = "helm.sh/resource-policy"
)

// own marks an object as the release's (facts/helm-format.md 4.8). The stored
// manifest does not carry the marks.
func own(o *unstructured.Unstructured, name, namespace string) {
	labels := o.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[managedByLabel] = managedBy
	o.SetLabels(labels)
	notes := o.GetAnnotations()
	if notes == nil {
		notes = map[string]string{}
	}
	notes[nameNote], notes[namespaceNote] = name, namespace
	delete(notes, needsNote)
	o.SetAnnotations(notes)
}

// ownerOf is whose an object is, by the marks on it.
func ownerOf(o *unstructured.Unstructured, name, namespace string) owner {
	notes := o.GetAnnotations()
	release, at := notes[nameNote], notes[namespaceNote]
	switch {
	case release == name && at == namespace && o.GetLabels()[managedByLabel] == managedBy:
		return owner{class: ours}
	case release != "" && (release != name || at != namespace):
		return owner{class: foreign, release: release, namespace: at}
	}
	return owner{class: unowned}
}

// owned reports whether the release's marks are on o, and if not, whose it is.
func owned(o *unstructured.Unstructured, name, namespace string) (bool, string) {
	whose := ownerOf(o, name, namespace)
	return whose.class == ours, whose.String()
}

// kept reports whether the object must outlive its release.
func kept(o *unstructured.Unstructured) bool { return policyOf(o) == keepPolicy }

const keepPolicy = "keep"

// policyOf is an object's resource policy, as Helm's uninstall reads it
// (facts/helm-format.md 4.6); "" for none.
func policyOf(o *unstructured.Unstructured) string {
	return strings.ToLower(strings.TrimSpace(o.GetAnnotations()[keepNote]))
}
