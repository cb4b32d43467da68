package deployer

import (
	"fmt"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer/release"
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
	var out []*unstructured.Unstructured
	for _, doc := range splitDocuments(text) {
		objects, err := parseDocument(doc)
		if err != nil {
			return nil, err
		}
		out = append(out, objects...)
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
// several when it is a List.
func parseDocument(doc string) ([]*unstructured.Unstructured, error) {
	data, err := yaml.YAMLToJSON([]byte(doc))
	if err != nil {
		return nil, fmt.Errorf("%s is not YAML: %w", sourceOf(doc), err)
	}
	var m map[string]any
	if err := utiljson.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("%s is no Kubernetes object", sourceOf(doc))
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
			return nil, fmt.Errorf("%s: %s has no metadata.name", sourceOf(doc), o.GetKind())
		}
		return []*unstructured.Unstructured{o}, nil
	}
	return flatten(o, doc)
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
