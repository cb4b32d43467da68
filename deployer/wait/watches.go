package wait

import (
	"context"
	"slices"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
)

// source is one watch that a wait needs. A wait cannot do without a vital one; the others only explain.
type source struct {
	name             string
	apiVersion, kind string
	selection        kube.Selection
	vital            bool
	items            []*Item // that it tells of, when vital
}

// What only explains is asked for when a workload has told nothing new for so long, or when the wait has lasted so
// long: most rollouts never cost these watches.
const (
	explainSilence = 2 * time.Second
	explainAnyway  = 10 * time.Second
)

// vital are the watches for what is not ready yet, one for each kind and namespace. That of a single object begins
// where our own write left it.
func (w *Waiter) vital() []source {
	type group struct{ apiVersion, kind, namespace string }
	groups := map[group][]*Item{}
	for _, a := range w.items {
		if !a.settled(w.began) {
			g := group{a.Ref.APIVersion, a.Ref.Kind, a.Ref.Namespace}
			groups[g] = append(groups[g], a)
		}
	}
	var out []source
	for g, items := range groups {
		s := source{name: "objects", apiVersion: g.apiVersion, kind: g.kind, vital: true, items: items}
		s.selection = kube.Selection{Namespace: g.namespace}
		if len(items) == 1 {
			s.selection.Fields = "metadata.name=" + items[0].Ref.Name
			s.selection.Since = items[0].writtenVersion()
		}
		out = append(out, s)
	}
	return out
}

// needsDiagnosis reports whether something waits for an explanation. Where logs are told the pods are needed from the
// beginning.
func (w *Waiter) needsDiagnosis(now time.Time) bool {
	if w.Logs != nil || now.Sub(w.began) >= explainAnyway {
		return true
	}
	return slices.ContainsFunc(w.items, func(a *Item) bool {
		return !a.settled(now) && a.Object != nil && now.Sub(a.seenAt) >= explainSilence
	})
}

// explaining are the watches for pods, ReplicaSets and warnings, where workloads are not ready by now.
func (w *Waiter) explaining(now time.Time) []source {
	templates := map[string][]map[string]string{} // by namespace
	deployments := map[string]bool{}
	for _, a := range w.items {
		if a.settled(now) || a.Object == nil {
			continue
		}
		if labels := readiness.TemplateLabels(a.Object); labels != nil {
			templates[a.Ref.Namespace] = append(templates[a.Ref.Namespace], labels)
			deployments[a.Ref.Namespace] = deployments[a.Ref.Namespace] || a.Ref.Kind == "Deployment"
		}
	}
	var out []source
	for namespace, labels := range templates {
		pods := kube.Selection{Namespace: namespace, Labels: readiness.CommonSelector(labels)}
		out = append(out, source{name: "pods", apiVersion: "v1", kind: "Pod", selection: pods})
		if deployments[namespace] {
			out = append(out, source{name: "sets", apiVersion: "apps/v1", kind: "ReplicaSet", selection: pods})
		}
		out = append(out, source{
			name: "events", apiVersion: "v1", kind: "Event",
			selection: kube.Selection{Namespace: namespace, Fields: "type=Warning"},
		})
	}
	return out
}

// watch feeds one source's notices to the waiter until ctx ends.
func (w *Waiter) watch(ctx context.Context, s source) error {
	told := map[string]bool{}
	return w.Cluster.Watch(ctx, s.apiVersion, s.kind, s.selection, func(n kube.Notice) {
		if n.Change == kube.Synced && s.vital {
			w.sweep(ctx, s, told)
		}
		if n.Object != nil && s.vital {
			told[kube.RefOf(n.Object).Key()] = n.Change == kube.Seen
		}
		select {
		case w.notices <- notice{s.name, n}:
		case <-ctx.Done():
		}
	})
}

// sweep reports as gone what was expected of a source but stood not in its list.
func (w *Waiter) sweep(ctx context.Context, s source, told map[string]bool) {
	for _, a := range s.items {
		if told[a.Ref.Key()] {
			continue
		}
		select {
		case w.notices <- notice{"objects", kube.Notice{Change: kube.Gone, Object: stub(a.Ref)}}:
		case <-ctx.Done():
		}
	}
}
