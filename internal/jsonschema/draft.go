package jsonschema

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// draft is a version of JSON Schema.
type draft struct {
	version      int
	url          string
	idKeyword    string
	vocabularies string   // what their URLs begin with
	known        []string // vocabularies
	standard     []string // those of a schema that names none
	metaschema   lazyNode
}

// lazyNode is compiled when somebody needs it.
type lazyNode struct {
	once sync.Once
	node *node
	err  error
}

var drafts = []*draft{
	{version: 4, url: "http://json-schema.org/draft-04/schema", idKeyword: "id"},
	{version: 6, url: "http://json-schema.org/draft-06/schema", idKeyword: "$id"},
	{version: 7, url: "http://json-schema.org/draft-07/schema", idKeyword: "$id"},
	{
		version: 2019, url: "https://json-schema.org/draft/2019-09/schema", idKeyword: "$id",
		vocabularies: "https://json-schema.org/draft/2019-09/vocab/",
		known:        []string{"core", "applicator", "validation", "meta-data", "format", "content"},
		standard:     []string{"core", "applicator", "validation"},
	},
	{
		version: 2020, url: "https://json-schema.org/draft/2020-12/schema", idKeyword: "$id",
		vocabularies: "https://json-schema.org/draft/2020-12/vocab/",
		known:        []string{"core", "applicator", "unevaluated", "validation", "meta-data", "format-annotation", "format-assertion", "content"},
		standard:     []string{"core", "applicator", "unevaluated", "validation"},
	},
}

// draftOfVersion is the draft of a version, the last for 0.
func draftOfVersion(version int) *draft {
	for _, d := range drafts {
		if d.version == version {
			return d
		}
	}
	return drafts[len(drafts)-1]
}

// draftOfURL is the draft whose metaschema stands at a URL, nil if none does.
func draftOfURL(url string) *draft {
	url, fragment, _ := strings.Cut(url, "#")
	if fragment != "" {
		return nil
	}
	name := withoutScheme(url)
	if name == "json-schema.org/schema" {
		return draftOfVersion(0)
	}
	for _, d := range drafts {
		if name == withoutScheme(d.url) {
			return d
		}
	}
	return nil
}

func withoutScheme(url string) string {
	if rest, ok := strings.CutPrefix(url, "http://"); ok {
		return rest
	}
	return strings.TrimPrefix(url, "https://")
}

// id is the URL reference that names a schema, without its fragment.
func (d *draft) id(schema map[string]any) string {
	if _, isRef := schema["$ref"]; isRef && d.version < 2019 {
		return ""
	}
	id, _ := schema[d.idKeyword].(string)
	id, _, _ = strings.Cut(id, "#")
	return id
}

// dialect is a draft with the vocabularies that a schema asks for.
type dialect struct {
	draft *draft
	named []string // nil for the draft's own
	meta  *node    // what a schema with named vocabularies must fit
}

func (d dialect) has(vocabulary string) bool {
	switch {
	case vocabulary == "core" || d.draft.version < 2019:
		return true
	case d.named != nil:
		return slices.Contains(d.named, vocabulary)
	}
	return slices.Contains(d.draft.standard, vocabulary)
}

// asserts reports whether format is an assertion.
func (d dialect) asserts() bool {
	return d.draft.version < 2019 || d.draft.version == 2019 && d.has("format") || d.draft.version > 2019 && d.has("format-assertion")
}

// vocabulariesOf are the vocabularies that a metaschema requires.
func (d *draft) vocabulariesOf(url string, metaschema any) ([]string, error) {
	obj, _ := metaschema.(map[string]any)
	required, ok := obj["$vocabulary"].(map[string]any)
	if !ok || d.version < 2019 {
		return nil, nil
	}
	named := []string{"core"}
	for vocabulary, needed := range required {
		if needed != true {
			continue
		}
		name, ok := strings.CutPrefix(vocabulary, d.vocabularies)
		if !ok || !slices.Contains(d.known, name) {
			return nil, fmt.Errorf("unsupported vocabulary %q in %q", vocabulary, url)
		}
		named = append(named, name)
	}
	slices.Sort(named)
	return slices.Compact(named), nil
}

// metaschemaFiles are the drafts' metaschemas, as json-schema.org publishes them.
//
//go:embed metaschemas
var metaschemaFiles embed.FS

// metaschemaText returns the metaschema at a URL, nil if none stands there.
func metaschemaText(url string) (any, error) {
	name, ok := strings.CutPrefix(withoutScheme(url), "json-schema.org/")
	if !ok || withoutScheme(url) == url {
		return nil, nil
	}
	if name == "schema" {
		return metaschemaText(draftOfVersion(0).url)
	}
	text, err := metaschemaFiles.ReadFile("metaschemas/" + name + ".json")
	if err != nil {
		return nil, nil //nolint:nilerr // no metaschema of ours
	}
	return decode(text)
}

// metaschema is what a schema of the dialect must fit.
func (d dialect) metaschema() (*node, error) {
	if d.meta != nil {
		return d.meta, nil
	}
	own := &d.draft.metaschema
	own.once.Do(func() {
		own.node, own.err = newCompiler(Options{Formats: true}).compile(place{url: d.draft.url})
	})
	return own.node, own.err
}

// named is the dialect of a draft with vocabularies.
func (d *draft) named(vocabularies []string) (dialect, error) {
	if vocabularies == nil {
		return dialect{draft: d}, nil
	}
	c := newCompiler(Options{Formats: true})
	n := &node{place: place{url: "urn:mem:metaschema"}, draft: d.version}
	n.resource = n
	for _, name := range vocabularies {
		part, err := c.compile(place{url: strings.TrimSuffix(d.url, "schema") + "meta/" + name})
		if err != nil {
			return dialect{}, err
		}
		n.allOf = append(n.allOf, part)
	}
	if d.version >= 2020 {
		n.dynamicAnchor = "meta"
		n.dynamicAnchors = map[string]*node{"meta": n}
	}
	return dialect{d, vocabularies, n}, nil
}
