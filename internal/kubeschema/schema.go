// Package kubeschema knows what the objects of Kubernetes look like: the fields of
// each kind, their types and which of them are needed, for the versions that
// ship with the binary, for a cluster that answers /openapi/v2 and for the
// custom resources that a chart's CRDs describe.
//
// It judges decoded objects against those types. It knows no chart, no network
// and no rule that is not written in a schema: what a controller or an
// admission webhook thinks of an object is not its business.
package kubeschema

import (
	"maps"
	"slices"
	"strings"
)

// Shape is what sort of value a Type takes.
type Shape uint8

// The shapes. The zero Shape takes anything.
const (
	Any Shape = iota
	Object
	Map
	List
	String
	Integer
	Number
	Boolean
	IntOrString
	Quantity // 100m, 1Gi, 2
	Bytes    // text in base64
)

// Type is what a value must look like.
type Type struct {
	Shape    Shape
	Ref      string           // the name of a definition; then nothing else counts
	Fields   map[string]*Type // of an Object
	Required []string         // fields that an Object must have
	Elem     *Type            // of a Map or List; in an Object, what other fields may hold: then none is unknown
	Keys     []string         // fields that tell the items of a List apart
	Set      bool             // the items of a List differ
	Enum     []string         // what a String may be
}

// Schema is all kinds that one Kubernetes serves. It is not changed after it
// was made and may be shared.
type Schema struct {
	// Version is the minor version that the types are of, "1.36"; empty for a
	// cluster's own schema.
	Version string
	// Exact says that the types are those of the version that was asked for,
	// not of the nearest one that ships with the binary.
	Exact bool

	definitions map[string]*Type
	kinds       map[string]string // "apps/v1/Deployment" -> the name of a definition
	groups      map[string]bool   // "apps/v1", "apps"
}

func newSchema() *Schema {
	return &Schema{definitions: map[string]*Type{}, kinds: map[string]string{}, groups: map[string]bool{}}
}

// serve makes a kind known: "apps/v1/Deployment" or "v1/Pod". Text without an
// apiVersion is none.
func (s *Schema) serve(gvk, definition string) {
	slash := strings.LastIndexByte(gvk, '/')
	if slash < 0 {
		return
	}
	s.kinds[gvk] = definition
	apiVersion := gvk[:slash]
	s.groups[apiVersion], s.groups[groupOf(apiVersion)] = true, true
}

func groupOf(apiVersion string) string {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		return ""
	}
	return group
}

// Kind is the type of a kind's objects; nil when it is not served.
func (s *Schema) Kind(apiVersion, kind string) *Type {
	if name, ok := s.kinds[apiVersion+"/"+kind]; ok {
		return s.definitions[name]
	}
	return nil
}

// HasGroup reports whether any version of the apiVersion's group is served.
func (s *Schema) HasGroup(apiVersion string) bool { return s.groups[groupOf(apiVersion)] }

// Versions lists the apiVersions in which the group of apiVersion has the kind.
func (s *Schema) Versions(apiVersion, kind string) []string {
	var list []string
	for gvk := range s.kinds {
		version, name := gvk[:strings.LastIndexByte(gvk, '/')], gvk[strings.LastIndexByte(gvk, '/')+1:]
		if name == kind && groupOf(version) == groupOf(apiVersion) {
			list = append(list, version)
		}
	}
	slices.Sort(list)
	return list
}

// Kinds lists the kinds of an apiVersion.
func (s *Schema) Kinds(apiVersion string) []string {
	var list []string
	for gvk := range s.kinds {
		if name, ok := strings.CutPrefix(gvk, apiVersion+"/"); ok && !strings.Contains(name, "/") {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// With is a copy of s that knows the kinds of other too; those of s come first.
func (s *Schema) With(other *Schema) *Schema {
	both := *s
	both.definitions, both.kinds, both.groups = maps.Clone(s.definitions), maps.Clone(s.kinds), maps.Clone(s.groups)
	for gvk, name := range other.kinds {
		if _, known := both.kinds[gvk]; !known {
			both.serve(gvk, name)
		}
	}
	for name, t := range other.definitions {
		if _, known := both.definitions[name]; !known {
			both.definitions[name] = t
		}
	}
	return &both
}

// Metadata is the type of an object's metadata, which those of unknown kinds
// have too; nil when s has no definition of it.
func (s *Schema) Metadata() *Type {
	return s.definitions["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]
}

// resolve follows a reference. What is not defined takes anything.
func (s *Schema) resolve(t *Type) *Type {
	for range 8 { // a definition may be a reference; a circle of them is nothing
		switch {
		case t == nil:
			return &Type{}
		case t.Ref == "":
			return t
		}
		t = s.definitions[t.Ref]
	}
	return &Type{}
}
