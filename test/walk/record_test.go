package walk_test

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/test/workbench"
)

// foretell lets Helm say what record pintle's operation is to make; nil where Helm has no dry run for it.
func (w *walker) foretell(who string, op stride) *release.Record {
	w.T.Helper()
	if who != "pintle" || op.name != "install" && op.name != "upgrade" {
		return nil
	}
	var r release.Record
	w.decode(w.Helm4(slices.Concat(op.args, []string{"--dry-run=server", "-o", "json"})...), &r)
	return &r
}

func (w *walker) readRecords() []*release.Record {
	w.T.Helper()
	h, err := release.NewStorage(kubetest.Connect(w.T, nil), w.Namespace, release.Driver(w.Driver)).History(w.T.Context(), "web")
	if err != nil || len(h.Unreadable) > 0 {
		w.T.Fatal(err, h.Unreadable)
	}
	return h.Records
}

// checkRecords holds what is stored after an operation against the rules by which Helm makes it of what was stored
// before (facts/helm-format.md 4.1 to 4.4).
func (w *walker) checkRecords(who string, op stride, began time.Time, foretold *release.Record) {
	w.T.Helper()
	before := w.records
	w.records = w.readRecords()
	w.checkStored()
	top := 0
	if n := len(before); n > 0 {
		top = before[n-1].Version
	}
	var kept, fresh []*release.Record
	for _, r := range w.records {
		if r.Version > top {
			fresh = append(fresh, r)
		} else {
			kept = append(kept, r)
		}
	}
	if got, want := len(fresh), op.revisions(who); got != want {
		w.T.Fatalf("%s by %s made %d revisions, not %d", op.name, who, got, want)
	}
	ran := w.checkKept(who, op, before, kept, fresh, began)
	for i, r := range fresh {
		if r.Version != top+1+i {
			w.T.Fatalf("revision %d follows %d", r.Version, top+i)
		}
		made := op
		if i == 1 { // the way back
			made = stride{name: "rollback", target: lastGood(before)}
		} else if foretold != nil {
			w.checkForetold(op, before, r, foretold)
		}
		ran = append(ran, w.checkFresh(who, made, before, r, began)...)
	}
	w.checkHookObjects(append(ran, op.unrecorded(before)...))
}

// revisions is how many an operation makes.
func (op stride) revisions(who string) int {
	switch {
	case op.name == "test" || op.name == "uninstall":
		return 0
	case !op.fails:
		return 1
	case op.by == "selector" && who == "pintle": // refused: nothing was touched
		return 0
	case op.back && op.name == "install":
		return 0
	case op.back:
		return 2
	}
	return 1
}

func lastGood(records []*release.Record) int {
	for _, r := range slices.Backward(records) {
		if r.Status() == release.Deployed || r.Status() == release.Superseded {
			return r.Version
		}
	}
	return 0
}

// checkStored holds the labels and types of the stored objects.
func (w *walker) checkStored() {
	w.T.Helper()
	kind := map[string]string{"secret": "Secret", "configmap": "ConfigMap"}[w.Driver]
	for _, r := range w.records {
		want := maps.Clone(r.Labels)
		maps.Copy(want, map[string]string{"name": "web", "owner": "helm", "status": string(r.Status()), "version": strconv.Itoa(r.Version)})
		got := maps.Clone(r.AllLabels)
		if got["createdAt"]+got["modifiedAt"] == "" {
			w.T.Fatalf("revision %d does not say when it was stored: %v", r.Version, got)
		}
		delete(got, "createdAt")
		delete(got, "modifiedAt")
		if diff := gocmp.Diff(want, got); diff != "" {
			w.T.Fatalf("labels of revision %d: %s", r.Version, diff)
		}
		o, err := kubetest.Connect(w.T, nil).Get(w.T.Context(), kube.Ref{APIVersion: "v1", Kind: kind, Namespace: w.Namespace, Name: "sh.helm.release.v1.web.v" + strconv.Itoa(r.Version)})
		if err != nil {
			w.T.Fatal(err)
		}
		if kind == "Secret" && o.Object["type"] != "helm.sh/release.v1" {
			w.T.Fatalf("the record of revision %d is of type %v", r.Version, o.Object["type"])
		}
		if got := workbench.ManagersOf(o); !slices.Equal(got, []string{"Helm"}) {
			w.T.Fatalf("the record of revision %d is managed by %v", r.Version, got)
		}
	}
}

// parts are those of a record that do not depend on when its files were read.
var parts = gocmp.Options{
	cmpopts.EquateEmpty(),
	cmpopts.IgnoreFields(release.File{}, "ModTime"), cmpopts.IgnoreFields(release.Chart{}, "ModTime", "SchemaModTime"),
	cmpopts.IgnoreFields(release.Record{}, "AllLabels", "Created"),
}

// checkForetold compares what pintle recorded with what Helm would have.
func (w *walker) checkForetold(op stride, before []*release.Record, r, helms *release.Record) {
	w.T.Helper()
	ours := r.Clone()
	ours.ApplyMethod, helms.ApplyMethod, ours.Labels = "", "", nil
	if op.name == "install" && len(before) > 0 { // Helm's templates see revision 1, whatever is made
		helms.Version, helms.Info.Notes = ours.Version, ours.Info.Notes
	}
	ours.Info, helms.Info = &release.Info{Notes: ours.Info.Notes}, &release.Info{Notes: helms.Info.Notes}
	for _, h := range ours.Hooks {
		h.LastRun = release.Run{}
		if len(h.DeletePolicies) == 1 && h.DeletePolicies[0] == "before-hook-creation" { // the default, set when a hook runs
			h.DeletePolicies = nil
		}
	}
	if diff := gocmp.Diff(helms, ours, parts); diff != "" {
		w.T.Fatalf("the record of revision %d: -helm +pintle\n%s", r.Version, diff)
	}
}

// checkKept holds what an operation left of the revisions before it, and returns the hooks that ran of them.
func (w *walker) checkKept(who string, op stride, before, kept, fresh []*release.Record, began time.Time) []*release.Hook {
	w.T.Helper()
	want := w.remaining(who, op, before, fresh)
	for i, r := range want {
		want[i] = w.afterwards(who, op, r, r == before[len(before)-1])
	}
	var ran []*release.Hook
	if n := len(kept); n > 0 && n == len(want) && (op.name == "test" || op.keepHistory) {
		ran = w.checkRuns(kept[n-1], before[len(before)-1].Hooks, op.events(who, true), began)
		kept[n-1], want[n-1] = withoutRuns(kept[n-1], nil), withoutRuns(want[n-1], ran)
		if op.keepHistory {
			w.checkDeleted(kept[n-1].Info)
			want[n-1].Info.Deleted = kept[n-1].Info.Deleted
		}
	}
	if who == "helm3" { // which knows neither, and drops them when it writes
		for i := range min(len(kept), len(want)) {
			if kept[i].ApplyMethod == "" && kept[i].Info.RollbackRevision == 0 {
				want[i].ApplyMethod, want[i].Info.RollbackRevision = "", 0
			}
		}
	}
	if diff := gocmp.Diff(want, kept, parts); diff != "" {
		w.T.Fatalf("what %s by %s left of the revisions before: %s", op.name, who, diff)
	}
	return ran
}

// withoutRuns is a revision that does not say when its hooks ran. Those that ran have the default policy where they had
// none (facts/helm-format.md 4.4).
func withoutRuns(r *release.Record, ran []*release.Hook) *release.Record {
	r = r.Clone()
	for _, h := range r.Hooks {
		h.LastRun = release.Run{}
		if len(h.DeletePolicies) == 0 && slices.ContainsFunc(ran, func(other *release.Hook) bool { return other.Name == h.Name }) {
			h.DeletePolicies = []string{"before-hook-creation"}
		}
	}
	return r
}

func (w *walker) checkDeleted(info *release.Info) {
	w.T.Helper()
	if d := info.Deleted; d.IsZero() || d.Before(info.LastDeployed.Time) {
		w.T.Fatalf("deleted at %v, deployed at %v", d, info.LastDeployed)
	}
}

// afterwards is an older revision as an operation leaves it.
func (w *walker) afterwards(who string, op stride, r *release.Record, last bool) *release.Record {
	r = r.Clone()
	replaced := !op.fails && (op.name == "install" || op.name == "upgrade" || op.name == "rollback") || op.revisions(who) == 2
	switch {
	case op.name == "uninstall" && last:
		r.Set(release.Uninstalled, cmp.Or(op.description, "Uninstallation complete"))
	case r.Status() == release.Deployed && (replaced || op.name == "uninstall"):
		r.Info.Status = release.Superseded
	case r.Status() == release.Failed && last && op.name == "upgrade" && replaced && who != "pintle" && !w.deployed():
		r.Info.Status = release.Superseded // it never ran; we leave it failed
	case r.Status() == release.Uninstalled && last && op.name == "install" && who != "pintle":
		r.Set(release.Superseded, "superseded by new release")
	}
	return r
}

// checkFresh holds a new revision, and returns the hooks that ran for it.
func (w *walker) checkFresh(who string, op stride, before []*release.Record, r *release.Record, began time.Time) []*release.Hook {
	w.T.Helper()
	type facts struct {
		Status           release.Status
		Description      string
		Labels           map[string]string
		ApplyMethod      string
		First            time.Time
		GoneBack         int
		DeployedMeantime bool
	}
	last := &release.Record{Info: &release.Info{}}
	if n := len(before); n > 0 {
		last = before[n-1]
	}
	got := facts{
		r.Status(), r.Info.Description, r.Labels, r.ApplyMethod, r.Info.FirstDeployed.Time, r.Info.RollbackRevision,
		!r.Info.LastDeployed.Before(began.Add(-2*time.Second)) && !r.Info.LastDeployed.After(time.Now().Add(2*time.Second)),
	}
	want := facts{Status: release.Deployed, ApplyMethod: applyMethod(who, op, last), DeployedMeantime: true}
	hooks := map[string]release.Run{} // what those keep that do not run
	installs := op.name == "install" || who == "pintle" && op.name == "upgrade" && !w.everDeployed()
	switch op.name {
	case "rollback":
		target := before[slices.IndexFunc(before, func(r *release.Record) bool { return r.Version == op.target })]
		want.Description, want.Labels, want.First = "Rollback to "+strconv.Itoa(op.target), target.Labels, last.Info.FirstDeployed.Time
		if who != "helm3" {
			want.GoneBack = op.target
		}
		want.ApplyMethod = applyMethod(who, op, target)
		for _, h := range target.Hooks {
			if who != "pintle" {
				hooks[h.Name] = h.LastRun
			}
		}
	case "install":
		want.Description, want.Labels, want.First = cmp.Or(op.description, "Install complete"), op.labels, r.Info.LastDeployed.Time
	default:
		want.Description, want.Labels, want.First = cmp.Or(op.description, "Upgrade complete"), mergedLabels(last.Labels, op.labels), last.Info.FirstDeployed.Time
		if installs {
			want.Description, want.First = cmp.Or(op.description, "Install complete"), r.Info.LastDeployed.Time
		}
	}
	if op.fails {
		want.Status, want.Description = release.Failed, map[bool]string{true: "Release", false: "Upgrade"}[installs]+` "web" failed: `
		got.Description = got.Description[:min(len(got.Description), len(want.Description))]
	}
	if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		w.T.Fatalf("revision %d by %s: %s", r.Version, who, diff)
	}
	var others []*release.Hook
	for _, h := range r.Hooks {
		others = append(others, &release.Hook{Name: h.Name, LastRun: hooks[h.Name]})
	}
	return w.checkRuns(r, others, op.events(who, installs), began)
}

// mergedLabels is Helm's rule for an upgrade.
func mergedLabels(old, given map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, old)
	maps.Copy(out, given)
	maps.DeleteFunc(out, func(_, value string) bool { return value == "null" })
	return out
}

// applyMethod is what a new revision says about how it was applied. from is the last one, of a rollback the target.
func applyMethod(who string, op stride, from *release.Record) string {
	switch {
	case who == "pintle" || op.has("--server-side=true"):
		return release.ServerSide
	case who == "helm3":
		return ""
	case op.has("--server-side=false"):
		return "csa"
	case op.name == "install" || from.ApplyMethod == release.ServerSide:
		return release.ServerSide
	}
	return "csa"
}

// events are those whose hooks an operation runs; nothing runs after a failure.
func (op stride) events(who string, installs bool) []string {
	name := op.name
	switch {
	case op.noHooks:
		return nil
	case name == "test":
		return []string{"test"}
	case name == "uninstall":
		name = "delete"
	case name != "rollback" && installs:
		name = "install"
	}
	if op.fails {
		return []string{"pre-" + name}
	}
	return []string{"pre-" + name, "post-" + name}
}

// checkRuns holds when the hooks of a revision ran and how they ended: those of events one after another, by weight and
// name, up to the first that fails; all others are as before. It returns those that ran, each with how it ended.
func (w *walker) checkRuns(r *release.Record, before []*release.Hook, events []string, began time.Time) []*release.Hook {
	w.T.Helper()
	var ran []*release.Hook
	previous, failed := began, ""
	for _, event := range events {
		hooks := slices.DeleteFunc(slices.Clone(r.Hooks), func(h *release.Hook) bool { return !slices.Contains(h.Events, event) })
		slices.SortStableFunc(hooks, func(a, b *release.Hook) int {
			return cmp.Or(cmp.Compare(a.Weight, b.Weight), strings.Compare(a.Name, b.Name))
		})
		for _, h := range hooks {
			if failed != "" {
				break
			}
			ran = append(ran, h)
			run := h.LastRun
			if len(h.Events) == 2 && strings.HasSuffix(h.Name, "-bye") && strings.HasPrefix(event, "pre-") {
				continue // it runs again
			}
			if run.Phase != release.PhaseSucceeded {
				failed = h.Name
				if run.Phase != release.PhaseFailed {
					w.T.Fatalf("hook %s of revision %d is %q", h.Name, r.Version, run.Phase)
				}
			}
			if run.StartedAt.Before(previous) || run.CompletedAt.Before(run.StartedAt.Time) {
				w.T.Fatalf("hook %s of revision %d ran from %v to %v, the one before it ended at %v", h.Name, r.Version, run.StartedAt, run.CompletedAt, previous)
			}
			previous = run.CompletedAt.Time
			if len(h.DeletePolicies) == 0 {
				w.T.Fatalf("hook %s of revision %d ran without a delete policy", h.Name, r.Version)
			}
		}
	}
	if failed != "" && r.Status() == release.Deployed && events[0] != "test" {
		w.T.Fatalf("hook %s of revision %d failed, and it is deployed", failed, r.Version)
	}
	if len(r.Hooks) != len(before) {
		w.T.Fatalf("revision %d has %d hooks, not %d", r.Version, len(r.Hooks), len(before))
	}
	for i, h := range r.Hooks {
		if diff := gocmp.Diff(before[i].LastRun, h.LastRun); diff != "" && !slices.Contains(ran, h) {
			w.T.Fatalf("hook %s of revision %d has not run: %s", h.Name, r.Version, diff)
		}
	}
	return ran
}
