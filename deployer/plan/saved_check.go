package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/internal/text"
	"github.com/pintle-ci/pintle/secret"
)

// Difference is one thing that is no longer as a saved plan had it.
type Difference struct {
	What string // "Deployment/web in shop", "release web"
	How  string
}

// StalePlanError is a saved plan that does not fit any more: the cluster, the repository or the values have moved.
// Nothing was touched.
type StalePlanError struct {
	Release     string
	Differences []Difference

	redact func(string) string // nil: nothing is known to be secret
}

const maxDifferences = 3

// Error is one line: the first few, and how many more there are.
func (e *StalePlanError) Error() string {
	var parts []string
	for i, m := range e.Differences {
		if i == maxDifferences {
			parts = append(parts, fmt.Sprintf("and %d more", len(e.Differences)-i))
			break
		}
		parts = append(parts, m.What+": "+m.How)
	}
	return fmt.Sprintf("the saved plan of release %s does not fit any more: %s; look at a new plan",
		e.Release, e.masked(strings.Join(parts, "; ")))
}

// Details is one line for each.
func (e *StalePlanError) Details() string {
	var b strings.Builder
	for _, m := range e.Differences {
		fmt.Fprintf(&b, "%s: %s\n", m.What, m.How)
	}
	return e.masked(b.String())
}

func (e *StalePlanError) masked(s string) string {
	if e.redact == nil {
		return s
	}
	return e.redact(s)
}

// ErrStale is a saved plan that fitted when it was checked and does not as it is carried out.
var ErrStale = errors.New("the cluster has moved on; look at a new plan")

// Has reports whether the plan of a release was saved.
func (s *Saved) Has(name, namespace string) bool { return s.find(name, namespace) != nil }

func (s *Saved) find(name, namespace string) *savedRelease {
	i := slices.IndexFunc(s.Releases, func(r savedRelease) bool { return r.Release == name && r.Namespace == namespace })
	if i < 0 {
		return nil
	}
	return &s.Releases[i]
}

// Names are the releases whose plans were saved, as "web in shop".
func (s *Saved) Names() []string {
	var out []string
	for _, r := range s.Releases {
		out = append(out, r.Release+" in "+r.Namespace)
	}
	return out
}

// Check compares a plan that has just been made with what was saved. Where they are not one, it is a *MovedError.
func (s *Saved) Check(p *Plan) error {
	was := s.find(p.Release, p.Namespace)
	redact := p.Secrets.Text
	if was == nil {
		return &StalePlanError{Release: p.Release, redact: redact,
			Differences: []Difference{{"release " + p.Release + " in " + p.Namespace, "it was not planned"}}}
	}
	is, err := s.summarize(p)
	if err != nil {
		return fmt.Errorf("compare with the saved plan of release %s: %w", p.Release, err)
	}
	if moved := append(movedRelease(was, &is), movedObjects(was, &is, p)...); len(moved) > 0 {
		return &StalePlanError{Release: p.Release, Differences: moved, redact: redact}
	}
	return nil
}

// movedRelease compares all but the objects.
func movedRelease(was, is *savedRelease) []Difference {
	what := "release " + was.Release
	var out []Difference
	say := func(format string, arguments ...any) {
		out = append(out, Difference{what, fmt.Sprintf(format, arguments...)})
	}
	switch {
	case was.Revision != is.Revision:
		say("revision %d was to come, and %d would now: something else has been done to it", was.Revision, is.Revision)
	case was.Last != is.Last:
		say("its last revision was %s, and is %s", was.Last, is.Last)
	case was.Operation != is.Operation:
		say("%s was planned, and it would be %s", was.Operation, is.Operation)
	}
	switch {
	case was.Chart != is.Chart:
		say("its chart was %s, and is %s", was.Chart, is.Chart)
	case was.Content != is.Content:
		say("the files of its chart %s have changed", is.Chart)
	}
	if was.Values != is.Values {
		say("its values have changed")
	}
	before := map[string]string{}
	for _, h := range was.Hooks {
		before[h.Name] = h.Target
	}
	for _, h := range is.Hooks {
		if target, known := before[h.Name]; !known {
			out = append(out, Difference{"hook " + h.Name, "it was not planned"})
		} else if target != h.Target {
			out = append(out, Difference{"hook " + h.Name, "it renders otherwise"})
		}
		delete(before, h.Name)
	}
	for _, h := range was.Hooks {
		if _, left := before[h.Name]; left {
			out = append(out, Difference{"hook " + h.Name, "it is no longer rendered"})
		}
	}
	return out
}

// movedObjects compares the objects, in the order of the plan.
func movedObjects(was, is *savedRelease, p *Plan) []Difference {
	before := map[kube.Ref]savedObject{}
	for _, o := range was.Objects {
		before[o.ref()] = o
	}
	var out []Difference
	for i, o := range is.Objects {
		old, known := before[o.ref()]
		delete(before, o.ref())
		how := "it was not planned, and it would be " + past[o.Action]
		if known {
			how = movedObject(old, o, &p.Objects[i], p.Secrets)
		}
		if how != "" {
			out = append(out, Difference{o.ref().Long(), how})
		}
	}
	for _, o := range was.Objects {
		if _, left := before[o.ref()]; left {
			out = append(out, Difference{o.ref().Long(), "it was to be " + past[o.Action] + ", and is in the plan no longer"})
		}
	}
	return out
}

var past = map[Action]string{
	Create: "created", Update: "changed", Recreate: "recreated", Adopt: "adopted", Delete: "deleted", Unchanged: "left unchanged",
}

// movedObject says how one object differs from what was saved; empty when it does not.
func movedObject(was, is savedObject, c *Change, secrets *secret.Set) string {
	var parts []string
	switch {
	case was.UID != "" && is.UID == "":
		parts = append(parts, "it has been deleted")
	case was.UID == "" && is.UID != "":
		parts = append(parts, "it has been created")
	case was.UID != is.UID:
		parts = append(parts, "it has been deleted and created anew")
	case was.Seen != is.Seen:
		parts = append(parts, "what it holds in the cluster has changed")
	}
	if was.Target != is.Target {
		parts = append(parts, "it renders otherwise")
	}
	if len(parts) == 0 {
		parts = movedFields(was, is, c, secrets)
	}
	if len(parts) == 0 && was.Action != is.Action {
		parts = append(parts, fmt.Sprintf("it was to be %s, and would be %s", past[was.Action], past[is.Action]))
	}
	return strings.Join(parts, ", ")
}

// movedFields says which fields differ from what was saved.
func movedFields(was, is savedObject, c *Change, secrets *secret.Set) []string {
	saved := map[string]savedField{}
	for _, f := range was.Fields {
		saved[f.Path] = f
	}
	var out []string
	for i, f := range is.Fields {
		old, known := saved[f.Path]
		delete(saved, f.Path)
		by := ""
		if owner := c.Fields[i].Owner; owner != "" {
			by = " by " + owner
		}
		before, after := maskedPair(c.Fields[i], secrets)
		switch {
		case !known || old.Old != f.Old:
			out = append(out, fmt.Sprintf("%s has become %s in the cluster%s", f.Path, text.Brief(ValueText(before)), by))
		case old.New != f.New:
			out = append(out, fmt.Sprintf("the cluster would make %s of %s", text.Brief(ValueText(after)), f.Path))
		}
	}
	for _, f := range was.Fields {
		if _, left := saved[f.Path]; left {
			out = append(out, f.Path+" is in the cluster already as it was to become")
		}
	}
	if len(out) == 0 && !slices.Equal(was.Conflicts, is.Conflicts) {
		out = append(out, "others have set other fields of it than when it was planned")
	}
	if len(out) > MaxNamedFields {
		out = append(out[:MaxNamedFields], fmt.Sprintf("and %d more fields", len(out)-MaxNamedFields))
	}
	return out
}
