package deployer

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/expression"
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
			return verdict{dead, "failed, as " + brief(c.Failed.String()) + said(o)}
		}
	}
	if c.Ready == nil {
		return readiness(o, waitForJobs)
	}
	isReady, err := c.Ready.True(o.Object)
	switch {
	case err != nil:
		return verdict{progressing, "not ready: " + brief(err.Error()) + said(o)}
	case isReady:
		return verdict{ready, strings.TrimPrefix(said(o), "; ")}
	}
	return verdict{progressing, "not yet " + brief(c.Ready.String()) + said(o)}
}

// said is what a status says for people, in the fields that many kinds have.
func said(o *unstructured.Unstructured) string {
	for _, path := range []string{"phase", "state"} {
		if v := str(o, "status", path); v != "" {
			return strings.TrimSuffix("; "+path+" "+v+": "+brief(str(o, "status", "message")), ": ")
		}
	}
	for _, name := range []string{"Ready", "Available", "Synced"} {
		if c, ok := condition(o, name); ok && c.status != "True" {
			return strings.TrimSuffix("; "+name+"="+c.status+": "+brief(c.message), ": ")
		}
	}
	return ""
}
