package pipeline

import (
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/stamp"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/versioning"
)

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
		Plan: PlanOptions{Policies: plan.SavedPolicies{TakeOver: true, AllowDowngrade: true}},
	}
	_, got = take(t, o)
	got.expect(t, map[string]string{"cart compare": "passed: over revision 2..."})
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
