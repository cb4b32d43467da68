package pipeline

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart/lint"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// The chart is linted with the values of the environment, and an error names where they come from.
func TestLintWithTheEnvironmentsValues(t *testing.T) {
	files := map[string]string{
		"pintle.yaml": strings.Replace(shopFiles("")["pintle.yaml"], "{path: services/cart}", "{path: services/cart, set: {motd: {a: 1}}}", 1),
		"services/cart/chart/templates/upper.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: upper}\ndata: {motd: {{ upper .Values.motd }}}\n",
	}
	r := shopRepo(t, "", files)
	_, got := take(t, Options{Project: open(t, r, onMain, "dev"), Goal: GoalBuild, Services: []string{"cart"}})
	got.expect(t, map[string]string{"cart lint": "failed: ..."})
	if e := got.ends["cart lint"]; !strings.Contains(e.Message+e.Details, "set of cart in pintle.yaml") {
		t.Errorf("nothing says who has set it: %s\n%s", e.Message, e.Details)
	}
}

// Warnings do not fail a build, unless lint is strict.
func TestLintStrict(t *testing.T) {
	changes := map[string]string{"services/cart/chart/templates/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: busybox:latest}]\n"}
	r := shopRepo(t, "", changes)
	p := open(t, r, onMain, "")
	_, got := take(t, Options{Project: p, Goal: GoalBuild, Services: []string{"cart"}})
	got.expect(t, map[string]string{"cart lint": "passed: ...", "cart package": "passed: ..."})
	if len(got.warns) == 0 {
		t.Error("the linter has nothing to say of a Pod without anything")
	}
	p.Config.Lint.Strict = true
	_, got = take(t, Options{Project: p, Goal: GoalBuild, Services: []string{"cart"}})
	got.expect(t, map[string]string{"cart lint": "failed: ..."})
}

func TestLintOptions(t *testing.T) {
	c := &config.Config{
		Lint:     config.Lint{Disable: []string{"a"}, Severity: map[string]string{"x": "error", "y": "info"}, KubeVersion: "1.34"},
		Services: map[string]*config.Service{"cart": {Lint: config.ServiceLint{Disable: []string{"b"}, Severity: map[string]string{"y": "warning"}}}},
	}
	want := lint.Options{Disabled: []string{"a", "b"}, KubeVersion: "1.34", Severity: map[string]lint.Severity{"x": "error", "y": "warning"}}
	got := LintOptions(c, "cart")
	if diff := cmp.Diff(want.Disabled, got.Disabled); diff != "" || got.KubeVersion != want.KubeVersion {
		t.Error(diff, got.KubeVersion)
	}
	if diff := cmp.Diff(want.Severity, got.Severity); diff != "" {
		t.Error(diff)
	}
	if got := LintOptions(c, "nobody"); len(got.Disabled) != 1 {
		t.Errorf("%+v", got.Disabled)
	}
}

// A version is published once: the same commit again changes nothing, and other content is refused.
func TestPush(t *testing.T) {
	r := shopRepo(t, chartRegistry(t), nil)
	r.Tag("cart/v1.0.0")
	publish := func() told {
		_, got := take(t, Options{Project: open(t, r, onMain, ""), Goal: GoalPublish, Services: []string{"cart"}})
		r.Git("checkout", "-q", ".")
		return got
	}
	publish().expect(t, map[string]string{"cart push": "passed: ..."})
	publish().expect(t, map[string]string{"cart push": "unchanged: already published: ..."})

	r.Commit("fix: else", "services/cart/src")
	r.Git("tag", "-f", "cart/v1.0.0")
	r.Write("services/cart/chart/values.yaml", "image: {repository: cart, tag: \"0.0.0\"}\nmotd: bye\n")
	r.Commit("fix: bye", "services/cart/other")
	r.Git("add", "-A")
	r.Git("commit", "-q", "--amend", "--no-edit")
	r.Git("tag", "-f", "cart/v1.0.0")
	publish().expect(t, map[string]string{"cart push": "failed: ..."})
}

// A service that has not changed since its tag keeps what was published, whatever pintle.yaml writes into it today.
func TestPushOfAnUnchangedService(t *testing.T) {
	r := shopRepo(t, chartRegistry(t), nil)
	r.Tag("cart/v1.0.0")
	o := Options{Project: open(t, r, onMain, ""), Goal: GoalPublish, Services: []string{"cart"}}
	take(t, o)
	r.Git("checkout", "-q", ".")
	r.Write("pintle.yaml", strings.Replace(read(t, r, "pintle.yaml"), "registry.example.com", "elsewhere.example.com", 1))
	r.Git("commit", "-q", "-a", "-m", "chore: another registry")
	o.Project = open(t, r, onMain, "")
	out, got := take(t, o)
	got.expect(t, map[string]string{"cart version": "passed: unchanged since cart/v1.0.0", "cart push": "unchanged: already published: ..."})
	if out.ExitCode != exitcode.OK || len(got.warns) != 1 || !strings.Contains(got.warns[0], "the published chart is used") {
		t.Errorf("exit code %d, %v", out.ExitCode, got.warns)
	}
}

func TestPushWithoutARegistry(t *testing.T) {
	_, got := take(t, Options{Project: open(t, shopRepo(t, "", nil), onMain, ""), Goal: GoalPublish, Services: []string{"cart"}})
	got.expect(t, map[string]string{"cart push": "skipped: pintle.yaml has no registry.charts"})
}

// A third-party chart comes from a registry or from a folder; one that is not there is told with its line of
// pintle.yaml.
func TestPull(t *testing.T) {
	charts := chartRegistry(t)
	r := shopRepo(t, charts, nil)
	r.Tag("cart/v1.0.0")
	take(t, Options{Project: open(t, r, onMain, ""), Goal: GoalPublish, Services: []string{"cart"}})
	r.Git("checkout", "-q", ".")
	for version, want := range map[string]string{"1.0.0": "passed: ...", "9.9.9": "failed: ..."} {
		text := strings.Replace(shopFiles(charts)["pintle.yaml"], "{chart: ./charts/redis, version: 7.0.0}", "{chart: "+charts+"/cart, version: "+version+"}", 1)
		r.Write("pintle.yaml", text)
		o := Options{Project: open(t, r, onMain, "dev"), Goal: GoalPlan, Services: []string{"redis"}, Cluster: ClusterOptions{Client: connectTo(t, &cluster{})}}
		_, got := take(t, o)
		got.expect(t, map[string]string{"redis pull": want})
		if version == "9.9.9" && !strings.Contains(got.end("redis pull"), "pintle.yaml:") {
			t.Errorf("no line of pintle.yaml: %s", got.end("redis pull"))
		}
	}
}

func TestHolds(t *testing.T) {
	tree := map[string]any{"a": map[string]any{"b": 1}, "c": 2}
	for path, want := range map[string]bool{"a": true, "a.b": true, "a.x": false, "c": true, "c.d": false, "x": false} {
		if got := holds(tree, strings.Split(path, ".")); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
}
