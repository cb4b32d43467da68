package deployer

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/object"
)

// ownerlessKeys are the keys of a live Secret that the target lacks and no field manager owns.
func ownerlessKeys(target, live *unstructured.Unstructured) []string {
	wanted, _ := target.Object["data"].(map[string]any)
	has, _ := live.Object["data"].(map[string]any)
	var out []string
	for name := range has {
		if _, stays := wanted[name]; !stays && len(fieldManagers(live, "f:data", "f:"+name)) == 0 {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// keysOfRevisions are those keys of a Secret that revisions had: they came by stringData, and would outlast an apply.
func keysOfRevisions(keys []string, ref kube.Ref, revisions []*release.Revision) []string {
	had := map[string]any{}
	for _, r := range revisions {
		if !strings.Contains(r.Manifest, "stringData") {
			continue // spares the parsing
		}
		if o := objectsOf(r)[ref.Key()]; o != nil {
			data, _ := o.Object["data"].(map[string]any)
			maps.Copy(had, data)
		}
	}
	return slices.DeleteFunc(keys, func(key string) bool { _, is := had[key]; return !is })
}

// fieldManagers are the entries of managedFields that own a field.
func fieldManagers(o *unstructured.Unstructured, path ...string) []metav1.ManagedFieldsEntry {
	return slices.DeleteFunc(o.GetManagedFields(), func(m metav1.ManagedFieldsEntry) bool {
		var fields map[string]any
		if m.FieldsV1 == nil || json.Unmarshal(m.FieldsV1.GetRawBytes(), &fields) != nil {
			return true
		}
		_, owns, _ := unstructured.NestedFieldNoCopy(fields, path...)
		return !owns
	})
}

// checkSecretKeys finds the keys that are to leave Secrets besides what an apply would come to, and asks whether they
// may.
func (e *Engine) checkSecretKeys(ctx context.Context, states []objectState, revisions []*release.Revision) error {
	for i := range states {
		s := &states[i]
		if !object.IsSecret(s.object) || s.err != nil || s.live == nil || s.live.GetDeletionTimestamp() != nil {
			continue
		}
		keys := ownerlessKeys(s.object, s.live)
		if len(keys) > 0 {
			s.withdrawn = keysOfRevisions(keys, kube.RefOf(s.object), revisions)
		}
		if len(s.withdrawn) == 0 {
			continue
		}
		if _, err := e.withdraw(ctx, s.live, s.withdrawn, true); err != nil {
			s.err = err
			if kube.FatalOnly(err) != nil {
				return err
			}
			continue
		}
		if s.result != nil {
			s.result = s.result.DeepCopy()
			for _, name := range s.withdrawn {
				unstructured.RemoveNestedField(s.result.Object, "data", name)
			}
		}
	}
	return nil
}

// withdraw takes keys out of the very Secret that was seen.
func (e *Engine) withdraw(
	ctx context.Context, live *unstructured.Unstructured, keys []string, dryRun bool,
) (*unstructured.Unstructured, error) {
	gone := map[string]any{}
	for _, key := range keys {
		gone[key] = nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": live.GetUID()}, "data": gone})
	if err != nil {
		return nil, fmt.Errorf("encode the keys that leave %s: %w", kube.RefOf(live).Long(), err)
	}
	return e.cluster.MergePatch(ctx, kube.RefOf(live), patch, dryRun)
}
