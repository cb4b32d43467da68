package kubeschema

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:generate go run ./generate -o kubernetes.gz v1.29.6 v1.30.14 v1.31.14 v1.32.13 v1.33.13 v1.34.4 v1.35.4 v1.36.3

//go:embed kubernetes.gz
var embedded []byte

// shipped are the schemas that ship with the binary.
type shipped struct {
	text     string
	versions []string                  // oldest first
	decoded  []func() (*Schema, error) // those of each version, decoded at the first call
}

// library is unpacked when the first chart is linted.
var library = sync.OnceValues(func() (*shipped, error) {
	r, err := gzip.NewReader(bytes.NewReader(embedded))
	if err != nil {
		return nil, fmt.Errorf("unpack the schemas: %w", err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("unpack the schemas: %w", err)
	}
	l := &shipped{text: string(text)}
	first, _, _ := strings.Cut(l.text, "\n")
	l.versions = strings.Fields(first)[1:]
	for i := range l.versions {
		l.decoded = append(l.decoded, sync.OnceValues(func() (*Schema, error) { return decode(l.text, i) }))
	}
	return l, nil
})

// Versions lists the Kubernetes versions whose schemas ship with the binary,
// oldest first: 1.29.
func Versions() ([]string, error) {
	l, err := library()
	if err != nil {
		return nil, err
	}
	return slices.Clone(l.versions), nil
}

// Of is the schema of a Kubernetes version: v1.33.4-gke.1, 1.33. Without one it
// is the newest that ships with the binary, and for a version that does not
// ship the nearest that does, which is not Exact.
func Of(version string) (*Schema, error) {
	l, err := library()
	if err != nil {
		return nil, err
	}
	index, exact := nearest(l.versions, version)
	decoded, err := l.decoded[index]()
	if err != nil {
		return nil, err
	}
	s := *decoded // what it refers to is never changed
	s.Version, s.Exact = l.versions[index], exact
	return &s, nil
}

func nearest(versions []string, version string) (index int, exact bool) {
	newest := len(versions) - 1
	if version == "" {
		return newest, true
	}
	minor, ok := Minor(version)
	if !ok {
		return newest, false
	}
	for i, v := range versions {
		if have, _ := Minor(v); have >= minor {
			return i, have == minor
		}
	}
	return newest, false
}

// Minor reads v1.31.4-gke.1, 1.31 or 1.31+ as 31.
func Minor(version string) (int, bool) {
	parts := strings.Split(strings.TrimPrefix(version, "v"), ".")
	if len(parts) < 2 {
		return 0, false
	}
	minor, err := strconv.Atoi(strings.TrimRight(parts[1], "+"))
	return minor, err == nil && minor >= 0
}

// Serving lists the shipped Kubernetes versions that serve a kind.
func Serving(apiVersion, kind string) ([]string, error) {
	l, err := library()
	if err != nil {
		return nil, err
	}
	return served(l.text, apiVersion+"/"+kind), nil
}
