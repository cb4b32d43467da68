package pipeline_test

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/secret"
)

// requestsOf are the requests that a unit becomes, by what is asked for.
func requestsOf(t *testing.T, c *config.Config, r *config.Resolved, u config.Unit) map[string]any {
	t.Helper()
	requests, err := pipeline.NewRequests(c, r, "reports", secret.NewSet())
	if err != nil {
		t.Fatal(err)
	}
	deploy, rollback := requests.Deploy(u, nil, &event.Span{}), requests.Rollback(u, &event.Span{})
	recovery, uninstall := requests.Recover(u, &event.Span{}), requests.Uninstall(u, &event.Span{})
	for name, evidence := range map[string]*func([]byte) error{
		"deploy": &deploy.Evidence, "rollback": &rollback.Evidence, "recover": &recovery.Evidence, "uninstall": &uninstall.Evidence,
	} {
		if *evidence == nil {
			t.Errorf("%s keeps no evidence", name)
		}
		*evidence = nil // functions cannot be compared
	}
	return map[string]any{
		"deploy": deploy, "rollback": rollback, "recover": recovery,
		"uninstall": uninstall, "test": requests.Test(u), "status": requests.Status(u),
	}
}

// readers are the requests that differ between two units or configurations.
func readers(a, b map[string]any) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if !reflect.DeepEqual(a[name], b[name]) {
			names = append(names, name)
		}
	}
	return names
}

// Every key of a unit is read by the requests that it concerns: one that is new
// fails here until somebody says which those are, or why there are none.
func TestEveryFieldOfAUnitReachesTheEngine(t *testing.T) {
	all := []string{"deploy", "recover", "rollback", "status", "test", "uninstall"}
	changing := []string{"deploy", "recover", "rollback"}
	want := map[string][]string{
		"Release": all, "Namespace": all,
		"Values": all, "Set": all, // for the secrets in them
		"Timeout":         {"deploy", "test", "uninstall"},
		"RollbackTimeout": changing,
		"OnFailure":       changing, "OnFailedInstall": changing,
		"OnCancel": {"deploy", "recover", "rollback", "uninstall"}, "Supersede": {"deploy", "recover", "rollback", "uninstall"},
		"OnImmutable": changing, "OnConflict": changing, "Adopt": changing, "AdoptList": changing, "History": changing,
		"CRDs": {"deploy"}, "RequireRollback": {"deploy"},
	}
	elsewhere := map[string]string{
		"Name":         "names the unit in events and reports, and the file of its evidence",
		"Service":      "decides which steps the unit has",
		"Path":         "step version: which commits count",
		"Watch":        "step version: which commits count",
		"TagPrefix":    "step version: which tags count",
		"Image":        "step bump",
		"Images":       "step bump",
		"Files":        "step bump",
		"Test":         "decides whether the step test runs",
		"Chart":        "steps bump and pull: the request has what it renders to",
		"ChartVersion": "step pull",
		"Needs":        "the order of units",
		"Downgrade":    "the stamp of a deploy, with the version that only its steps know",
		"Origins":      "messages about a setting",
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "values.yaml"), []byte("password: correct-horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, r := &config.Config{Dir: dir}, &config.Resolved{}
	plain := requestsOf(t, c, r, config.Unit{})
	for field := range reflect.TypeFor[config.Unit]().Fields() {
		if reason := elsewhere[field.Name]; reason != "" {
			continue
		}
		if want[field.Name] == nil {
			t.Errorf("config.Unit.%s: no request reads it; let Requests do so, or say here which step it concerns", field.Name)
			continue
		}
		var u config.Unit
		set(t, reflect.ValueOf(&u).Elem().FieldByIndex(field.Index))
		if diff := cmp.Diff(want[field.Name], readers(plain, requestsOf(t, c, r, u))); diff != "" {
			t.Errorf("config.Unit.%s is read by (-want +got)\n%s", field.Name, diff)
		}
	}
}

// set gives a field a value that is not its zero value.
func set(t *testing.T, v reflect.Value) {
	t.Helper()
	switch p := v.Addr().Interface().(type) {
	case *string:
		*p = "x"
	case *bool:
		*p = true
	case *int:
		*p = 7
	case *time.Duration:
		*p = 7 * time.Second
	case *[]string:
		*p = []string{"values.yaml"}
	case *map[string]string:
		*p = map[string]string{"Job": "fail"}
	case *map[string]any:
		*p = map[string]any{"password": "battery-staple"}
	default:
		t.Fatalf("no value for a %s", v.Type())
	}
}

// What pintle.yaml says about kinds and about Jobs goes for every operation that waits.
func TestEveryRequestThatWaitsHasTheCriteria(t *testing.T) {
	with := &config.Config{Readiness: map[string]*config.Readiness{"ConfigMap": {Ready: "data.state == 'up'"}}}
	got := requestsOf(t, with, &config.Resolved{}, config.Unit{})
	plain := requestsOf(t, &config.Config{}, &config.Resolved{}, config.Unit{})
	if diff := cmp.Diff([]string{"deploy", "recover", "rollback", "status"}, readers(plain, got)); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"deploy", "recover", "rollback", "status"} {
		if !reflect.ValueOf(got[name]).FieldByName("WaitForJobs").Bool() {
			t.Errorf("%s does not wait for Jobs", name)
		}
	}
}

// policies are the words that the engine knows, by the key below deploy that says them. What only the file knows stands
// for itself.
func policies() map[string][]string {
	return map[string][]string{
		"onFailure": {string(deployer.Rollback), string(deployer.Leave)}, "onFailedInstall": {string(deployer.Remove), string(deployer.Leave)},
		"onCancel": words(deployer.CancelPolicies()), "onConflict": words(deployer.ConflictPolicies()), "adopt": words(deployer.Adoptions()),
		"crds":        words([]deployer.CRDPolicy{deployer.ApplyCRDs, deployer.CreateCRDs, deployer.SkipCRDs}),
		"onImmutable": words(deployer.ImmutablePolicies()),
		"downgrade":   {config.Allow, config.Refuse}, // read by job.stamp
	}
}

// The words of pintle.yaml are the engine's own: the schema has them and no others, and each of them loads.
func TestPoliciesAreTheEngines(t *testing.T) {
	known, seen := policies(), map[string]bool{}
	for field := range reflect.TypeFor[config.Deploy]().Fields() {
		var said []string
		for part := range strings.SplitSeq(field.Tag.Get("jsonschema"), ",") {
			if word, ok := strings.CutPrefix(part, "enum="); ok {
				said = append(said, word)
			}
		}
		key := field.Tag.Get("yaml")
		if seen[key] = said != nil || known[key] != nil; said == nil {
			continue
		}
		slices.Sort(said)
		if want := slices.Sorted(slices.Values(known[key])); !slices.Equal(said, want) {
			t.Errorf("deploy.%s may be %q, the engine knows %q", key, said, want)
		}
	}
	for key, list := range known {
		if !seen[key] {
			t.Errorf("pintle.yaml has no deploy.%s", key)
		}
		for _, word := range append(list, "nonsense") {
			if err := loads(key, word); (err == nil) != (word != "nonsense") {
				t.Errorf("deploy.%s: %s: %v", key, word, err)
			}
		}
	}
}

// loads loads a pintle.yaml that says one policy.
func loads(key, word string) error {
	value := word
	switch {
	case key == "onImmutable":
		value = "{Job: " + word + "}"
	case key == "adopt" && word == string(deployer.AdoptListed):
		value += ", adoptList: [ConfigMap/a]"
	}
	text := "apiVersion: pintle/v1\nproject: shop\nservices: {cart: {path: cart}}\ndeploy: {" + key + ": " + value + "}\n"
	_, err := config.Load(fstest.MapFS{
		config.FileName: {Data: []byte(text)}, "cart/chart/Chart.yaml": {Data: []byte("apiVersion: v2\nname: cart\nversion: 0.0.0\n")},
	}, config.FileName)
	return err
}

func words[T ~string](list []T) []string {
	var out []string
	for _, w := range list {
		out = append(out, string(w))
	}
	return out
}
