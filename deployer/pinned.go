package deployer

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
)

// pinnedTries bounds how often an object is applied over a version that somebody else, as the controller that writes
// its status, has just replaced.
const pinnedTries = 20

// applyPinned applies an object of a saved plan: only over what the plan saw. The server compares the version; where
// that has moved on, what matters is compared here, for a status may change at any time.
func (r *operation) applyPinned(ctx context.Context, c *plan.Change) (*unstructured.Unstructured, error) {
	if c.Live == nil || c.Action == plan.Recreate || c.Live.GetDeletionTimestamp() != nil {
		return r.applyAbsent(ctx, c)
	}
	options := r.plan.request.applyOptions()
	live := c.Live
	for attempt := 0; ; attempt++ {
		o := c.Desired.DeepCopy()
		o.SetUID(live.GetUID())
		o.SetResourceVersion(live.GetResourceVersion())
		out, err := r.engine.cluster.Apply(ctx, o, options)
		if onlyOurselves(err) {
			options.Force = true
			continue
		}
		if !kube.Is(err, kube.Conflict) || managerCount(err) > 0 || attempt == pinnedTries {
			return out, err
		}
		if live, err = r.engine.cluster.Get(ctx, c.Object); kube.Is(err, kube.NotFound) {
			return nil, fmt.Errorf("it has been deleted since its plan was checked: %w", plan.ErrStale)
		} else if err != nil {
			return nil, err
		}
		if fields := c.ChangedSince(live); len(fields) > 0 {
			return nil, fmt.Errorf("%s changed since its plan was checked: %w", strings.Join(fields, ", "), plan.ErrStale)
		}
	}
}

// applyAbsent creates an object that the plan saw absent, or deleted itself.
func (r *operation) applyAbsent(ctx context.Context, c *plan.Change) (*unstructured.Unstructured, error) {
	live, err := r.engine.cluster.Get(ctx, c.Object)
	if err == nil {
		return nil, fmt.Errorf("it has been created since its plan was checked, by %s: %w", otherManager(live), plan.ErrStale)
	}
	if !kube.Is(err, kube.NotFound) {
		return nil, err
	}
	return r.applyPlain(ctx, c)
}

func otherManager(o *unstructured.Unstructured) string {
	for _, f := range o.GetManagedFields() {
		if f.Manager != release.Manager {
			return f.Manager
		}
	}
	return "somebody"
}
