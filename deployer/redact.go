package deployer

import (
	"encoding/base64"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/secret"
)

// What an operation learns of its release goes into the secrets of its request, so that it is masked in everything that
// is told from then on, by the engine and by whoever made the request.

// learnObjects learns what the target's objects hold, as they are and as they will be.
func learnObjects(set *secret.Set, states []objectState) {
	for _, s := range states {
		for _, o := range []*unstructured.Unstructured{s.object, s.live} {
			if o != nil && !s.isCRD {
				learnObject(set, o)
			}
		}
	}
}

// learnObject learns the data of a Secret, and of any other object what stands under keys, in environment variables and
// in arguments that promise a secret.
func learnObject(set *secret.Set, o *unstructured.Unstructured) {
	if object.IsSecret(o) {
		learnSecret(set, o.Object)
		return
	}
	for field, value := range o.Object {
		if m, ok := value.(map[string]any); ok && field != "metadata" && field != "status" {
			set.AddValues(m)
		}
	}
}

// learnSecret learns what a Secret holds: each of its values, and the passwords within those that are files of settings
// or URLs.
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

// learnRevisions learns what the Secrets in the manifests and hooks of revisions hold, as rendered, and what their
// values promise to hold, the chart's own among them. What cannot be read has none.
func learnRevisions(set *secret.Set, revisions ...*release.Revision) {
	for _, r := range revisions {
		set.AddValues(r.Config)
		if r.Chart != nil {
			set.AddValues(r.Chart.Values)
		}
		for _, doc := range r.Documents() {
			learnDocument(set, doc.Text, doc.Objects)
		}
		for _, h := range r.Hooks {
			learnDocument(set, h.Manifest,
				func() ([]*unstructured.Unstructured, error) { return release.ParseDocument(h.Manifest) })
		}
	}
}

// learnDocument learns what the objects of a document hold, where its text names a Secret.
func learnDocument(set *secret.Set, text string, read func() ([]*unstructured.Unstructured, error)) {
	if !strings.Contains(text, "Secret") {
		return // spares most of the parsing
	}
	objects, err := read()
	if err != nil {
		return
	}
	for _, o := range objects {
		learnObject(set, o)
	}
}
