package deployer

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
		notes += needsNote + ": '" + needs + "'"
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
		{"unknown subchart", `["bd"]`, thing(web, "Pod", "a", "", ""), nil, `there is no subchart "bd"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &release.Record{Namespace: "shop", Manifest: tt.manifest, Chart: &release.Chart{Metadata: &chart.Metadata{
				Name: "web", Version: "1.0.0", Dependencies: []*chart.Dependency{{Name: "db"}, {Name: "redis", Alias: "cache"}},
			}}}
			if tt.subcharts != "" {
				r.Chart.Metadata.Annotations = map[string]string{subchartsNote: tt.subcharts}
			}
			got, err := sequence(r)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			named := map[string]int{}
			for key, stage := range got {
				parts := strings.Split(key, "|")
				named[parts[len(parts)-1]] = stage
			}
			if len(named) == 0 {
				named = nil
			}
			if diff := cmp.Diff(tt.want, named); diff != "" {
				t.Error(diff)
			}
		})
	}
}
