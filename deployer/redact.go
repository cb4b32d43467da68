package deployer

import (
	"encoding/base64"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/release"
)

// minSecret is the shortest secret that is masked in free text: masking "true"
// or "80" would only make evidence unreadable.
const minSecret = 6

// secretStrings are the values of all Secrets among the objects, as they are
// and as they will be.
func secretStrings(sights []sight) []string {
	var out []string
	for _, s := range sights {
		for _, o := range []*unstructured.Unstructured{s.object, s.live} {
			if o != nil && o.GetKind() == "Secret" {
				out = append(out, secretValues(o)...)
			}
		}
	}
	return out
}

// recordedSecrets are the values of all Secrets in the manifests and hooks of
// records, as rendered. What cannot be read has none.
func recordedSecrets(records ...*release.Record) []string {
	var out []string
	for _, r := range records {
		docs := splitDocuments(r.Manifest)
		for _, h := range r.Hooks {
			docs = append(docs, h.Manifest)
		}
		for _, doc := range docs {
			if !strings.Contains(doc, "Secret") {
				continue // spares most of the parsing
			}
			objects, err := parseDocument(doc)
			if err != nil {
				continue
			}
			for _, o := range objects {
				if o.GetKind() == "Secret" {
					out = append(out, secretValues(o)...)
				}
			}
		}
	}
	return out
}

func secretValues(o *unstructured.Unstructured) []string {
	var out []string
	plain, _, _ := unstructured.NestedMap(o.Object, "stringData")
	for _, v := range plain {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	encoded, _, _ := unstructured.NestedMap(o.Object, "data")
	for _, v := range encoded {
		s, ok := v.(string)
		if !ok {
			continue
		}
		out = append(out, s)
		if raw, err := base64.StdEncoding.DecodeString(s); err == nil {
			out = append(out, string(raw))
		}
	}
	return out
}

// redactor masks secret strings in text.
func redactor(secrets []string) func(string) string {
	var parts []string
	for _, s := range secrets {
		for line := range strings.Lines(s) { // a log prints a key line by line
			parts = append(parts, strings.TrimSpace(line))
		}
		parts = append(parts, strings.TrimSpace(s))
	}
	slices.SortFunc(parts, func(a, b string) int { return len(b) - len(a) }) // the longest first
	parts = slices.Compact(parts)
	var pairs []string
	for _, p := range parts {
		if len(p) >= minSecret {
			pairs = append(pairs, p, "***")
		}
	}
	return strings.NewReplacer(pairs...).Replace
}
