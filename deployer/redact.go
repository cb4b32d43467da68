package deployer

import (
	"encoding/base64"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/secret"
)

// What an operation learns of its release goes into the secrets of its request,
// so that it is masked in everything that is told from then on, by the engine and
// by whoever made the request.

// learnSights learns what the target's objects hold, as they are and as they will be.
func learnSights(set *secret.Set, sights []sight) {
	for _, s := range sights {
		for _, o := range []*unstructured.Unstructured{s.object, s.live} {
			if o != nil && !s.isCRD {
				learnObject(set, o)
			}
		}
	}
}

// learnObject learns the data of a Secret, and of any other object what stands
// under keys, in environment variables and in arguments that promise a secret.
func learnObject(set *secret.Set, o *unstructured.Unstructured) {
	if isSecret(o) {
		learnSecret(set, o.Object)
		return
	}
	for field, value := range o.Object {
		if m, ok := value.(map[string]any); ok && field != "metadata" && field != "status" {
			set.AddValues(m)
		}
	}
}

// learnSecret learns what a Secret holds: each of its values, and the passwords
// within those that are files of settings or URLs.
func learnSecret(set *secret.Set, object map[string]any) {
	add := func(text string) {
		set.Add(text)
		set.AddText(text)
	}
	plain, _ := object["stringData"].(map[string]any)
	for _, v := range plain {
		add(fmt.Sprint(v))
	}
	encoded, _ := object["data"].(map[string]any)
	for _, v := range encoded {
		s, _ := v.(string)
		if raw, err := base64.StdEncoding.DecodeString(s); err == nil {
			add(string(raw))
		} else {
			set.Add(s)
		}
	}
}

// learnRecords learns what the Secrets in the manifests and hooks of records hold, as
// rendered, and what their values promise to hold, the chart's own among them. What
// cannot be read has none.
func learnRecords(set *secret.Set, records ...*release.Record) {
	for _, r := range records {
		set.AddValues(r.Config)
		if r.Chart != nil {
			set.AddValues(r.Chart.Values)
		}
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
				learnObject(set, o)
			}
		}
	}
}
