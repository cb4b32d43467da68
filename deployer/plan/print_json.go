package plan

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/pintle-ci/pintle/secret"
)

// PlanFormat is the apiVersion of the JSON that WriteJSON writes. Fields may be added to it; what is there keeps its
// meaning (docs/plan.md).
const PlanFormat = "pintle/plan/v1"

type plansJSON struct {
	APIVersion string     `json:"apiVersion"`
	Changes    bool       `json:"changes"` // of any release
	Units      []Scoped   `json:"units"`   // of the project, what is taken and left; empty where there is none
	Releases   []planJSON `json:"releases"`
}

type planJSON struct {
	Release   string         `json:"release"`
	Namespace string         `json:"namespace"`
	Chart     string         `json:"chart"`
	Operation Operation      `json:"operation"`
	Revision  int            `json:"revision"`
	Deployed  int            `json:"deployed"` // 0 for none
	Changes   bool           `json:"changes"`
	Summary   string         `json:"summary"`
	Counts    map[Action]int `json:"counts"`
	Objects   []changeJSON   `json:"objects"`
	Hooks     []string       `json:"hooks"`
	Warnings  []string       `json:"warnings"`
	Rollback  *rollbackJSON  `json:"rollback,omitempty"`
}

type rollbackJSON struct {
	Possible bool     `json:"possible"`
	Revision int      `json:"revision"`
	Because  []string `json:"because,omitempty"`
}

type changeJSON struct {
	Action     Action      `json:"action"`
	APIVersion string      `json:"apiVersion"`
	Kind       string      `json:"kind"`
	Namespace  string      `json:"namespace,omitempty"`
	Name       string      `json:"name"`
	Stage      int         `json:"stage,omitempty"` // from 1; 0 where the chart asks for no order
	Note       string      `json:"note,omitempty"`
	Fields     []fieldJSON `json:"fields,omitempty"`

	Conflicts []conflictJSON `json:"conflicts,omitempty"`
}

type conflictJSON struct {
	Path    string `json:"path"`
	Manager string `json:"manager"`
	Theirs  any    `json:"theirs"`
	Ours    any    `json:"ours"`
	Kept    bool   `json:"kept"` // false: taken over
}

type fieldJSON struct {
	Path  string `json:"path"`
	Old   any    `json:"old"` // null for a field that comes
	New   any    `json:"new"` // null for one that goes
	Owner string `json:"owner,omitempty"`
	Drift bool   `json:"drift,omitempty"`
}

// WriteJSON writes plans as one JSON document, secrets masked, with what they take and leave of a project's units.
func WriteJSON(w io.Writer, plans []*Plan, units ...Scoped) error {
	doc := plansJSON{APIVersion: PlanFormat, Units: append([]Scoped{}, units...), Releases: []planJSON{}}
	for _, p := range plans {
		doc.Changes = doc.Changes || p.Changes()
		doc.Releases = append(doc.Releases, p.json())
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		return fmt.Errorf("write the plan as JSON: %w", err)
	}
	return nil
}

func (p *Plan) json() planJSON {
	redact := p.Secrets.Text
	out := planJSON{
		Release: p.Release, Namespace: p.Namespace, Chart: p.Chart, Operation: p.Operation, Revision: p.Revision, Deployed: p.Deployed,
		Changes: p.Changes(), Summary: p.Summary(), Counts: map[Action]int{}, Objects: []changeJSON{}, Hooks: []string{}, Warnings: []string{},
	}
	for _, a := range actions {
		out.Counts[a] = p.Count(a)
	}
	staged := p.stages() > 1
	for _, c := range p.Objects {
		j := c.json(p.Secrets)
		if staged && !c.Leftover {
			j.Stage = c.Stage + 1
		}
		out.Objects = append(out.Objects, j)
	}
	out.Hooks = append(out.Hooks, p.Hooks...)
	for _, s := range p.Warnings {
		out.Warnings = append(out.Warnings, redact(s))
	}
	if p.Rollback != nil {
		out.Rollback = &rollbackJSON{Possible: p.Rollback.Possible(), Revision: p.Rollback.Revision}
		for _, s := range p.Rollback.Because {
			out.Rollback.Because = append(out.Rollback.Because, redact(s))
		}
	}
	return out
}

func (c Change) json(secrets *secret.Set) changeJSON {
	j := changeJSON{
		Action: c.Action, APIVersion: c.Object.APIVersion, Kind: c.Object.Kind, Namespace: c.Object.Namespace, Name: c.Object.Name,
		Note: secrets.Text(c.Note),
	}
	for _, f := range c.Fields {
		before, after := maskedPair(f, secrets)
		j.Fields = append(j.Fields, fieldJSON{Path: f.Path, Old: before, New: after, Owner: f.Owner, Drift: f.Drift})
	}
	for _, f := range c.Conflicts {
		theirs, ours := maskedPair(Field{Path: f.Path, Old: f.Theirs, New: f.Ours}, secrets)
		j.Conflicts = append(j.Conflicts,
			conflictJSON{Path: f.Path, Manager: f.Manager, Theirs: theirs, Ours: ours, Kept: f.Kept})
	}
	return j
}

// maskedPair are the values of a field without secrets: those that are known, and what stands under a key that promises
// one. Where one side of a text holds a secret that is known, the other holds what it was or was changed to, which
// nobody knows.
func maskedPair(f Field, secrets *secret.Set) (before, after any) {
	if promisedAt(f.Path) {
		return secrets.Hidden(f.Old), secrets.Hidden(f.New)
	}
	before, after = secrets.Value(f.Old), secrets.Value(f.New)
	old, isText := f.Old.(string)
	new, alsoText := f.New.(string)
	if isText && alsoText && (before != old || after != new) {
		return whollyMasked(old, before), whollyMasked(new, after)
	}
	return before, after
}

// promisedAt reports whether the last key of a field's path promises a secret, or the name of the variable whose value
// it is.
func promisedAt(path string) bool {
	at := pathSteps(path)
	for len(at) > 1 && isIndex(at[len(at)-1]) {
		at = at[:len(at)-1]
	}
	if n := len(at); n > 1 && at[n-1] == "value" {
		return secret.Promised(at[n-2])
	} else if n > 0 {
		return secret.Promised(at[n-1])
	}
	return false
}

func isIndex(step string) bool { return strings.Trim(step, "0123456789") == "" }

// whollyMasked is a text with its secrets masked, or masked whole when none is known in it.
func whollyMasked(s string, masked any) any {
	if masked != s {
		return masked
	}
	return secret.Mark
}

// maskedValue is a value with its texts as redact leaves them.
func maskedValue(v any, redact func(string) string) any {
	switch v := v.(type) {
	case string:
		return redact(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = maskedValue(e, redact)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = maskedValue(e, redact)
		}
		return out
	}
	return v
}
