// Package plan is what would happen to a release, as data: each object's action, the fields that differ and whose they
// are, the hooks, the warnings. A Plan is printed as text, Markdown and JSON, and saved as digests that a later plan is
// held against.
//
// It refuses to ask a cluster and to decide: deployer observes, decides and carries out. It refuses to show a secret:
// what is told is masked by the plan's own set.
package plan

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/text"
	"github.com/pintle-ci/pintle/secret"
)

// Operation is what a plan does to a release.
type Operation string

// The operations.
const (
	Install     Operation = "install"
	Upgrade     Operation = "upgrade"
	RollingBack Operation = "rollback"
)

// Action is what happens to one object.
type Action string

// The actions.
const (
	Create    Action = "create"
	Update    Action = "change"   // the word that a plan prints and its JSON has
	Recreate  Action = "recreate" // deleted and created anew, because a field cannot be changed
	Adopt     Action = "adopt"    // exists with the release's marks, or is taken over
	Delete    Action = "delete"
	Unchanged Action = "unchanged"
)

// actions are all of them, in the order of a summary.
var actions = []Action{Create, Update, Recreate, Adopt, Delete, Unchanged}

// Change is what a plan does to one object.
type Change struct {
	Action    Action
	Object    kube.Ref
	Fields    []Field    // of Modify, Recreate and Adopt
	Conflicts []Conflict // fields that the chart sets and others have set; also of Unchanged
	Note      string     // what a reader should know; may be empty

	Desired, Live, Result *unstructured.Unstructured
	CRD, Leftover         bool
	Stage                 int      // of HIP-0025: see sequence
	Orphan                bool     // of Recreate: what it owns stays
	Scaled                bool     // an autoscaler sets its replicas
	AfterCRD              bool     // its CRD comes or changes with this plan
	Withdrawn             []string // of a Secret: keys to take out before it is applied
	Danger                string   // of a CRD: what its change may harm, though it is allowed
}

// Remark adds to what a reader should know.
func (c *Change) Remark(s string) {
	if c.Note != "" {
		s = c.Note + "; " + s
	}
	c.Note = s
}

// Plan is what would happen to a release: data, decided and not yet done.
type Plan struct {
	Release   string
	Namespace string
	Chart     string // name-version
	Operation Operation
	Revision  int      // that would be made
	Deployed  int      // deployed now; 0 for none
	Objects   []Change // in the order of application, deletions last
	Hooks     []string // "pre-upgrade Job/migrate"
	Warnings  []string
	Rollback  *Rehearsal // only for an upgrade that was asked to tell

	Next            *release.Record // the revision to be, without a status
	Last            release.Status  // of the last revision; empty where there is none
	CreateNamespace bool
	RecordOnly      bool // no object changes
	Unchanged       bool // not even the record
	Restamp         bool // unchanged but for the stamp of the deployed record

	Secrets *secret.Set // what must not show when the plan is told
}

// Changes reports whether carrying the plan out would write anything.
func (p *Plan) Changes() bool { return !p.Unchanged }

// ObjectChanges reports whether any object would change.
func (p *Plan) ObjectChanges() bool {
	return slices.ContainsFunc(p.Objects, func(c Change) bool { return c.Action != Unchanged })
}

// stages is in how many stages the objects are applied, each once those of the one before are ready; 1 where the chart
// asks for no order.
func (p *Plan) stages() int {
	n := 1
	for _, c := range p.Objects {
		n = max(n, c.Stage+1)
	}
	return n
}

// Count is the number of objects with the action.
func (p *Plan) Count(a Action) int {
	n := 0
	for _, c := range p.Objects {
		if c.Action == a {
			n++
		}
	}
	return n
}

// Notes is the chart's NOTES.txt for the revision.
func (p *Plan) Notes() string { return p.Next.Info.Notes }

// Manifest is the text that the revision's record would hold.
func (p *Plan) Manifest() string { return p.Next.Manifest }

// Summary is one line: "2 to create, 1 to change, 4 unchanged".
func (p *Plan) Summary() string {
	var parts []string
	for _, a := range []Action{Create, Update, Recreate, Adopt, Delete} {
		if n := p.Count(a); n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, a))
		}
	}
	switch {
	case p.Unchanged:
		are := "are"
		if len(p.Objects) == 1 {
			are = "is"
		}
		return fmt.Sprintf("unchanged: %s %s as revision %d says", text.Counted(len(p.Objects), "object"), are, p.Deployed)
	case p.RecordOnly:
		return fmt.Sprintf("no object changes (%d unchanged), a new revision %d is recorded", len(p.Objects), p.Revision)
	}
	if n := p.Count(Unchanged); n > 0 {
		parts = append(parts, fmt.Sprintf("%d unchanged", n))
	}
	return strings.Join(parts, ", ")
}

// Rehearsal reports whether the release could be brought back once a plan has been carried out.
type Rehearsal struct {
	Revision int      // to which
	Because  []string // why not; empty when it could
}

// Possible reports whether a rollback could be done, as far as can be known before.
func (r Rehearsal) Possible() bool { return len(r.Because) == 0 }

// String is "yes", or "no, because ...".
func (r Rehearsal) String() string {
	if r.Possible() {
		return fmt.Sprintf("yes, to revision %d", r.Revision)
	}
	return "no, because " + strings.Join(r.Because, "; ")
}
