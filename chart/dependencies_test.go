package chart

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a dependency comes after is named by alias, and not at all where it is
// switched off; Helm's digest of a lock does not know it.
func TestResolveDependsOn(t *testing.T) {
	sub := func(name string) *Chart {
		return &Chart{Metadata: &Metadata{APIVersion: "v2", Name: name, Version: "0.1.0"}}
	}
	c := &Chart{
		Metadata: &Metadata{APIVersion: "v2", Name: "web", Version: "1.0.0", Dependencies: []*Dependency{
			{Name: "redis", Version: "0.1.0", Alias: "cache"}, {Name: "redis", Version: "0.1.0", Alias: "queue"},
			{Name: "db", Version: "0.1.0", Condition: "db.enabled"},
			{Name: "api", Version: "0.1.0", DependsOn: []string{"redis", "db", "cash"}},
		}},
		Dependencies: []*Chart{sub("redis"), sub("db"), sub("api")},
	}
	before, err := LockDigest(c.Metadata.Dependencies, nil)
	if err != nil {
		t.Fatal(err)
	}
	resolved, _, err := c.Resolve(map[string]any{"db": map[string]any{"enabled": false}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, d := range resolved.Metadata.Dependencies {
		got[d.Name] = d.DependsOn
	}
	if diff := cmp.Diff(map[string][]string{"cache": nil, "queue": nil, "api": {"cache", "queue", "cash"}}, got); diff != "" {
		t.Error(diff)
	}
	last := c.Metadata.Dependencies[3]
	if diff := cmp.Diff([]string{"redis", "db", "cash"}, last.DependsOn); diff != "" {
		t.Errorf("resolving changed the chart: %s", diff)
	}
	last.DependsOn = nil
	if plain, err := LockDigest(c.Metadata.Dependencies, nil); err != nil || plain != before {
		t.Errorf("digest %s with an order, %s without, %v", before, plain, err)
	}
}
