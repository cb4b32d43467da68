package deployer

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/expression"
	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/text"
)

// Criteria is how a user judges the objects of one kind, over the engine's own
// rule for it.
type Criteria struct {
	Ready    *expression.Expression // nil: the engine's rule decides
	Failed   *expression.Expression // when true, the object will never be ready; nil: the engine's rule decides
	Tolerate []string               // reasons of trouble that are not final: CrashLoopBackOff; "*" for all
}

// criteria finds those for an object's kind.
func (r Request) criteria(o *unstructured.Unstructured) Criteria {
	key := o.GetKind()
	if group := o.GroupVersionKind().Group; group != "" {
		key = group + "/" + key
	}
	return r.Readiness[key]
}

// judge is readiness with the user's word first. An expression that reads a
// field which is not there yet says neither ready nor failed.
func (c Criteria) judge(o *unstructured.Unstructured, waitForJobs bool) verdict {
	if c.Ready == nil && c.Failed == nil || o.GetDeletionTimestamp() != nil {
		return readiness(o, waitForJobs)
	}
	if v, stale := outdated(o); stale {
		return v
	}
	if c.Failed != nil {
		if failed, err := c.Failed.True(o.Object); err == nil && failed {
			return verdict{dead, "failed, as " + text.Brief(c.Failed.String()) + said(o)}
		}
	}
	if c.Ready == nil {
		return readiness(o, waitForJobs)
	}
	isReady, err := c.Ready.True(o.Object)
	switch {
	case err != nil:
		return verdict{progressing, "not ready: " + text.Brief(err.Error()) + said(o)}
	case isReady:
		return verdict{ready, strings.TrimPrefix(said(o), "; ")}
	}
	return verdict{progressing, "not yet " + text.Brief(c.Ready.String()) + said(o)}
}

// said is what a status says for people, in the fields that many kinds have.
func said(o *unstructured.Unstructured) string {
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
