package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

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
		d.wrong(path, n, "true or false", boolHint(n))
		return
	}
	v.SetBool(b)
}

// boolHint says what to write where a text is meant as true or false; "" for any other.
func boolHint(n *yaml.Node) string {
	switch strings.ToLower(n.Value) {
	case "yes", "on", "true", "y", "1":
		return "write true"
	case "no", "off", "false", "n", "0":
		return "write false"
	}
	return ""
}

// tags decodes what an environment takes of tags: true, false, or a text.
func (d *decoder) tags(path string, n *yaml.Node, v reflect.Value) {
	const want = "true, candidates, all or a pattern of tags"
	var b bool
	switch hint := boolHint(n); {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!bool" && n.Decode(&b) == nil:
		if b {
			v.SetString(string(ReleaseTags))
		}
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && n.Value != "" && hint == "":
		v.SetString(n.Value)
	case n.Kind == yaml.SequenceNode:
		d.wrong(path, n, want, "write one pattern that matches all of them")
	case n.Kind == yaml.ScalarNode && n.Value == "":
		d.wrong(path, n, want, "write a value, or leave the key out")
	case hint != "":
		d.wrong(path, n, want, hint+", without quotes")
	default:
		d.wrong(path, n, want, "")
	}
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

// quoted puts a text that a flow list would misread in quotes.
func quoted(s string) string {
	if strings.ContainsAny(s, "{}[],*&#:\"' ") {
		return strconv.Quote(s)
	}
	return s
}
