package deployer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/sequence"
	"github.com/pintle-ci/pintle/deployer/stamp"
	"github.com/pintle-ci/pintle/internal/installorder"
)

// objectState is one object of the target, as it should be and as it is.
type objectState struct {
	object    *unstructured.Unstructured // as it should be, the release's marks on it
	live      *unstructured.Unstructured // as it is; nil when absent
	result    *unstructured.Unstructured // what the server would make of it; nil when it could not say
	unchecked string                     // why the server could not say
	source    string                     // the template that it comes from
	err       error                      // why the server refused
	conflicts []plan.Conflict            // with other field managers: kept, and then left out of object, or taken over
	whole     *unstructured.Unstructured // with conflicts that are kept: the object as rendered; nil otherwise
	fixed     []string                   // fields whose change it refused, and nothing else; then err says so
	anew      *unstructured.Unstructured // with fixed: the object as if created anew; nil when the server could not say
	was       string                     // the apiVersion of the manifest, where the cluster no longer serves it
	scaledBy  string                     // the autoscaler whose number of replicas stands in object; empty for none
	isCRD     bool                       // of crds/, not of the manifest
	inUse     bool                       // of a CRD that would change: there are objects of its kind
	afterCRD  bool                       // its CRD comes or changes with this release
	withdrawn []string                   // of a Secret: keys that leave it and that an apply would not take away
}

// observation is everything a plan is decided on.
type observation struct {
	lineage          lineage
	record           *release.Revision // the revision to be
	namespace        string
	namespaceMissing bool
	request          Request
	states           []objectState
	leftovers        []*unstructured.Unstructured // live objects of earlier revisions that the target lacks
	warnings         []string
	refused          []plan.Rejection // hooks and deletions that the server would refuse
}

// decide turns what was observed into changes. It is pure.
func decide(s observation) (*Prepared, error) {
	p := &Prepared{lineage: s.lineage, record: s.record, Plan: &plan.Plan{
		Release: s.record.Name, Namespace: s.namespace, Chart: s.record.ChartName(), Operation: s.lineage.operation,
		Revision: s.lineage.revision, Warnings: s.warnings, Next: s.record.Record,
	}}
	if s.lineage.deployed != nil {
		p.Deployed = s.lineage.deployed.Version
	}
	if s.lineage.last != nil {
		p.Last = s.lineage.last.Status()
	}
	if s.namespaceMissing {
		if !s.request.CreateNamespace {
			return nil, fmt.Errorf("plan release %s: namespace %s does not exist; "+
				"create it, or allow that with --create-namespace",
				p.Release, s.namespace)
		}
		if problems := validation.IsDNS1123Label(s.namespace); len(problems) > 0 {
			return nil, fmt.Errorf("plan release %s: namespace %q cannot be: %s",
				p.Release, s.namespace, strings.Join(problems, "; "))
		}
		p.CreateNamespace = true
		ref := kube.Ref{APIVersion: "v1", Kind: "Namespace", Name: s.namespace}
		p.Objects = append(p.Objects, plan.Change{Action: plan.Create, Object: ref})
	}
	var problems []plan.Rejection
	stages, err := sequence.Of(s.record)
	if err != nil {
		return nil, fmt.Errorf("plan release %s: %w", p.Release, err)
	}
	warning, err := release.CheckSize(s.record.Record)
	if err != nil {
		return nil, fmt.Errorf("plan release %s: %w", p.Release, err)
	}
	if warning != "" {
		p.Warnings = append(p.Warnings, warning)
	}
	before := refsOf(s.lineage.since)
	s.leftovers = withoutRenamed(s.leftovers, s.states, before)
	deployed := objectsOf(s.lineage.deployed)
	for _, state := range s.states {
		c, err := decideObject(state, before, s)
		if err != nil {
			problems = append(problems, plan.Rejection{Object: kube.RefOf(state.object), Err: err})
			continue
		}
		plan.MarkDrift(&c, deployed[c.Object.Key()], p.Deployed)
		c.Stage = stages[c.Object.Key()]
		p.Objects = append(p.Objects, c)
	}
	if problems = append(problems, s.refused...); len(problems) > 0 {
		return nil, &plan.RejectedError{Release: p.Release, Rejections: problems}
	}
	slices.SortStableFunc(p.Objects, func(a, b plan.Change) int { return a.Stage - b.Stage })
	p.Objects = append(p.Objects, decidePrune(s)...)
	p.Hooks = hookLines(s.record.Hooks, s.lineage.operation)
	p.RecordOnly = !p.ObjectChanges()
	p.Unchanged = p.RecordOnly && sameRecord(s.lineage.deployed, s.lineage.last, s.record)
	return p, nil
}

func decideObject(s objectState, before map[string]bool, seen observation) (plan.Change, error) {
	c := plan.Change{
		Object: kube.RefOf(s.object), Desired: s.object, Live: s.live, Result: s.result, Note: s.unchecked,
		CRD: s.isCRD, AfterCRD: s.afterCRD, Conflicts: s.conflicts, Withdrawn: s.withdrawn,
	}
	if s.isCRD {
		return decideCRD(c, s, seen.request)
	}
	if s.live != nil && !before[c.Object.Key()] {
		whose := ownerOf(s.live, seen.record.Name, seen.namespace)
		hook := whose.class == unowned && wasHook(s.live, seen.lineage.history.Records)
		if !hook && !seen.request.adopts(whose, c.Object) {
			return c, fmt.Errorf("it exists and cannot be taken into the release: %s; "+
				"delete it, or adopt it with --take-ownership, or with --adopt %s", whose, c.Object)
		}
		c.Action = plan.Adopt
		switch {
		case hook:
			c.Remark("it was the release's hook")
		case whose.class != ours:
			c.Remark("taken over: " + whose.String())
		}
	}
	if s.was != "" {
		c.Remark("in the record as " + s.was + ", which the cluster no longer serves")
	}
	if s.scaledBy != "" {
		c.Scaled = true
		c.Remark("replicas stay as " + s.scaledBy + " sets them")
	}
	if s.err != nil && s.fixed != nil {
		return decideImmutable(c, s, seen.request)
	}
	if s.err != nil {
		return c, s.err
	}
	if _, err := readiness.ReadAnnotations(s.object); err != nil {
		return c, err
	}
	switch {
	case s.live == nil:
		c.Action = plan.Create
	case s.live.GetDeletionTimestamp() != nil:
		c.Action, c.Note = plan.Create, "the present one is being deleted"
		c.Desired, c.Conflicts = cmp.Or(s.whole, s.object), nil
	case s.result == nil:
		c.Action = plan.Update
	default:
		c.Fields = plan.Diff(s.live, s.result)
		if len(c.Fields) == 0 {
			c.Action = plan.Unchanged
		} else if c.Action == "" {
			c.Action = plan.Update
		}
	}
	if c.Object.Kind == crdKind {
		err := guardCRD(&c, s, seen.request)
		return c, err
	}
	return c, nil
}

// decidePrune deletes what earlier revisions left, unless it asks to be kept, is a hook now, or has become somebody
// else's.
func decidePrune(s observation) []plan.Change {
	var out []plan.Change
	hooks := s.becomesHook()
	for _, o := range s.leftovers {
		c := plan.Change{Action: plan.Delete, Object: kube.RefOf(o), Live: o}
		mine, whose := isOwned(o, s.record.Name, s.namespace)
		switch {
		case isKept(o):
			c.Action, c.Note = plan.Unchanged, "no longer in the chart, kept by its "+keepNote
		case hooks[c.Object.Key()]:
			c.Action, c.Note = plan.Unchanged, "it is a hook now"
		case !mine:
			c.Action, c.Note = plan.Unchanged, "no longer in the chart, left alone: "+whose
		}
		c.Leftover = true
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b plan.Change) int {
		return installorder.Wave(b.Object.Kind) - installorder.Wave(a.Object.Kind)
	})
	return out
}

// withoutRenamed drops those leftovers that are objects of the target under another group's name, as their uid tells:
// the two are one object, which is the release's by before.
func withoutRenamed(
	leftovers []*unstructured.Unstructured, states []objectState, before map[string]bool,
) []*unstructured.Unstructured {
	byUID := map[types.UID]string{}
	for _, s := range states {
		if s.live != nil && s.live.GetUID() != "" {
			byUID[s.live.GetUID()] = kube.RefOf(s.object).Key()
		}
	}
	var out []*unstructured.Unstructured
	for _, o := range leftovers {
		if key, same := byUID[o.GetUID()]; same {
			before[key] = true
			continue
		}
		out = append(out, o)
	}
	return out
}

// sameRecord reports whether a new revision would say nothing new. The last revision must itself be the deployed one:
// after a failure, the attempt counts.
func sameRecord(deployed, last, next *release.Revision) bool {
	if deployed == nil || last != deployed {
		return false
	}
	return deployed.Manifest == next.Manifest && deployed.ChartName() == next.ChartName() &&
		appVersion(deployed.Record) == appVersion(next.Record) && sameConfig(deployed.Config, next.Config) &&
		sameHooks(deployed.Hooks, next.Hooks) && reflect.DeepEqual(ownLabels(deployed.Record), ownLabels(next.Record))
}

// ownLabels are the user's labels of a record, without its stamp.
func ownLabels(r *release.Record) map[string]string { return stamp.Without(mergeLabels(r.Labels, nil)) }

func appVersion(r *release.Record) string {
	if r.Chart == nil || r.Chart.Metadata == nil {
		return ""
	}
	return r.Chart.Metadata.AppVersion
}

func sameHooks(a, b []*release.Hook) bool {
	return slices.EqualFunc(a, b, func(x, y *release.Hook) bool {
		return x.Path == y.Path && x.Manifest == y.Manifest
	})
}

// sameConfig compares values as their JSON would: 1 and 1.0 are one number, and an empty map is none.
func sameConfig(a, b map[string]any) bool {
	if len(a) == 0 && len(b) == 0 {
		return true
	}
	return reflect.DeepEqual(throughJSON(a), throughJSON(b))
}

func throughJSON(m map[string]any) any {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		return err
	}
	return out
}

// hookLines says which hooks an operation runs, in order.
func hookLines(hooks []*release.Hook, o plan.Operation) []string {
	var out []string
	for _, event := range []string{"pre-" + string(o), "post-" + string(o)} {
		for _, h := range hooksFor(hooks, event) {
			out = append(out, event+" "+h.String())
		}
	}
	return out
}
