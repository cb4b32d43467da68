package deployer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/pipeline/event"
)

// Bounds of the evidence: a report must stay readable and its collection short.
const (
	maxObjects  = 10 // that get evidence; the others keep their cause
	maxPods     = 2  // of each object
	maxEvents   = 6  // of each object and pod
	logTail     = 20 // lines of each log
	maxEvidence = 64 << 10
)

// failed makes the error of a run that err ended, with evidence for each object
// that failed, and tells it. It must run before anything is rolled back.
func (r *run) failed(ctx context.Context, err error) *FailedError {
	f := &FailedError{Release: r.plan.Release, Cause: r.redact(brief(err.Error())), Err: err}
	list, ok := errors.AsType[*failures](err)
	if !ok || (list.err != nil && !errors.Is(list.err, errTimeout)) {
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, evidenceBound)
	defer cancel()
	f.Objects = make([]ObjectFailure, len(list.objects))
	type job struct {
		i int
		failure
	}
	var jobs []job
	for i, o := range list.objects {
		jobs = append(jobs, job{i, o})
	}
	each(jobs, func(j job) {
		out := ObjectFailure{Object: j.ref.String(), Namespace: j.ref.Namespace, Cause: r.redact(brief(j.cause))}
		if j.i < maxObjects {
			out.Evidence = r.redact(clip(r.evidence(ctx, j.failure), maxEvidence))
		}
		f.Objects[j.i] = out
	})
	for _, o := range f.Objects {
		r.span.Evidence(o.Namespace, o.Object, event.Failed, o.Cause, o.Evidence)
	}
	r.clearDoomed(ctx)
	return f
}

// clearDoomed deletes the hooks that a failure condemned, now that they have
// been looked at.
func (r *run) clearDoomed(ctx context.Context) {
	for _, ref := range r.doomed {
		if err := r.deleteHook(ctx, ref); err != nil {
			r.span.Warn("a hook could not be deleted: " + err.Error())
		}
	}
	r.doomed = nil
}

// evidence is what the cluster tells about a failed object: its conditions and
// events, then its worst pods with their containers, events and logs. What
// cannot be read is left out; the cause is known anyway.
func (r *run) evidence(ctx context.Context, f failure) string {
	var b strings.Builder
	live, err := r.engine.cluster.Get(ctx, f.ref)
	if err != nil {
		return ""
	}
	writeConditions(&b, "  ", live)
	r.writeEvents(ctx, &b, "  ", live)
	pods := r.podsShowing(ctx, f, live)
	for i, pod := range pods {
		if i == maxPods {
			fmt.Fprintf(&b, "  and %d more pods\n", len(pods)-i)
			break
		}
		r.writePod(ctx, &b, pod)
	}
	return b.String()
}

// podsShowing are the pods the wait judged by, as they are now; without any,
// the workload's pods that are not ready.
func (r *run) podsShowing(ctx context.Context, f failure, live *unstructured.Unstructured) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, ref := range f.pods {
		if pod, err := r.engine.cluster.Get(ctx, ref); err == nil {
			out = append(out, pod)
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, pod := range r.ownPods(ctx, live) {
		if !isReadyPod(pod) {
			out = append(out, pod)
		}
	}
	return out
}

// ownPods lists the pods that a workload's template makes.
func (r *run) ownPods(ctx context.Context, o *unstructured.Unstructured) []*unstructured.Unstructured {
	if o.GetKind() == "Pod" {
		return []*unstructured.Unstructured{o}
	}
	selector, _, _ := unstructured.NestedStringMap(o.Object, "spec", "selector", "matchLabels")
	if len(selector) == 0 {
		return nil
	}
	pods, _, err := r.engine.cluster.List(ctx, "v1", "Pod", kube.Selection{
		Namespace: o.GetNamespace(), Labels: commonLabels([]map[string]string{selector}),
	})
	if err != nil {
		return nil
	}
	return pods
}

func writeConditions(b *strings.Builder, indent string, o *unstructured.Unstructured) {
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			continue
		}
		c := &unstructured.Unstructured{Object: m}
		fmt.Fprintf(b, "%scondition %s=%s", indent, str(c, "type"), str(c, "status"))
		if s := strings.TrimSpace(str(c, "reason") + " " + brief(str(c, "message"))); s != "" {
			b.WriteString(": " + s)
		}
		b.WriteString("\n")
	}
}

func (r *run) writeEvents(ctx context.Context, b *strings.Builder, indent string, o *unstructured.Unstructured) {
	events, err := r.engine.cluster.Events(ctx, o.GetNamespace(), string(o.GetUID()))
	if err != nil {
		return
	}
	for _, e := range events[max(0, len(events)-maxEvents):] {
		fmt.Fprintf(b, "%sevent %s %s x%d: %s\n", indent, e.Type, e.Reason, e.Count, brief(e.Message))
	}
}

func (r *run) writePod(ctx context.Context, b *strings.Builder, pod *unstructured.Unstructured) {
	fmt.Fprintf(b, "  pod %s: %s", pod.GetName(), str(pod, "status", "phase"))
	if node := str(pod, "spec", "nodeName"); node != "" {
		b.WriteString(" on node " + node)
	}
	b.WriteString("\n")
	if c, ok := condition(pod, "PodScheduled"); ok && c.status == "False" {
		fmt.Fprintf(b, "    not scheduled: %s\n", brief(c.message))
	}
	r.writeEvents(ctx, b, "    ", pod)
	for _, field := range []string{"initContainerStatuses", "containerStatuses"} {
		list, _, _ := unstructured.NestedSlice(pod.Object, "status", field)
		for _, item := range list {
			if m, ok := item.(map[string]any); ok {
				r.writeContainer(ctx, b, pod, &unstructured.Unstructured{Object: m})
			}
		}
	}
}

func (r *run) writeContainer(ctx context.Context, b *strings.Builder, pod, c *unstructured.Unstructured) {
	name, restarts := str(c, "name"), number(c, "restartCount")
	fmt.Fprintf(b, "    container %s (%s): %s, restarted %s\n", name, str(c, "image"), containerState(c, "state"), plural(restarts))
	if _, ended, _ := unstructured.NestedMap(c.Object, "lastState", "terminated"); ended {
		fmt.Fprintf(b, "      before that it %s\n", ending(c, "lastState"))
	}
	if restarts > 0 {
		r.writeLog(ctx, b, pod, kube.LogOptions{Container: name, Previous: true, Lines: logTail})
	}
	if str(c, "state", "waiting", "reason") == "" || restarts == 0 && started(c) {
		r.writeLog(ctx, b, pod, kube.LogOptions{Container: name, Lines: logTail})
	}
}

func started(c *unstructured.Unstructured) bool {
	_, waiting, _ := unstructured.NestedMap(c.Object, "state", "waiting")
	return !waiting
}

func plural(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func containerState(c *unstructured.Unstructured, state string) string {
	if reason := str(c, state, "waiting", "reason"); reason != "" {
		return strings.TrimSuffix("waiting, "+reason+": "+brief(str(c, state, "waiting", "message")), ": ")
	}
	if _, ended, _ := unstructured.NestedMap(c.Object, state, "terminated"); ended {
		return ending(c, state)
	}
	if at := str(c, state, "running", "startedAt"); at != "" {
		if t, err := time.Parse(time.RFC3339, at); err == nil {
			return "running since " + t.UTC().Format(time.TimeOnly)
		}
	}
	return "not started"
}

func (r *run) writeLog(ctx context.Context, b *strings.Builder, pod *unstructured.Unstructured, o kube.LogOptions) {
	log, err := r.engine.cluster.Logs(ctx, pod.GetNamespace(), pod.GetName(), o)
	log = strings.TrimRight(log, "\n")
	if err != nil || log == "" {
		return
	}
	which := "log"
	if o.Previous {
		which = "previous log"
	}
	fmt.Fprintf(b, "      %s, last lines:\n", which)
	for line := range strings.SplitSeq(log, "\n") {
		b.WriteString("        " + clip(line, 400) + "\n")
	}
}
