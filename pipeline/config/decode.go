package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Bounds on the document: aliases make a small file a large one.
const (
	maxNodes = 50_000
	maxDepth = 64
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	imageType    = reflect.TypeFor[Image]()
	serviceType  = reflect.TypeFor[Service]()
)

// decoder fills Go values from YAML nodes. It goes on after a problem, so that
// all of them are found, and notes where each value stands.
type decoder struct {
	*source
	nodes     int
	exhausted bool
}

// decode fills v from n, which stands at path.
func (d *decoder) decode(path string, n *yaml.Node, v reflect.Value, depth int) {
	n = d.follow(n, depth)
	if n == nil {
		return
	}
	d.values[path] = d.pos(n)
	switch {
	case v.Type() == imageType && n.Kind == yaml.ScalarNode:
		d.image(path, n, v)
	case v.Type() == serviceType && isNull(n):
		// "cart:" alone is a service by convention.
	case v.Type() == durationType:
		d.duration(path, n, v)
	default:
		d.decodeKind(path, n, v, depth)
	}
}

func (d *decoder) decodeKind(path string, n *yaml.Node, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(path, n, v.Elem(), depth)
	case reflect.Struct:
		d.structure(path, n, v, depth)
	case reflect.Map:
		if v.Type().Elem().Kind() == reflect.Interface {
			d.set(path, n, v, depth)
			return
		}
		d.entries(path, n, v, depth)
	case reflect.Slice:
		d.list(path, n, v, depth)
	case reflect.String:
		d.text(path, n, v)
	case reflect.Bool:
		d.boolean(path, n, v)
	case reflect.Int:
		d.number(path, n, v)
	}
}

// follow returns the node that n stands for, or nil when the document is too
// large to go on.
func (d *decoder) follow(n *yaml.Node, depth int) *yaml.Node {
	d.nodes++
	if d.nodes > maxNodes || depth > maxDepth {
		if !d.exhausted {
			d.add(d.pos(n), "write it out with fewer anchors", "the document is too large or too deep, or an alias contains itself")
		}
		d.exhausted = true
	}
	if d.exhausted || d.full() {
		return nil
	}
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func (d *decoder) pos(n *yaml.Node) Position {
	return Position{File: d.file, Line: n.Line, Column: n.Column}
}

// wrong records that n is not what path wants.
func (d *decoder) wrong(path string, n *yaml.Node, want, hint string) {
	if hint == "" && isNull(n) {
		hint = "write a value, or leave the key out"
	}
	d.tainted[path] = true
	d.add(d.pos(n), hint, "%s: must be %s, not %s", path, want, kindOf(n))
}

// kindOf names what a node is, in words of a person who writes YAML.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	case "!!str":
		return "text"
	}
	return n.ShortTag()
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func (d *decoder) text(path string, n *yaml.Node, v reflect.Value) {
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str":
		v.SetString(n.Value)
	case n.Kind == yaml.ScalarNode && !isNull(n):
		d.wrong(path, n, "text", fmt.Sprintf("put it in quotes: %q", n.Value))
	case n.Kind == yaml.MappingNode && len(n.Content) == 2 && isNull(n.Content[1]) && n.Style == yaml.FlowStyle:
		// {environment} without quotes is a mapping to YAML.
		d.wrong(path, n, "text", fmt.Sprintf("put it in quotes: \"{%s}\"", n.Content[0].Value))
	default:
		d.wrong(path, n, "text", "")
	}
}

func (d *decoder) boolean(path string, n *yaml.Node, v reflect.Value) {
	var b bool
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Decode(&b) != nil {
		hint := ""
		switch strings.ToLower(n.Value) {
		case "yes", "on", "true", "y", "1":
			hint = "write true"
		case "no", "off", "false", "n", "0":
			hint = "write false"
		}
		d.wrong(path, n, "true or false", hint)
		return
	}
	v.SetBool(b)
}

func (d *decoder) number(path string, n *yaml.Node, v reflect.Value) {
	i, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil {
		d.wrong(path, n, "a whole number", "")
		return
	}
	v.SetInt(int64(i))
}

func (d *decoder) duration(path string, n *yaml.Node, v reflect.Value) {
	const hint = "write a number with its unit: 90s, 5m, 1h30m"
	if n.Kind != yaml.ScalarNode || isNull(n) {
		d.wrong(path, n, "a duration", hint)
		return
	}
	t, err := time.ParseDuration(n.Value)
	switch {
	case err != nil || n.ShortTag() != "!!str":
		d.add(d.pos(n), hint, "%s: %q is no duration", path, n.Value)
	case t < time.Second || t > maxDuration:
		d.add(d.pos(n), "write one between 1s and 8760h", "%s: a duration of %s makes no sense here", path, n.Value)
	default:
		v.SetInt(int64(t))
	}
}

// image decodes the short forms of an image: its repository, or none.
func (d *decoder) image(path string, n *yaml.Node, v reflect.Value) {
	image := Image{}
	d.text(path, n, reflect.ValueOf(&image).Elem().FieldByName("Repository"))
	if image.Repository == "none" {
		image = Image{None: true}
	}
	v.Set(reflect.ValueOf(image))
}

func (d *decoder) list(path string, n *yaml.Node, v reflect.Value, depth int) {
	if n.Kind != yaml.SequenceNode {
		hint := ""
		if n.Kind == yaml.ScalarNode && !isNull(n) {
			hint = fmt.Sprintf("write a list: [%s]", quoted(n.Value))
		}
		d.wrong(path, n, "a list", hint)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.decode(fmt.Sprintf("%s[%d]", path, i), item, v.Index(i), depth+1)
	}
}

// quoted puts a text that a flow list would misread in quotes.
func quoted(s string) string {
	if strings.ContainsAny(s, "{}[],*&#:\"' ") {
		return strconv.Quote(s)
	}
	return s
}

// pair is one entry of a mapping.
type pair struct {
	name       string
	key, value *yaml.Node
}

// pairs returns the entries of a mapping, merge keys resolved: what the
// mapping says itself wins over what it merges. Duplicate keys are problems.
func (d *decoder) pairs(path string, n *yaml.Node, depth int) []pair {
	var own, merged []pair
	d.nodes += len(n.Content) / 2
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" {
			merged = append(merged, d.merge(path, value, depth+1)...)
			continue
		}
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			d.add(d.pos(key), "", "%s: a key must be text, not %s", orFile(path), kindOf(key))
			continue
		}
		if line, ok := seen[key.Value]; ok {
			d.add(d.pos(key), fmt.Sprintf("it stands at line %d already: keep one", line), "%q stands twice%s", key.Value, in(path))
			continue
		}
		seen[key.Value] = key.Line
		own = append(own, pair{key.Value, key, value})
	}
	for _, m := range merged {
		if _, ok := seen[m.name]; !ok {
			seen[m.name] = m.key.Line
			own = append(own, m)
		}
	}
	return own
}

// merge returns the entries of the mapping, or list of mappings, behind <<.
func (d *decoder) merge(path string, n *yaml.Node, depth int) []pair {
	n = d.follow(n, depth)
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.MappingNode:
		return d.pairs(path, n, depth)
	case n.Kind == yaml.SequenceNode:
		var all []pair
		for _, item := range n.Content {
			if item = d.follow(item, depth); item != nil && item.Kind == yaml.MappingNode {
				all = append(all, d.pairs(path, item, depth+1)...)
			}
		}
		return all
	}
	d.wrong(child(path, "<<"), n, "a mapping", "")
	return nil
}

func orFile(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

func in(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}

// mapping returns the entries of n, or records that it is no mapping.
func (d *decoder) mapping(path string, n *yaml.Node, depth int) []pair {
	if n.Kind != yaml.MappingNode {
		d.wrong(orFile(path), n, "a mapping", "")
		return nil
	}
	return d.pairs(path, n, depth)
}

// structure decodes a mapping with known keys.
func (d *decoder) structure(path string, n *yaml.Node, v reflect.Value, depth int) {
	for _, p := range d.mapping(path, n, depth) {
		if d.full() {
			return
		}
		at := child(path, p.name)
		field := fieldOf(v.Type(), p.name)
		if field < 0 {
			known := keysOf(v.Type())
			hint := suggest(p.name, known)
			if Nearest(p.name, known) == "" {
				hint = cmp.Or(placesOf(p.name), hint)
			}
			d.tainted[at] = true
			d.add(d.pos(p.key), hint, "unknown key %q%s", p.name, in(path))
			continue
		}
		d.keys[at] = d.pos(p.key)
		d.decode(at, p.value, v.Field(field), depth+1)
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key, required := f.Tag.Get("yaml"), slices.Contains(strings.Split(f.Tag.Get("jsonschema"), ","), "required")
		if _, ok := d.values[child(path, key)]; required && !ok && n.Kind == yaml.MappingNode {
			d.add(d.key(path), fmt.Sprintf("add %q", key+": "+exampleOf(key)), "%s: %q is missing", orFile(path), key)
		}
	}
}

// entries decodes a mapping whose keys are names.
func (d *decoder) entries(path string, n *yaml.Node, v reflect.Value, depth int) {
	v.Set(reflect.MakeMap(v.Type()))
	for _, p := range d.mapping(path, n, depth) {
		at := child(path, p.name)
		d.keys[at] = d.pos(p.key)
		elem := reflect.New(v.Type().Elem()).Elem()
		d.decode(at, p.value, elem, depth+1)
		v.SetMapIndex(reflect.ValueOf(p.name), elem)
	}
}

// fieldOf returns the index of the field that a key names, or -1.
func fieldOf(t reflect.Type, key string) int {
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("yaml"); tag == key && tag != "" && tag != "-" {
			return i
		}
	}
	return -1
}

// keysOf returns the keys of a type, in order of the type.
func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("yaml"); tag != "" && tag != "-" {
			keys = append(keys, tag)
		}
	}
	return keys
}

// placesOf tells where else a key is known, for a key in the wrong place.
func placesOf(key string) string {
	var places []string
	var walk func(path string, t reflect.Type)
	walk = func(path string, t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer:
			walk(path, t.Elem())
		case reflect.Map:
			walk(path+".NAME", t.Elem())
		case reflect.Struct:
			for _, k := range keysOf(t) {
				if k == key {
					places = append(places, child(path, k))
				}
				walk(child(path, k), t.Field(fieldOf(t, k)).Type)
			}
		}
	}
	walk("", reflect.TypeFor[Config]())
	if len(places) == 0 {
		return ""
	}
	return "it is known as " + strings.Join(places, ", ")
}

func exampleOf(key string) string {
	switch key {
	case "apiVersion":
		return APIVersion
	case "project":
		return "NAME"
	}
	return "oci://HOST/PATH/NAME"
}
