package pipeline

import (
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/stamp"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/secret"
	"github.com/pintle-ci/pintle/versioning"
)

// planOn runs the plan of an environment against a cluster that answers like that.
func planOn(t *testing.T, p *Project, c *cluster, services ...string) (Outcome, told) {
	t.Helper()
	return take(t, Options{Project: p, Goal: GoalPlan, Services: services, Cluster: ClusterOptions{Client: connectTo(t, c), Holder: "a test"}})
}

// An account that the cluster does not know ends a run before anything is built for it.
func TestConnect(t *testing.T) {
	p := open(t, shopRepo(t, "", nil), onMain, "dev")
	c := &cluster{down: true}
	out, got := planOn(t, p, c)
	got.expect(t, map[string]string{
		"dev cluster connect": "failed: ...", "dev cluster select": "skipped: connect failed", "cart compare": "skipped: the cluster does not answer",
		"cart plan": "skipped: nothing is released: connect of dev cluster failed",
	})
	if out.ExitCode != exitcode.Failed {
		t.Errorf("exit code %d", out.ExitCode)
	}
	for _, r := range c.requests {
		if !strings.HasPrefix(r, "GET ") {
			t.Errorf("a run that could not connect has asked %s", r)
		}
	}
}

// A branch takes all units; what is deployed already is told, and a release of another project is refused.
func TestCompare(t *testing.T) {
	p := open(t, shopRepo(t, "", nil), onMain, "dev")
	c := &cluster{records: map[string][]map[string]string{"shop-dev": {record("web", "4")}}}
	_, got := planOn(t, p, c)
	got.expect(t, map[string]string{
		"dev cluster connect": "passed: http://...", "dev cluster select": "passed: ...",
		"cart compare": "passed: nothing is deployed", "web compare": "passed: over revision 4", "redis compare": "passed: nothing is deployed",
	})
	c.forbid = true
	_, got = planOn(t, p, c)
	got.expect(t, map[string]string{"cart compare": "skipped: this account may not list the releases of shop-dev; the plan says what it lacks"})
}

func TestCompareWithAnothersRelease(t *testing.T) {
	r := shopRepo(t, "", nil)
	theirs := stamp.Stamp{Owner: stamp.Owner{Project: "store", Environment: "dev"}, Build: stamp.Build{Version: "1.0.0", Kind: stamp.Tag}, Revision: 2}
	labels := theirs.On(record("cart", "2"))
	c := &cluster{records: map[string][]map[string]string{"shop-dev": {labels}}}
	out, got := planOn(t, open(t, r, onMain, "dev"), c, "cart")
	if !strings.HasPrefix(got.end("cart compare"), "failed: ") || !strings.Contains(got.end("cart compare"), "store") || out.ExitCode != exitcode.Failed {
		t.Errorf("exit code %d: %s", out.ExitCode, got.end("cart compare"))
	}
	o := Options{
		Project: open(t, r, onMain, "dev"), Goal: GoalPlan, Services: []string{"cart"}, Cluster: ClusterOptions{Client: connectTo(t, c)},
		Plan: PlanOptions{Policies: deployer.SavedPolicies{TakeOver: true, AllowDowngrade: true}},
	}
	_, got = take(t, o)
	got.expect(t, map[string]string{"cart compare": "passed: over revision 2..."})
}

// A tag deploys what carries it. What it needs must be there.
func TestSelect(t *testing.T) {
	r := shopRepo(t, "", nil)
	r.Tag("cart/v1.0.0")
	r.Commit("feat: pages", "services/web/src")
	r.Tag("web/v2.0.0")
	p := open(t, r, versioning.Ref{Tag: "web/v2.0.0"}, "prod")
	out, got := planOn(t, p, &cluster{})
	got.expect(t, map[string]string{
		"prod cluster select": "failed: web needs cart, which is not deployed in prod and not in this run: pass --with-missing to install it at 1.0.0, or ...",
	})
	if out.ExitCode != exitcode.Failed {
		t.Errorf("exit code %d", out.ExitCode)
	}
	there := &cluster{records: map[string][]map[string]string{"shop": {record("cart", "1"), record("redis", "1")}}}
	_, got = planOn(t, p, there)
	got.expect(t, map[string]string{
		"prod cluster select": "passed: ...", "cart plan": "skipped: tag web/v2.0.0 is of another service",
		"cart compare": "skipped: tag web/v2.0.0 is of another service", "redis pull": "skipped: tag web/v2.0.0 leaves releases as they are",
		"web compare": "passed: nothing is deployed",
	})
	if e := got.ends["prod cluster select"]; !strings.Contains(e.Details, "cart") {
		t.Errorf("what is left is not told: %q", e.Details)
	}
}

// What the command line says is laid over what pintle.yaml says, where it says something.
func TestRequestOfTheCommandLine(t *testing.T) {
	p := &Project{Config: &config.Config{}, Resolved: &config.Resolved{}}
	requests, err := NewRequests(p.Config, p.Resolved, "", secret.NewSet())
	if err != nil {
		t.Fatal(err)
	}
	u := config.Unit{
		Name: "redis", Adopt: config.AdoptListed, AdoptList: []string{"ConfigMap/a"}, OnCancel: config.Leave, OnConflict: config.Keep, Timeout: time.Minute,
	}
	j := &job{shared: &shared{Options: Options{Project: p}, requests: requests, owner: func() stamp.Owner { return stamp.Owner{Project: "shop"} }}, unit: u}
	j.chart = &chart.Chart{Metadata: &chart.Metadata{Name: "redis", Version: "7.0.0"}}
	said := j.request(nil)
	if said.Adopt != deployer.AdoptListed || said.OnCancel != deployer.Leave || said.OnConflict != deployer.KeepConflicts || said.Supersede || said.AllowCRDChanges {
		t.Errorf("%+v", said)
	}
	j.Plan = PlanOptions{Policies: deployer.SavedPolicies{Adopt: string(deployer.AdoptAll), OnConflict: string(deployer.TakeConflicts), AllowCRDChanges: true}, NoLookupSecrets: true}
	j.Deploy = DeployOptions{OnCancel: deployer.Finish, Supersede: true, Logs: true}
	over := j.request(nil)
	if over.Adopt != deployer.AdoptAll || len(over.AdoptList) > 0 || over.OnCancel != deployer.Finish || over.OnConflict != deployer.TakeConflicts {
		t.Errorf("%+v", over)
	}
	if !over.Supersede || !over.Logs || !over.AllowCRDChanges || !over.NoLookupSecrets || over.Stamp.Version != "7.0.0" || over.Stamp.Kind != stamp.Pin {
		t.Errorf("%+v", over)
	}
}

// The stamp says where a version comes from.
func TestBuildOfAStamp(t *testing.T) {
	for class, want := range map[versioning.Class]stamp.Kind{
		versioning.ClassTag: stamp.Tag, versioning.ClassChange: stamp.Change, versioning.ClassFeature: stamp.Feature,
		versioning.ClassTrunk: stamp.Branch, versioning.ClassRelease: stamp.Branch, versioning.ClassHotfix: stamp.Branch,
	} {
		j := &job{shared: &shared{Options: Options{Project: &Project{Ref: onMain}}}, unit: config.Unit{Service: true}}
		j.version = versioning.Version{Number: "1.0.0", Class: class}
		b := j.build()
		if b.Kind != want || b.Version != "1.0.0" || (b.Branch == "") != (class == versioning.ClassTag) {
			t.Errorf("%s: %+v", class, b)
		}
	}
}

func TestTestIsSkipped(t *testing.T) {
	r := &shared{Options: Options{Project: &Project{Resolved: &config.Resolved{Environment: "dev"}}}}
	off := (&job{shared: r}).test(t.Context(), event.Span{})
	if off.Status != event.Skipped || off.Message != "pintle.yaml says test: false" {
		t.Errorf("%+v", off)
	}
	j := &job{shared: r, unit: config.Unit{Test: true}}
	j.outcome.Status = event.Unchanged
	if same := j.test(t.Context(), event.Span{}); same.Status != event.Skipped || same.Message != "nothing was deployed anew" {
		t.Errorf("%+v", same)
	}
}
