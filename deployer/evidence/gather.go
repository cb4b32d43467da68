// Package evidence collects what a cluster shows about objects that failed: as text for a report, and as an archive
// with what a report has no room for.
//
// It refuses to judge what failed, and to change anything: it reads. What it cannot read is left out, or named in the
// archive's index. Secrets are masked.
package evidence

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/text"
)

// MaxObjects is how many failed objects get evidence; the others keep their cause.
const MaxObjects = 10

// Bounds of the evidence: a report must stay readable and its collection short.
const (
	maxPods     = 2  // of each object
	maxEvents   = 6  // of each object and pod
	logTail     = 20 // lines of each log
	maxEvidence = 64 << 10
)

// Gatherer reads from one cluster.
type Gatherer struct {
	Cluster *kube.Client
	Redact  func(string) string // takes secrets out of a text
}

// Text is about one failed object.
type Text struct {
	Lines string // indented: conditions, events, container states, log tails
	Last  string // the last line that a container of it printed before it ended badly
}

// evidence is a Text in the making.
type evidence struct {
	strings.Builder
	lastLine string
}

// Gather asks the cluster about a failed object: its conditions and events, then its worst pods with their containers,
// events and logs. What cannot be read is left out; the cause is known anyway.
func (g *Gatherer) Gather(ctx context.Context, f wait.Failure) Text {
	live, err := g.Cluster.Get(ctx, f.Ref)
	if err != nil {
		return Text{}
	}
	var e evidence
	writeConditions(&e, "  ", live)
	g.writeEvents(ctx, &e, "  ", live)
	pods := g.podsShowing(ctx, f, live)
	for i, pod := range pods {
		if i == maxPods {
			e.WriteString("  and " + text.Counted(len(pods)-i, "more pod") + "\n")
			break
		}
		g.writePod(ctx, &e, pod)
	}
	return Text{Lines: text.Clip(g.Redact(e.String()), maxEvidence), Last: text.Clip(g.Redact(e.lastLine), 200)}
}

// podsShowing are the pods the wait judged by, as they are now; without any, the workload's pods that are not ready.
func (g *Gatherer) podsShowing(
	ctx context.Context, f wait.Failure, live *unstructured.Unstructured,
) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, ref := range f.Pods {
		if pod, err := g.Cluster.Get(ctx, ref); err == nil {
			out = append(out, pod)
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, pod := range g.OwnPods(ctx, live) {
		if !readiness.IsPodReady(pod) {
			out = append(out, pod)
		}
	}
	return out
}

// OwnPods lists the pods that a workload's template makes.
func (g *Gatherer) OwnPods(ctx context.Context, o *unstructured.Unstructured) []*unstructured.Unstructured {
	if o.GetKind() == "Pod" {
		return []*unstructured.Unstructured{o}
	}
	selector, _, _ := unstructured.NestedStringMap(o.Object, "spec", "selector", "matchLabels")
	if len(selector) == 0 {
		return nil
	}
	pods, _, err := g.Cluster.List(ctx, "v1", "Pod", kube.Selection{
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

func (g *Gatherer) writeEvents(ctx context.Context, e *evidence, indent string, o *unstructured.Unstructured) {
	events, err := g.Cluster.Events(ctx, o.GetNamespace(), string(o.GetUID()))
	if err != nil {
		return
	}
	for _, ev := range events[max(0, len(events)-maxEvents):] {
		fmt.Fprintf(e, "%sevent %s %s x%d: %s\n", indent, ev.Type, ev.Reason, ev.Count, text.Brief(g.Redact(ev.Message)))
	}
}

func (g *Gatherer) writePod(ctx context.Context, e *evidence, pod *unstructured.Unstructured) {
	fmt.Fprintf(e, "  pod %s: %s", pod.GetName(), object.String(pod, "status", "phase"))
	if node := object.String(pod, "spec", "nodeName"); node != "" {
		e.WriteString(" on node " + node)
	}
	e.WriteString("\n")
	if c, ok := object.ConditionOf(pod, "PodScheduled"); ok && c.Status == "False" {
		fmt.Fprintf(e, "    not scheduled: %s\n", text.Brief(c.Message))
	}
	g.writeEvents(ctx, e, "    ", pod)
	for _, field := range []string{"initContainerStatuses", "containerStatuses"} {
		list, _, _ := unstructured.NestedSlice(pod.Object, "status", field)
		for _, item := range list {
			if m, ok := item.(map[string]any); ok {
				g.writeContainer(ctx, e, pod, &unstructured.Unstructured{Object: m})
			}
		}
	}
}

func (g *Gatherer) writeContainer(ctx context.Context, e *evidence, pod, c *unstructured.Unstructured) {
	name, restarts := object.String(c, "name"), object.Int(c, "restartCount")
	fmt.Fprintf(e, "    container %s (%s): %s, restarted %s\n", name, object.String(c, "image"),
		containerState(c, "state"), plural(restarts))
	if _, ended, _ := unstructured.NestedMap(c.Object, "lastState", "terminated"); ended {
		fmt.Fprintf(e, "      before that it %s\n", readiness.Termination(c, "lastState"))
	}
	if restarts > 0 {
		g.writeLog(ctx, e, pod, kube.LogOptions{Container: name, Previous: true, Lines: logTail}, true)
	}
	if _, waiting, _ := unstructured.NestedMap(c.Object, "state", "waiting"); !waiting || restarts > 0 {
		_, ended, _ := unstructured.NestedMap(c.Object, "state", "terminated")
		g.writeLog(ctx, e, pod, kube.LogOptions{Container: name, Lines: logTail}, ended)
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

func (g *Gatherer) writeLog(
	ctx context.Context, e *evidence, pod *unstructured.Unstructured, o kube.LogOptions, ended bool,
) {
	log, err := g.Cluster.Logs(ctx, pod.GetNamespace(), pod.GetName(), o)
	log = strings.TrimRight(g.Redact(log), "\n") // before its lines are cut
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

// Containers are the names in a pod's list of containers or initContainers.
func Containers(pod *unstructured.Unstructured, list string) []string {
	var out []string
	containers, _, _ := unstructured.NestedSlice(pod.Object, "spec", list)
	for _, item := range containers {
		if m, ok := item.(map[string]any); ok {
			name, _ := m["name"].(string)
			out = append(out, name)
		}
	}
	return out
}
