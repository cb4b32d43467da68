package walk_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/test/workbench"
)

// A failed revision outlasts the limit while it names an object that goes, and no longer.
func TestWalkLimit(t *testing.T) {
	w := &walker{Bench: &workbench.Bench{T: t}}
	const one, two = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: two}\n"
	revision := func(number int, status release.Status, manifest string) *release.Record {
		return &release.Record{Version: number, Manifest: manifest, Info: &release.Info{Status: status}}
	}
	before := []*release.Record{
		revision(1, release.Superseded, two), revision(2, release.Deployed, one), revision(3, release.Failed, one+"---\n"+two), revision(4, release.Failed, one),
	}
	live := w.ObjectsIn(one + "---\n" + two)
	for name, c := range map[string]struct {
		live string
		next string
		want []int
	}{
		"it is there and goes":  {two, one, []int{2, 3}},
		"it is gone":            {"", one, []int{2, 4}},
		"it is there and stays": {two, two, []int{2, 4}},
	} {
		have := maps.Clone(live)
		if c.live == "" {
			delete(have, "ConfigMap/two")
		}
		var got []int
		for _, r := range limited(before, 2, w.needed(before, have, revision(5, release.Deployed, one+"---\n"+c.next))) {
			got = append(got, r.Version)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v remain, not %v", name, got, c.want)
		}
	}
}
