package pipeline

import (
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/stamp"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/secret"
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
	j.Plan = PlanOptions{Policies: plan.SavedPolicies{Adopt: string(deployer.AdoptAll), OnConflict: string(deployer.TakeConflicts), AllowCRDChanges: true}, NoLookupSecrets: true}
	j.Deploy = DeployOptions{OnCancel: deployer.Finish, Supersede: true, Logs: true}
	over := j.request(nil)
	if over.Adopt != deployer.AdoptAll || len(over.AdoptList) > 0 || over.OnCancel != deployer.Finish || over.OnConflict != deployer.TakeConflicts {
		t.Errorf("%+v", over)
	}
	if !over.Supersede || !over.Logs || !over.AllowCRDChanges || !over.NoLookupSecrets || over.Stamp.Version != "7.0.0" || over.Stamp.Kind != stamp.Pin {
		t.Errorf("%+v", over)
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
