package deployer

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
)

// obj reads one object from YAML.
func obj(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	list, err := release.ParseManifest(text)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d objects, %v", len(list), err)
	}
	return list[0]
}

func record(version int, status release.Status) *release.Record {
	return &release.Record{Name: "web", Namespace: "shop", Version: version, Info: &release.Info{Status: status}}
}

func TestDecideObject(t *testing.T) {
	target := obj(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n")
	markOwned(target, "web", "shop")
	mine, foreign := target.DeepCopy(), target.DeepCopy()
	markOwned(foreign, "other", "shop")
	bare := obj(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n")
	changed := mine.DeepCopy()
	changed.Object["data"] = map[string]any{"x": "1"}
	leaving := mine.DeepCopy()
	leaving.Object["metadata"].(map[string]any)["deletionTimestamp"] = "2026-01-01T00:00:00Z"
	before := map[string]bool{kube.RefOf(target).Key(): true}
	for name, tt := range map[string]struct {
		state  objectState
		before map[string]bool
		adopt  Adoption
		list   []string
		want   plan.Action
		err    string
	}{
		"absent":               {state: objectState{}, want: plan.Create},
		"same":                 {state: objectState{live: mine, result: mine}, before: before, want: plan.Unchanged},
		"other":                {state: objectState{live: changed, result: mine}, before: before, want: plan.Update},
		"ours, not in records": {state: objectState{live: changed, result: mine}, want: plan.Adopt},
		"foreign":              {state: objectState{live: foreign, result: mine}, err: "belongs to release other"},
		"unmarked":             {state: objectState{live: bare, result: mine}, err: "not made by this release"},
		"unmarked, allowed":    {state: objectState{live: bare, result: mine}, adopt: AdoptUnowned, want: plan.Adopt},
		"foreign, not allowed": {state: objectState{live: foreign, result: mine}, adopt: AdoptUnowned, err: "belongs to release other in namespace shop"},
		"foreign, all":         {state: objectState{live: foreign, result: mine}, adopt: AdoptAll, want: plan.Adopt},
		"listed":               {state: objectState{live: foreign, result: mine}, adopt: AdoptListed, list: []string{"ConfigMap/a"}, want: plan.Adopt},
		"listed elsewhere":     {state: objectState{live: bare, result: mine}, adopt: AdoptListed, list: []string{"ConfigMap/other/a"}, err: "--adopt ConfigMap/a"},
		"ours, never":          {state: objectState{live: mine, result: mine}, adopt: AdoptNever, want: plan.Unchanged},
		"marks lost":           {state: objectState{live: bare, result: mine}, before: before, want: plan.Update},
		"being deleted":        {state: objectState{live: leaving, result: mine}, before: before, want: plan.Create},
		"not checked":          {state: objectState{unchecked: "no namespace"}, want: plan.Create},
		"CRD there":            {state: objectState{live: bare, isCRD: true}, want: plan.Unchanged},
		"CRD absent":           {state: objectState{isCRD: true}, want: plan.Create},
	} {
		t.Run(name, func(t *testing.T) {
			tt.state.object = target
			seen := observation{record: revision(2, ""), namespace: "shop", request: Request{Adopt: tt.adopt, AdoptList: tt.list}}
			c, err := decideObject(tt.state, tt.before, seen)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || c.Action != tt.want {
				t.Errorf("%s %v, want %s", c.Action, err, tt.want)
			}
		})
	}
}

func TestDecidePrune(t *testing.T) {
	make := func(kind, name, notes string) *unstructured.Unstructured {
		o := obj(t, "apiVersion: v1\nkind: "+kind+"\nmetadata: {name: "+name+", namespace: shop, annotations: {"+notes+"}}\n")
		markOwned(o, "web", "shop")
		return o
	}
	foreign := make("Service", "theirs", "")
	markOwned(foreign, "other", "shop")
	got := decidePrune(observation{record: revision(2, ""), namespace: "shop", leftovers: []*unstructured.Unstructured{
		make("ConfigMap", "old", ""), make("Secret", "kept", `helm.sh/resource-policy: keep`), foreign, make("Pod", "first", ""),
	}})
	var lines []string
	for _, c := range got {
		lines = append(lines, string(c.Action)+" "+c.Object.String())
	}
	want := []string{"delete Pod/first", "unchanged Secret/kept", "unchanged Service/theirs", "delete ConfigMap/old"}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
}

func revision(version int, status release.Status) *release.Revision {
	return release.NewRevision(record(version, status))
}

func TestSameRecord(t *testing.T) {
	base := revision(1, release.Deployed)
	base.Manifest, base.Config = "m", map[string]any{"n": 1}
	same := revision(2, "")
	same.Manifest, same.Config = "m", map[string]any{"n": 1.0}
	if !sameRecord(base, base, same) {
		t.Error("equal records differ")
	}
	if sameRecord(base, revision(2, release.Failed), same) || sameRecord(nil, nil, same) {
		t.Error("what is not deployed last cannot be the same")
	}
	for name, change := range map[string]func(*release.Record){
		"manifest": func(r *release.Record) { r.Manifest = "x" },
		"config":   func(r *release.Record) { r.Config = nil },
		"hooks":    func(r *release.Record) { r.Hooks = []*release.Hook{{Path: "h"}} },
		"labels":   func(r *release.Record) { r.Labels = map[string]string{"team": "a"} },
	} {
		other := same.Clone()
		change(other)
		if sameRecord(base, base, release.NewRevision(other)) {
			t.Errorf("another %s goes unnoticed", name)
		}
	}
}
