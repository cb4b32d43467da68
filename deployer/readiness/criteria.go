package readiness

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/text"
)

// Criteria is how a user judges the objects of one kind, over the rule that Of has for it.
type Criteria struct {
	Ready    *Expression // nil: the kind's own rule decides
	Failed   *Expression // when true, the object will never be ready; nil: the kind's own rule decides
	Tolerate []string    // reasons of trouble that are not final: CrashLoopBackOff; "*" for all
}

// Rules are criteria by "group/Kind"; core kinds stand by "Kind".
type Rules map[string]Criteria

// For is the criteria for an object's kind.
func (r Rules) For(o *unstructured.Unstructured) Criteria {
	key := o.GetKind()
	if group := o.GroupVersionKind().Group; group != "" {
		key = group + "/" + key
	}
	return r[key]
}

// Evaluate is readiness with the user's word first. An expression that reads a field which is not there yet says
// neither ready nor failed.
func (c Criteria) Evaluate(o *unstructured.Unstructured, waitForJobs bool) Status {
	if c.Ready == nil && c.Failed == nil || o.GetDeletionTimestamp() != nil {
		return Of(o, waitForJobs)
	}
	if v, stale := outdated(o); stale {
		return v
	}
	if c.Failed != nil {
		if failed, err := c.Failed.True(o.Object); err == nil && failed {
			return Status{Failed, "failed, as " + text.Brief(c.Failed.String()) + detail(o)}
		}
	}
	if c.Ready == nil {
		return Of(o, waitForJobs)
	}
	isReady, err := c.Ready.True(o.Object)
	switch {
	case err != nil:
		return Status{Progressing, "not ready: " + text.Brief(err.Error()) + detail(o)}
	case isReady:
		return Status{Ready, strings.TrimPrefix(detail(o), "; ")}
	}
	return Status{Progressing, "not yet " + text.Brief(c.Ready.String()) + detail(o)}
}

// detail is what a status says for people, in the fields that many kinds have.
func detail(o *unstructured.Unstructured) string {
	for _, path := range []string{"phase", "state"} {
		if v := object.String(o, "status", path); v != "" {
			return strings.TrimSuffix("; "+path+" "+v+": "+text.Brief(object.String(o, "status", "message")), ": ")
		}
	}
	for _, name := range []string{"Ready", "Available", "Synced"} {
		if c, ok := object.ConditionOf(o, name); ok && c.Status != "True" {
			return strings.TrimSuffix("; "+name+"="+c.Status+": "+text.Brief(c.Message), ": ")
		}
	}
	return ""
}
