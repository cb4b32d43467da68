package sequence

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/deployer/release"
)

// thing is one document of a manifest.
func thing(source, kind, name, group, needs string) string {
	notes := ""
	if group != "" {
		notes += groupNote + ": " + group + ", "
	}
	if needs != "" {
		notes += NeedsAnnotation + ": '" + needs + "'"
	}
	return "---\n# Source: " + source + "\napiVersion: v1\nkind: " + kind + "\nmetadata: {name: " + name + ", annotations: {" + notes + "}}\n"
}

func TestSequence(t *testing.T) {
	const web, db = "web/templates/a.yaml", "web/charts/db/templates/a.yaml"
	for _, tt := range []struct {
		name, subcharts, manifest string
		want                      map[string]int
		err                       string
	}{
		{"no order", "", thing(web, "Pod", "a", "", ""), nil, ""},
		{"groups", "", thing(web, "Pod", "app", "app", `["db", "queue"]`) + thing(web, "Pod", "db", "db", "") + thing(web, "Pod", "queue", "queue", `["db"]`) +
			thing(web, "Pod", "rest", "", "") + thing(web, "ConfigMap", "settings", "", ""),
			map[string]int{"app": 2, "db": 0, "queue": 1, "rest": 3, "settings": 0}, ""},
		{"groups of a chart are its own", "", thing(web, "Pod", "a", "one", "") + thing(db, "Pod", "b", "two", `["one"]`) + thing(db, "Pod", "c", "one", ""),
			map[string]int{"a": 0, "b": 1, "c": 0}, ""},
		{"subcharts first", `["db"]`, thing(web, "Pod", "a", "", "") + thing(web, "Secret", "s", "", "") + thing(db, "Pod", "b", "late", `["early"]`) + thing(db, "Pod", "c", "early", ""),
			map[string]int{"a": 2, "s": 0, "b": 1, "c": 0}, ""},
		{"subchart by alias", `["cache"]`, thing(web, "Pod", "a", "", "") + thing("web/charts/cache/templates/x.yaml", "Pod", "b", "", ""),
			map[string]int{"a": 1, "b": 0}, ""},
		{"cycle", "", thing(web, "Pod", "a", "one", `["two"]`) + thing(web, "Pod", "b", "two", `["three"]`) + thing(web, "Pod", "c", "three", `["one"]`), nil,
			"need each other: one -> two -> three -> one"},
		{"itself", "", thing(web, "Pod", "a", "one", `["one"]`), nil, "one -> one"},
		{"unknown group", "", thing(web, "Pod", "a", "one", `["tow"]`), nil, `group "one" of chart web needs group "tow", which no object is in`},
		{"needs without a group", "", thing(web, "Pod", "a", "", `["one"]`), nil, "Pod/a: it has helm.sh/depends-on/resource-groups and no helm.sh/resource-group"},
		{"no list", "", thing(web, "Pod", "a", "one", "two"), nil, `"two" is no list of names; write ["a", "b"]`},
		{"no such subchart, or switched off", `["bd"]`, thing(web, "Pod", "a", "", ""), map[string]int{"a": 0}, ""},
		{"a legal name of the same", "", thing(web, "Pod", "a", "one", "") + strings.Replace(thing(web, "Pod", "b", "two", `["one"]`), NeedsAnnotation, plainNote, 1), map[string]int{"a": 0, "b": 1}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &release.Record{Namespace: "shop", Manifest: tt.manifest, Chart: &release.Chart{Metadata: &chart.Metadata{
				Name: "web", Version: "1.0.0", Dependencies: []*chart.Dependency{{Name: "db"}, {Name: "redis", Alias: "cache"}},
			}}}
			if tt.subcharts != "" {
				r.Chart.Metadata.Annotations = map[string]string{subchartsNote: tt.subcharts}
			}
			got, err := Of(release.NewRevision(r))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, named(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// of is an object of a subchart, in no group.
func of(subchart, kind, name string) string {
	return thing("web/charts/"+subchart+"/templates/a.yaml", kind, name, "", "")
}

func TestSequenceOfSubcharts(t *testing.T) {
	all := of("db", "Pod", "db") + of("queue", "Pod", "queue") + of("api", "Pod", "api") + of("api", "Secret", "word") + of("front", "Pod", "front") +
		thing("web/templates/a.yaml", "Pod", "web", "", "")
	for _, tt := range []struct {
		name, before, manifest string
		needs                  map[string][]string
		want                   map[string]int
		err                    string
	}{
		{"none", "", all, nil, nil, ""},
		{"a chain", "", all, map[string][]string{"api": {"db", "queue"}, "front": {"api"}},
			map[string]int{"db": 0, "queue": 0, "api": 1, "word": 0, "front": 2, "web": 0}, ""},
		{"and the chart after it", `["front"]`, all, map[string][]string{"api": {"db", "queue"}, "front": {"api"}},
			map[string]int{"db": 0, "queue": 0, "api": 1, "word": 0, "front": 2, "web": 3}, ""},
		{"groups within, and a subchart's own subchart", "", thing("web/charts/db/templates/a.yaml", "Pod", "early", "early", "") + thing("web/charts/db/templates/a.yaml", "Pod", "late", "late", `["early"]`) +
			of("db/charts/disk", "Pod", "disk") + of("api", "Pod", "api") + of("api/charts/cache", "Pod", "cache"), map[string][]string{"api": {"db"}},
			map[string]int{"early": 0, "late": 1, "disk": 0, "api": 2, "cache": 2}, ""},
		{"one that is switched off", "", of("api", "Pod", "api"), map[string][]string{"api": {"db"}}, map[string]int{"api": 0}, ""},
		{"a cycle", "", all, map[string][]string{"api": {"db"}, "db": {"front"}, "front": {"api"}}, nil, "subcharts need each other: api -> db -> front -> api"},
		{"itself", "", all, map[string][]string{"api": {"api"}}, nil, "api -> api"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			meta := &chart.Metadata{Name: "web", Version: "1.0.0", Annotations: map[string]string{subchartsNote: tt.before}}
			for name, needs := range tt.needs {
				meta.Dependencies = append(meta.Dependencies, &chart.Dependency{Name: name, DependsOn: needs})
			}
			got, err := Of(release.NewRevision(&release.Record{Namespace: "shop", Manifest: tt.manifest, Chart: &release.Chart{Metadata: meta}}))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, named(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// named has the names of objects instead of their keys.
func named(stages map[string]int) map[string]int {
	if stages == nil {
		return nil
	}
	out := map[string]int{}
	for key, stage := range stages {
		parts := strings.Split(key, "|")
		out[parts[len(parts)-1]] = stage
	}
	return out
}

func TestUnknownSubcharts(t *testing.T) {
	r := &release.Record{Chart: &release.Chart{Metadata: &chart.Metadata{
		Name: "web", Version: "1.0.0", Annotations: map[string]string{subchartsNote: `["db", "api"]`},
		Dependencies: []*chart.Dependency{{Name: "api", DependsOn: []string{"api-gateway", "cache"}}, {Name: "redis", Alias: "cache"}},
	}}}
	want := []string{
		`chart web-1.0.0 is to come after subchart "db", which is switched off, has an alias, or does not exist`,
		`subchart api is to come after subchart "api-gateway", which does not exist`,
	}
	if diff := cmp.Diff(want, UnknownSubcharts(r)); diff != "" {
		t.Error(diff)
	}
}
