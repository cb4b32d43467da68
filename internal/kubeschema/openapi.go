package kubeschema

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxNesting bounds how deep types may stand inside each other.
const maxNesting = 64

// Parse reads the answer of a cluster to GET /openapi/v2, or the swagger.json of
// a Kubernetes release: every kind that is served, custom resources too.
func Parse(openapi []byte) (*Schema, error) {
	var doc struct {
		Definitions map[string]map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(openapi, &doc); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	if len(doc.Definitions) == 0 {
		return nil, fmt.Errorf("read the OpenAPI document: it has no definitions")
	}
	s := newSchema()
	s.Exact = true
	for name, node := range doc.Definitions {
		s.definitions[name] = definition(name, node)
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Definitions)) {
		if strings.HasSuffix(name, ".DeleteOptions") || strings.HasSuffix(name, ".WatchEvent") {
			continue // of requests and answers, under the names of all groups
		}
		list, _ := doc.Definitions[name]["x-kubernetes-group-version-kind"].([]any)
		for _, item := range list {
			if gvk := kindName(item); gvk != "" {
				s.serve(gvk, name)
			}
		}
	}
	return s, nil
}

func kindName(item any) string {
	gvk, _ := item.(map[string]any)
	group, _ := gvk["group"].(string)
	version, _ := gvk["version"].(string)
	kind, _ := gvk["kind"].(string)
	if version == "" || kind == "" {
		return ""
	}
	return strings.TrimPrefix(group+"/"+version+"/"+kind, "/")
}

// definition is convert, with what the document does not say of some names.
func definition(name string, node map[string]any) *Type {
	switch {
	case strings.HasSuffix(name, ".api.resource.Quantity"):
		return &Type{Shape: Quantity}
	case strings.HasSuffix(name, ".util.intstr.IntOrString"):
		return &Type{Shape: IntOrString}
	}
	return convert(node, 0)
}

// convert reads a schema of OpenAPI: version 2, or the version 3 of CRDs. What
// it does not understand takes anything.
func convert(node map[string]any, depth int) *Type {
	if depth > maxNesting {
		return &Type{}
	}
	if ref, ok := node["$ref"].(string); ok {
		return &Type{Ref: ref[strings.LastIndexByte(ref, '/')+1:]}
	}
	if node["x-kubernetes-int-or-string"] == true || node["format"] == "int-or-string" {
		return &Type{Shape: IntOrString}
	}
	switch node["type"] {
	case "string":
		return stringType(node)
	case "integer":
		return &Type{Shape: Integer}
	case "number":
		return &Type{Shape: Number}
	case "boolean":
		return &Type{Shape: Boolean}
	case "array":
		items, _ := node["items"].(map[string]any)
		return &Type{
			Shape: List, Elem: convert(items, depth+1),
			Keys: texts(node["x-kubernetes-list-map-keys"]), Set: node["x-kubernetes-list-type"] == "set",
		}
	case "object":
		return objectType(node, depth)
	}
	return &Type{}
}

func stringType(node map[string]any) *Type {
	if node["format"] == "byte" {
		return &Type{Shape: Bytes}
	}
	return &Type{Shape: String, Enum: texts(node["enum"])}
}

func objectType(node map[string]any, depth int) *Type {
	properties, _ := node["properties"].(map[string]any)
	additional, isMap := node["additionalProperties"].(map[string]any)
	open := node["x-kubernetes-preserve-unknown-fields"] == true || node["x-kubernetes-embedded-resource"] == true ||
		node["additionalProperties"] == true
	switch {
	case len(properties) == 0 && isMap:
		return &Type{Shape: Map, Elem: convert(additional, depth+1)}
	case len(properties) == 0:
		return &Type{Shape: Map, Elem: &Type{}}
	}
	t := &Type{Shape: Object, Fields: make(map[string]*Type, len(properties))}
	if open || isMap {
		t.Elem = &Type{}
	}
	for name, p := range properties {
		property, _ := p.(map[string]any)
		t.Fields[name] = convert(property, depth+1)
		if _, defaulted := property["default"]; !defaulted && slices.Contains(texts(node["required"]), name) {
			t.Required = append(t.Required, name)
		}
	}
	slices.Sort(t.Required)
	return t
}

// texts are the strings of a list, nil if it holds anything else.
func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			return nil
		}
		out = append(out, text)
	}
	return out
}

// ParseCRD reads the kinds that a decoded CustomResourceDefinition describes.
// A version without a schema is served and takes anything.
func ParseCRD(crd map[string]any) *Schema {
	s := newSchema()
	spec, _ := crd["spec"].(map[string]any)
	names, _ := spec["names"].(map[string]any)
	group, _ := spec["group"].(string)
	kind, _ := names["kind"].(string)
	versions, _ := spec["versions"].([]any)
	for _, v := range versions {
		version, _ := v.(map[string]any)
		name, _ := version["name"].(string)
		if group == "" || kind == "" || name == "" || version["served"] == false {
			continue
		}
		holder, _ := version["schema"].(map[string]any)
		root, _ := holder["openAPIV3Schema"].(map[string]any)
		t := convert(root, 0)
		if t.Shape == Object {
			for _, field := range []string{"apiVersion", "kind", "metadata"} {
				t.Fields[field] = &Type{} // a CRD need not name them
			}
		}
		definition := group + "/" + name + "/" + kind
		s.definitions[definition] = t
		s.serve(definition, definition)
	}
	return s
}

// SetEnum says which texts a field of a definition may be, or the items of a
// list; it does nothing where there is no such field. It is for the generator:
// Kubernetes' published documents leave this out.
func (s *Schema) SetEnum(definition, field string, values []string) {
	t := s.definitions[definition]
	if t == nil {
		return
	}
	f := t.Fields[field]
	if f != nil && f.Shape == List {
		f = f.Elem
	}
	if f != nil && f.Shape == String {
		f.Enum = values
	}
}
