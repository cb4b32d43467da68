package walk_test

import (
	"cmp"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/release"
)

// remaining are the revisions that an operation leaves in the history.
func (w *walker) remaining(who string, op stride, before, fresh []*release.Record) []*release.Record {
	w.T.Helper()
	switch {
	case op.name == "uninstall" && !op.keepHistory:
		return nil
	case op.name == "test" || op.name == "uninstall" || op.args[0] == "install" || op.name == "install" && who != "pintle" || len(fresh) == 0:
		return slices.Clone(before)
	}
	most := cmp.Or(op.limit, release.DefaultHistory)
	if who != "pintle" { // Helm's way back forgets the limit
		return limited(before, most-1, nil)
	}
	out := limited(before, most-1, w.needed(before, w.live, fresh[0]))
	if op.back {
		live := maps.Clone(w.live)
		if op.by == "image" { // which fails after all is applied; a hook fails before
			maps.Copy(live, w.ObjectsIn(fresh[0].Manifest))
		}
		out = limited(out, most-2, w.needed(out, live, fresh[1]))
	}
	return out
}

// limited drops the oldest of some revisions until no more than most are left, but never the deployed one nor those
// that are spared.
func limited(records []*release.Record, most int, spared map[int]bool) []*release.Record {
	deployed := 0
	for _, r := range records {
		if r.Status() == release.Deployed {
			deployed = r.Version
		}
	}
	excess := len(records) - most
	return slices.DeleteFunc(slices.Clone(records), func(r *release.Record) bool {
		if excess <= 0 || r.Version == deployed || spared[r.Version] {
			return false
		}
		excess--
		return true
	})
}

// needed are the revisions that pintle spares: those since the deployed one that name a live object which the next
// revision does not have, unless it asks to be kept.
func (w *walker) needed(records []*release.Record, live map[string]*unstructured.Unstructured, next *release.Record) map[int]bool {
	w.T.Helper()
	gone := maps.Clone(live)
	for key, o := range live {
		if o.GetAnnotations()["helm.sh/resource-policy"] == "keep" {
			delete(gone, key)
		}
	}
	for key := range w.ObjectsIn(next.Manifest) {
		delete(gone, key)
	}
	out := map[int]bool{}
	for _, r := range slices.Backward(records) {
		if r.Status() == release.Uninstalled {
			break
		}
		for key := range w.ObjectsIn(r.Manifest) {
			out[r.Version] = out[r.Version] || gone[key] != nil
		}
		if r.Status() == release.Deployed {
			break
		}
	}
	return out
}
