package release

import (
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/internal/yaml"
)

// Revision is a record with the objects that its manifest says. Each document is read once, when it is first asked for;
// the manifest must not change after that.
type Revision struct {
	*Record

	split sync.Once
	docs  []*Document
}

// NewRevision is the revision that a record tells of; nil for nil.
func NewRevision(r *Record) *Revision {
	if r == nil {
		return nil
	}
	return &Revision{Record: r}
}

// Revisions are those of some records, in their order.
func Revisions(records []*Record) []*Revision {
	out := make([]*Revision, 0, len(records))
	for _, r := range records {
		out = append(out, NewRevision(r))
	}
	return out
}

// Document is one document of a manifest.
type Document struct {
	Text   string
	Source string // the template that it says it comes from

	read    sync.Once
	objects []*unstructured.Unstructured
	err     error
}

// Documents are those of the manifest, in order.
func (r *Revision) Documents() []*Document {
	r.split.Do(func() {
		for doc := range yaml.Documents(r.Manifest) {
			r.docs = append(r.docs, &Document{Text: doc.Text, Source: SourceOf(doc.Text)})
		}
	})
	return r.docs
}

// Objects are those of the document: see ParseDocument. All who ask get the same ones, so nobody may change them.
func (d *Document) Objects() ([]*unstructured.Unstructured, error) {
	d.read.Do(func() { d.objects, d.err = ParseDocument(d.Text) })
	return d.objects, d.err
}

// Objects are all objects of the manifest, Lists flattened, in order. All who ask get the same ones, so nobody may
// change them.
func (r *Revision) Objects() ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	for _, d := range r.Documents() {
		objects, err := d.Objects()
		if err != nil {
			return nil, err
		}
		out = append(out, objects...)
	}
	return out, nil
}
