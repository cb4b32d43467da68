package config

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
	"github.com/pintle-ci/pintle/versioning"
)

// Limits of Kubernetes and Helm (facts/git-ci-canary.md 1.4).
const (
	maxLabel   = 63
	maxRelease = chart.MaxReleaseName
)

var (
	label       = lazyregexp.New(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	placeholder = lazyregexp.New(`\{([^{}]*)\}`)
	unsluggable = lazyregexp.New(`[^0-9a-z]+`)
)

// known are the placeholders of paths, namespaces and release names.
var known = []string{"branch", "environment", "project", "service"}

// placeholders returns the names of the placeholders in s, each once.
func placeholders(s string) []string {
	names := map[string]bool{}
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		names[m[1]] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// fill puts values in the place of placeholders; those without a value stay.
func fill(s string, values map[string]string) string {
	return placeholder.Compiled().ReplaceAllStringFunc(s, func(p string) string {
		if v, ok := values[p[1:len(p)-1]]; ok {
			return v
		}
		return p
	})
}

// fillTree is fill over every text in a tree of values; it returns a copy.
func fillTree(tree any, values map[string]string) any {
	switch t := tree.(type) {
	case string:
		return fill(t, values)
	case map[string]any:
		filled := make(map[string]any, len(t))
		for k, v := range t {
			filled[k] = fillTree(v, values)
		}
		return filled
	case []any:
		filled := make([]any, len(t))
		for i, v := range t {
			filled[i] = fillTree(v, values)
		}
		return filled
	}
	return tree
}

// mentions reports whether a text in a tree of values holds part.
func mentions(tree any, part string) bool {
	switch t := tree.(type) {
	case string:
		return strings.Contains(t, part)
	case map[string]any:
		for _, v := range t {
			if mentions(v, part) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(t, func(v any) bool { return mentions(v, part) })
	}
	return false
}

// branchLength is how long a branch name may be in names and paths.
const branchLength = 20

// slug makes a DNS label of any branch name: the same text that stands in the
// versions of the branch.
func slug(branch string) string { return versioning.Slug(branch, branchLength) }

// shorten cuts s to limit characters; what is cut carries a hash.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	h := hash(s)
	return strings.TrimRight(s[:limit-len(h)-1], "-.") + "-" + h
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:3])
}
