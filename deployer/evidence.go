package deployer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/text"
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
	f := &FailedError{Release: r.plan.Release, Cause: text.Brief(r.redact(err.Error())), Err: err}
	list, ok := errors.AsType[*wait.Failures](err)
	if !ok || (list.Err != nil && !errors.Is(list.Err, wait.ErrTimeout)) {
		return f
	}
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, evidenceBound)
	defer cancel()
	f.Objects = make([]ObjectFailure, len(list.Objects))
	type job struct {
		i int
		wait.Failure
	}
	var jobs []job
	for i, o := range list.Objects {
		jobs = append(jobs, job{i, o})
	}
	each(jobs, func(j job) {
		out := ObjectFailure{Object: j.Ref.String(), Namespace: j.Ref.Namespace, Cause: text.Brief(r.redact(j.Cause))}
		if j.i < maxObjects {
			var e evidence
			r.gather(ctx, &e, j.Failure)
			out.Evidence = text.Clip(r.redact(e.String()), maxEvidence)
			if e.lastLine != "" {
				out.Cause += ": " + text.Clip(r.redact(e.lastLine), 200)
			}
		}
		f.Objects[j.i] = out
	})
	f.Cause = summary(f)
	for _, o := range f.Objects {
		r.span.Evidence(o.Namespace, o.Object, event.Failed, o.Cause, o.Evidence)
	}
	r.seal(ctx, f, list.Objects)
	r.clearDoomed(whole)
	return f
}

// summary is the one-line cause of a failure: that of its first object.
func summary(f *FailedError) string {
	if len(f.Objects) == 0 {
		return f.Cause
	}
	s := f.Objects[0].Object + ": " + f.Objects[0].Cause
	if n := len(f.Objects) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// clearDoomed deletes the hooks that a failure condemned, now that they have
// been looked at, and waits until they have stopped: a rollback has hooks, too.
func (r *run) clearDoomed(ctx context.Context) {
	for _, ref := range r.doomed {
		if err := r.endHook(ctx, ref); err != nil {
			r.span.Warn("a hook could not be deleted: " + err.Error())
		}
	}
	r.doomed = nil
}

// evidence is text about one failed object, and the last line that a container
// of it printed before it ended badly.
type evidence struct {
	strings.Builder
	lastLine string
}

// gather asks the cluster about a failed object: its conditions and events, then
// its worst pods with their containers, events and logs. What cannot be read is
// left out; the cause is known anyway.
func (r *run) gather(ctx context.Context, e *evidence, f wait.Failure) {
	live, err := r.engine.cluster.Get(ctx, f.Ref)
	if err != nil {
		return
	}
	writeConditions(e, "  ", live)
	r.writeEvents(ctx, e, "  ", live)
	pods := r.podsShowing(ctx, f, live)
	for i, pod := range pods {
		if i == maxPods {
			e.WriteString("  and " + text.Counted(len(pods)-i, "more pod") + "\n")
			break
		}
		r.writePod(ctx, e, pod)
	}
}

// podsShowing are the pods the wait judged by, as they are now; without any,
// the workload's pods that are not ready.
func (r *run) podsShowing(ctx context.Context, f wait.Failure, live *unstructured.Unstructured) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, ref := range f.Pods {
		if pod, err := r.engine.cluster.Get(ctx, ref); err == nil {
			out = append(out, pod)
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, pod := range r.ownPods(ctx, live) {
		if !readiness.IsPodReady(pod) {
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
		Namespace: o.GetNamespace(), Labels: readiness.CommonSelector([]map[string]string{selector}),
	})
	if err != nil {
		return nil
	}
	return pods
}

func writeConditions(e *evidence, indent string, o *unstructured.Unstructured) {
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			continue
		}
		c := &unstructured.Unstructured{Object: m}
		fmt.Fprintf(e, "%scondition %s=%s", indent, object.String(c, "type"), object.String(c, "status"))
		if s := strings.TrimSpace(object.String(c, "reason") + " " + text.Brief(object.String(c, "message"))); s != "" {
			e.WriteString(": " + s)
		}
		e.WriteString("\n")
	}
}

func (r *run) writeEvents(ctx context.Context, e *evidence, indent string, o *unstructured.Unstructured) {
	events, err := r.engine.cluster.Events(ctx, o.GetNamespace(), string(o.GetUID()))
	if err != nil {
		return
	}
	for _, ev := range events[max(0, len(events)-maxEvents):] {
		fmt.Fprintf(e, "%sevent %s %s x%d: %s\n", indent, ev.Type, ev.Reason, ev.Count, text.Brief(r.redact(ev.Message)))
	}
}

func (r *run) writePod(ctx context.Context, e *evidence, pod *unstructured.Unstructured) {
	fmt.Fprintf(e, "  pod %s: %s", pod.GetName(), object.String(pod, "status", "phase"))
	if node := object.String(pod, "spec", "nodeName"); node != "" {
		e.WriteString(" on node " + node)
	}
	e.WriteString("\n")
	if c, ok := object.ConditionOf(pod, "PodScheduled"); ok && c.Status == "False" {
		fmt.Fprintf(e, "    not scheduled: %s\n", text.Brief(c.Message))
	}
	r.writeEvents(ctx, e, "    ", pod)
	for _, field := range []string{"initContainerStatuses", "containerStatuses"} {
		list, _, _ := unstructured.NestedSlice(pod.Object, "status", field)
		for _, item := range list {
			if m, ok := item.(map[string]any); ok {
				r.writeContainer(ctx, e, pod, &unstructured.Unstructured{Object: m})
			}
		}
	}
}

func (r *run) writeContainer(ctx context.Context, e *evidence, pod, c *unstructured.Unstructured) {
	name, restarts := object.String(c, "name"), object.Int(c, "restartCount")
	fmt.Fprintf(e, "    container %s (%s): %s, restarted %s\n", name, object.String(c, "image"), containerState(c, "state"), plural(restarts))
	if _, ended, _ := unstructured.NestedMap(c.Object, "lastState", "terminated"); ended {
		fmt.Fprintf(e, "      before that it %s\n", readiness.Termination(c, "lastState"))
	}
	if restarts > 0 {
		r.writeLog(ctx, e, pod, kube.LogOptions{Container: name, Previous: true, Lines: logTail}, true)
	}
	if _, waiting, _ := unstructured.NestedMap(c.Object, "state", "waiting"); !waiting || restarts > 0 {
		_, ended, _ := unstructured.NestedMap(c.Object, "state", "terminated")
		r.writeLog(ctx, e, pod, kube.LogOptions{Container: name, Lines: logTail}, ended)
	}
}

func plural(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func containerState(c *unstructured.Unstructured, state string) string {
	if reason := object.String(c, state, "waiting", "reason"); reason != "" {
		return strings.TrimSuffix("waiting, "+reason+": "+text.Brief(object.String(c, state, "waiting", "message")), ": ")
	}
	if _, ended, _ := unstructured.NestedMap(c.Object, state, "terminated"); ended {
		return readiness.Termination(c, state)
	}
	if at := object.String(c, state, "running", "startedAt"); at != "" {
		if t, err := time.Parse(time.RFC3339, at); err == nil {
			return "running since " + t.UTC().Format(time.TimeOnly)
		}
	}
	return "not started"
}

func (r *run) writeLog(ctx context.Context, e *evidence, pod *unstructured.Unstructured, o kube.LogOptions, ended bool) {
	log, err := r.engine.cluster.Logs(ctx, pod.GetNamespace(), pod.GetName(), o)
	log = strings.TrimRight(r.redact(log), "\n") // before its lines are cut
	if err != nil || log == "" {
		return
	}
	which := "log"
	if o.Previous {
		which = "previous log"
	}
	fmt.Fprintf(e, "      %s, last lines:\n", which)
	lines := strings.Split(log, "\n")
	for _, line := range lines {
		e.WriteString("        " + text.Clip(line, 400) + "\n")
	}
	if ended && e.lastLine == "" {
		e.lastLine = strings.TrimSpace(lines[len(lines)-1])
	}
}
