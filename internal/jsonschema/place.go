package jsonschema

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// place is where a schema stands: a document and a JSON pointer into it.
type place struct {
	url     string // absolute, without a fragment
	pointer string // RFC 6901; empty for the whole document
}

// String is the place as a URL.
func (p place) String() string {
	steps := strings.Split(p.pointer, "/")
	for i, s := range steps {
		steps[i] = url.PathEscape(s)
	}
	return p.url + "#" + strings.Join(steps, "/")
}

// down is the place of what keys lead to.
func (p place) down(keys ...string) place {
	p.pointer = pointerTo(p.pointer, keys...)
	return p
}

func pointerTo(base string, keys ...string) string {
	for _, k := range keys {
		base += "/" + escapes.Replace(k)
	}
	return base
}

var escapes = strings.NewReplacer("~", "~0", "/", "~1")

// lookup returns what a pointer leads to.
func (p place) lookup(doc any) (any, error) {
	for _, step := range strings.Split(p.pointer, "/")[1:] {
		key, err := unescape(step)
		if err != nil {
			return nil, fmt.Errorf("invalid json-pointer %q", p)
		}
		next, ok := child(doc, key)
		if !ok {
			return nil, fmt.Errorf("json-pointer in %q not found", p)
		}
		doc = next
	}
	return doc, nil
}

func child(v any, key string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		e, ok := v[key]
		return e, ok
	case []any:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(v) {
			return v[i], true
		}
	}
	return nil, false
}

// unescape undoes the escapes of a step of a pointer.
func unescape(step string) (string, error) {
	parts := strings.Split(step, "~")
	for i, part := range parts[1:] {
		switch {
		case strings.HasPrefix(part, "0"):
			parts[i+1] = "~" + part[1:]
		case strings.HasPrefix(part, "1"):
			parts[i+1] = "/" + part[1:]
		default:
			return "", strconv.ErrSyntax
		}
	}
	return strings.Join(parts, ""), nil
}

// splitFragment splits a URL reference; the fragment is decoded: a pointer, or
// the name of an anchor.
func splitFragment(ref string) (address, fragment string, err error) {
	address, fragment, _ = strings.Cut(ref, "#")
	if fragment, err = url.PathUnescape(fragment); err != nil {
		return "", "", fmt.Errorf("error in parsing %q: %w", ref, err)
	}
	return address, fragment, nil
}

func isPointer(fragment string) bool {
	return fragment == "" || strings.HasPrefix(fragment, "/")
}

// join resolves a reference against the URL of what holds it.
func join(base, ref string) (address, fragment string, err error) {
	ref, fragment, err = splitFragment(ref)
	if err != nil {
		return "", "", err
	}
	from, err := url.Parse(base)
	if err != nil {
		return "", "", fmt.Errorf("error in parsing %q: %w", base, err)
	}
	to, err := url.Parse(ref)
	if err != nil {
		return "", "", fmt.Errorf("error in parsing %q: %w", ref, err)
	}
	target := from.ResolveReference(to)
	if !to.IsAbs() && from.Opaque != "" { // golang.org/issue/66084
		target.Opaque = from.Opaque
	}
	return target.String(), fragment, nil
}
