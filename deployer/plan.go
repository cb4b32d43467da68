package deployer

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/text"
	"github.com/pintle-ci/pintle/secret"
)

// Action is what happens to one object.
type Action string

// The actions.
const (
	Create    Action = "create"
	Modify    Action = "change"
	Recreate  Action = "recreate" // deleted and created anew, because a field cannot be changed
	Adopt     Action = "adopt"    // exists with the release's marks, or is taken over
	Delete    Action = "delete"
	Unchanged Action = "unchanged"
)

// actions are all of them, in the order of a summary.
var actions = []Action{Create, Modify, Recreate, Adopt, Delete, Unchanged}

// Change is what a plan does to one object.
type Change struct {
	Action    Action
	Object    kube.Ref
	Fields    []Field    // of Modify, Recreate and Adopt
	Conflicts []Conflict // fields that the chart sets and others have set; also of Unchanged
	Note      string     // what a reader should know; may be empty

	object, live, result *unstructured.Unstructured
	crd, leftover        bool
	stage                int      // of HIP-0025: see sequence
	orphan               bool     // of Recreate: what it owns stays
	scaled               bool     // an autoscaler sets its replicas
	afterCRD             bool     // its CRD comes or changes with this plan
	withdrawn            []string // of a Secret: keys to take out before it is applied
	danger               string   // of a CRD: what its change may harm, though it is allowed
}

// remark adds to what a reader should know.
func (c *Change) remark(s string) {
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
	Rollback  *Rehearsal // of an upgrade that was asked to tell; nil otherwise

	request         Request
	stage           stage
	record          *release.Revision
	createNamespace bool
	recordOnly      bool // no object changes
	unchanged       bool // not even the record
	restamp         bool // unchanged but for the stamp of the deployed record
	exact           bool // a saved plan: nothing but this, see Saved.Bind
	secrets         *secret.Set
	again           func(context.Context) (*Plan, error) // plans the same anew
}

// Changes reports whether carrying the plan out would write anything.
func (p *Plan) Changes() bool { return !p.unchanged }

func (p *Plan) objectChanges() bool {
	return slices.ContainsFunc(p.Objects, func(c Change) bool { return c.Action != Unchanged })
}

// stages is in how many stages the objects are applied, each once those of the
// one before are ready; 1 where the chart asks for no order.
func (p *Plan) stages() int {
	n := 1
	for _, c := range p.Objects {
		n = max(n, c.stage+1)
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
func (p *Plan) Notes() string { return p.record.Info.Notes }

// Record is the revision that would be made, with the status it would begin with.
// Nobody may change it.
func (p *Plan) Record() *release.Record {
	r := p.record.Clone()
	r.Info.Status = pendingStatus(p.Operation)
	p.stage.date(r, p.Operation)
	return r
}

// Draft is the record that a request would begin with if its chart rendered to
// result, without a look at any cluster.
func Draft(req Request, result *render.Result) *release.Record {
	r := newRecord(req, stage{revision: 1}, result)
	r.Info.Status = release.PendingInstall
	stage{}.date(r, Install)
	return r
}

// Manifest is the text that the revision's record would hold.
func (p *Plan) Manifest() string { return p.record.Manifest }

// Summary is one line: "2 to create, 1 to change, 4 unchanged".
func (p *Plan) Summary() string {
	var parts []string
	for _, a := range []Action{Create, Modify, Recreate, Adopt, Delete} {
		if n := p.Count(a); n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, a))
		}
	}
	switch {
	case p.unchanged:
		are := "are"
		if len(p.Objects) == 1 {
			are = "is"
		}
		return fmt.Sprintf("unchanged: %s %s as revision %d says", text.Counted(len(p.Objects), "object"), are, p.Deployed)
	case p.recordOnly:
		return fmt.Sprintf("no object changes (%d unchanged), a new revision %d is recorded", len(p.Objects), p.Revision)
	}
	if n := p.Count(Unchanged); n > 0 {
		parts = append(parts, fmt.Sprintf("%d unchanged", n))
	}
	return strings.Join(parts, ", ")
}

// sameConfig compares values as their JSON would: 1 and 1.0 are one number, and
// an empty map is none.
func sameConfig(a, b map[string]any) bool {
	if len(a) == 0 && len(b) == 0 {
		return true
	}
	return reflect.DeepEqual(plain(a), plain(b))
}

func plain(m map[string]any) any {
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
func hookLines(hooks []*release.Hook, o Operation) []string {
	var out []string
	for _, event := range []string{"pre-" + string(o), "post-" + string(o)} {
		for _, h := range hooksFor(hooks, event) {
			out = append(out, event+" "+hookName(h))
		}
	}
	return out
}
