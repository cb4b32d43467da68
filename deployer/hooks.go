package deployer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/evidence"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/sequence"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/text"
)

// Hook delete policies (facts/helm-format.md 4.4).
const (
	beforeCreation = "before-hook-creation"
	hookSucceeded  = "hook-succeeded"
	hookFailed     = "hook-failed"
)

// Annotations of hooks.
const (
	hookNote   = "helm.sh/hook"
	policyNote = "helm.sh/hook-delete-policy"
)

// hooksFor are the hooks of an event in the order in which they run: by weight, then by name, kinds in install order
// before both.
func hooksFor(hooks []*release.Hook, event string) []*release.Hook {
	var out []*release.Hook
	for _, h := range hooks {
		if slices.Contains(h.Events, event) {
			out = append(out, h)
		}
	}
	slices.SortStableFunc(out, func(a, b *release.Hook) int {
		return cmp.Or(cmp.Compare(a.Weight, b.Weight), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// hooks runs the hooks of an event, one after another. Those that ask for it are deleted when all have succeeded; when
// one fails, deletion waits until the evidence is collected.
func (r *operation) hooks(ctx context.Context, event string) error {
	if r.plan.request.NoHooks {
		return nil
	}
	ran, err := r.runHooks(ctx, event)
	if err != nil {
		return err
	}
	return r.deleteHooks(ctx, ran, hookSucceeded)
}

// runHooks is hooks without the deletion of those that succeeded.
func (r *operation) runHooks(ctx context.Context, event string) ([]*release.Hook, error) {
	var ran []*release.Hook
	for _, h := range hooksFor(r.plan.record.Hooks, event) {
		if len(h.DeletePolicies) == 0 {
			h.DeletePolicies = []string{beforeCreation}
		}
		made, err := r.runHook(ctx, h)
		if err != nil {
			r.spoil(made, h, ran)
			return ran, err
		}
		ran = append(ran, h)
	}
	return ran, nil
}

// spoil notes which hook objects go once the evidence of a failure is safe: the failed one's by hook-failed, those of
// earlier ones by hook-succeeded.
func (r *operation) spoil(made []*unstructured.Unstructured, h *release.Hook, ran []*release.Hook) {
	if slices.Contains(h.DeletePolicies, hookFailed) {
		for _, o := range made {
			r.hooksToDelete = append(r.hooksToDelete, kube.RefOf(o))
		}
	}
	for _, earlier := range ran {
		if slices.Contains(earlier.DeletePolicies, hookSucceeded) {
			r.hooksToDelete = append(r.hooksToDelete, r.hookRefs(earlier)...)
		}
	}
}

// runHook replaces what an earlier run left, creates the hook's objects and waits until they are done. It returns those
// that it has made.
func (r *operation) runHook(ctx context.Context, h *release.Hook) (made []*unstructured.Unstructured, err error) {
	objects, err := r.engine.placedHook(ctx, h, r.plan.Namespace)
	if err != nil {
		return nil, &wait.Failures{Err: fmt.Errorf("hook %s: %w", h.Path, err)}
	}
	for _, o := range objects {
		if err := r.clearHook(ctx, kube.RefOf(o), h); err != nil {
			return nil, hookFault(o, err)
		}
		if err := r.waiter().AwaitFormer(ctx, o); err != nil {
			return nil, hookFault(o, err)
		}
	}
	h.LastRun = release.Run{StartedAt: release.Time{Time: time.Now()}, Phase: release.PhaseRunning}
	made, err = r.makeHook(ctx, objects)
	if err != nil {
		h.LastRun.CompletedAt, h.LastRun.Phase = release.Time{Time: time.Now()}, release.PhaseFailed
		return made, err
	}
	made, err = r.finishHook(ctx, objects, made)
	h.LastRun.CompletedAt, h.LastRun.Phase = release.Time{Time: time.Now()}, release.PhaseSucceeded
	if err != nil {
		h.LastRun.Phase = release.PhaseFailed
	}
	for _, live := range made {
		r.hookOutput(ctx, live, h, err != nil)
	}
	return made, err
}

// makeHook creates the objects of a hook, one after another.
func (r *operation) makeHook(
	ctx context.Context, objects []*unstructured.Unstructured,
) (made []*unstructured.Unstructured, err error) {
	for _, o := range objects {
		live, err := r.applyHook(ctx, o)
		if err != nil {
			return made, hookFault(o, err)
		}
		r.hooked = append(r.hooked, kube.RefOf(o))
		made = append(made, live)
	}
	return made, nil
}

func (r *operation) applyHook(ctx context.Context, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	return r.engine.applyObject(ctx, o,
		kube.ApplyOptions{Manager: release.Manager, Force: true, Lenient: r.plan.request.NoValidation})
}

// finishHook waits until the objects of a hook are done and returns them as they are then: one that got no pods was
// made again.
func (r *operation) finishHook(
	ctx context.Context, objects, made []*unstructured.Unstructured,
) ([]*unstructured.Unstructured, error) {
	var items []*wait.Item
	for i, live := range made {
		item := wait.ToFinish(live)
		item.Remake = func(ctx context.Context) (*unstructured.Unstructured, error) { return r.applyHook(ctx, objects[i]) }
		items = append(items, item)
	}
	err := r.waiter().Await(ctx, items)
	for i, item := range items {
		made[i] = cmp.Or(item.Object, made[i])
	}
	return made, err
}

func hookFault(o *unstructured.Unstructured, err error) error {
	return &wait.Failures{Objects: []wait.Failure{{Ref: kube.RefOf(o), Cause: "hook: " + plan.CauseOf(err), Err: err}}}
}

// placedHook are the objects of a hook in their namespaces.
func (e *Engine) placedHook(
	ctx context.Context, h *release.Hook, namespace string,
) ([]*unstructured.Unstructured, error) {
	objects, err := hookObjects(h)
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		if _, err := e.place(ctx, o, namespace, nil); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// hookObjects are the objects of a hook: one, or the items of a List, which are made together, as Helm does.
func hookObjects(h *release.Hook) ([]*unstructured.Unstructured, error) {
	objects, err := release.ParseDocument(h.Manifest)
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		// Hooks have weights instead, and Kubernetes refuses the name.
		if notes := o.GetAnnotations(); notes[sequence.NeedsAnnotation] != "" {
			delete(notes, sequence.NeedsAnnotation)
			o.SetAnnotations(notes)
		}
	}
	return objects, nil
}

// hookRefs are those objects of a hook that this operation has made and not deleted.
func (r *operation) hookRefs(h *release.Hook) []kube.Ref {
	objects, err := hookObjects(h)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.hooked), func(ref kube.Ref) bool {
		return !slices.ContainsFunc(objects, func(o *unstructured.Unstructured) bool {
			return o.GetKind() == ref.Kind && o.GetName() == ref.Name &&
				(o.GetNamespace() == "" || o.GetNamespace() == ref.Namespace)
		})
	})
}

// clearHook deletes what stands in a hook's way. A Job or Pod of an earlier run always does, whatever the policies say:
// it could not be run again, and nobody waits for it any more, for we hold the release's lock. What is no hook and not
// the release's is not ours to delete, unless the policy says so.
func (r *operation) clearHook(ctx context.Context, ref kube.Ref, h *release.Hook) error {
	runs, asked := reruns(ref.Kind), slices.Contains(h.DeletePolicies, beforeCreation)
	if ref.Kind == "CustomResourceDefinition" || !runs && !asked {
		return nil
	}
	old, err := r.engine.cluster.Get(ctx, ref)
	if kube.Is(err, kube.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !asked {
		if err := inTheWay(old, h, r.plan.Release, r.plan.Namespace); err != nil {
			return err
		}
		r.span.Output(ref.String(), "replaced: an earlier run left it, "+leftAs(old))
	}
	return r.waiter().Clear(ctx, old)
}

// leftAs says how a Job or Pod of an earlier run ended.
func leftAs(o *unstructured.Unstructured) string {
	switch v := readiness.Of(o, true); {
	case v.State == readiness.Failed:
		return text.Brief(v.Message)
	case v.State == readiness.Ready && o.GetKind() == "Job", object.String(o, "status", "phase") == "Succeeded":
		return "it had succeeded"
	}
	return "it had not ended"
}

// deleteHooks deletes, last one first, the hooks that ask for it by policy.
func (r *operation) deleteHooks(ctx context.Context, ran []*release.Hook, policy string) error {
	for _, h := range slices.Backward(ran) {
		if !slices.Contains(h.DeletePolicies, policy) {
			continue
		}
		for _, ref := range slices.Backward(r.hookRefs(h)) {
			if err := r.deleteHook(ctx, ref); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *operation) deleteHook(ctx context.Context, ref kube.Ref) error {
	if ref.Kind == "" || ref.Kind == "CustomResourceDefinition" {
		return nil
	}
	err := r.engine.cluster.Delete(ctx, ref, "", kube.Background)
	if err != nil && !kube.Is(err, kube.NotFound) {
		return err
	}
	r.hooked = slices.DeleteFunc(r.hooked, func(other kube.Ref) bool { return other == ref })
	return nil
}

// endHook deletes a hook that may still run, and waits until it has stopped, as long as ctx lasts: the operation's own
// time may be over.
func (r *operation) endHook(ctx context.Context, ref kube.Ref) error {
	if ref.Kind == "" || ref.Kind == "CustomResourceDefinition" {
		return nil
	}
	w := &wait.Waiter{Cluster: r.engine.cluster, Span: r.span}
	o, err := r.engine.cluster.Get(ctx, ref)
	if err == nil {
		err = w.Clear(ctx, o)
	}
	if err == nil {
		err = w.AwaitFormer(ctx, o)
	}
	if err != nil && !kube.Is(err, kube.NotFound) {
		return err
	}
	r.hooked = slices.DeleteFunc(r.hooked, func(other kube.Ref) bool { return other == ref })
	return nil
}

// hookOutput tells the log of a hook whose output policy asks for it.
func (r *operation) hookOutput(ctx context.Context, o *unstructured.Unstructured, h *release.Hook, failed bool) {
	policy := hookSucceeded
	if failed {
		policy = hookFailed
	}
	if !slices.Contains(h.OutputLogPolicies, policy) {
		return
	}
	for _, line := range r.logLines(ctx, o) {
		r.span.Output(kube.RefOf(o).String(), line)
	}
}

// logLines are the last lines of every container of a Job's or Pod's pods.
func (r *operation) logLines(ctx context.Context, o *unstructured.Unstructured) []string {
	var lines []string
	for _, pod := range r.gatherer().OwnPods(ctx, o) {
		for _, c := range evidence.Containers(pod, "containers") {
			log, err := r.engine.cluster.Logs(ctx, pod.GetNamespace(), pod.GetName(), kube.LogOptions{Container: c, Lines: 200})
			if err == nil && log != "" {
				lines = append(lines, strings.Split(strings.TrimRight(r.redact(log), "\n"), "\n")...)
			}
		}
	}
	return lines
}
