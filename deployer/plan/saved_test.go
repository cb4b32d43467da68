package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/secret"
)

// savable is a plan with everything that is saved.
func savable(t *testing.T) *Plan {
	t.Helper()
	deployment := func(image string) string {
		return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, uid: d-1}\nspec: {replicas: 3, image: " + image + ", password: open-sesame}\n"
	}
	hidden := "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop, uid: s-1}\nstringData: {password: open-sesame}\n"
	config := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old, namespace: shop, uid: c-1}\n"
	r := &release.Record{Name: "web", Namespace: "shop", Version: 3, Info: &release.Info{}}
	r.Config = map[string]any{"token": "open-sesame"}
	r.Chart = &release.Chart{Metadata: &chart.Metadata{Name: "web", Version: "1.0.0"}}
	r.Hooks = []*release.Hook{{Kind: "Job", Name: "migrate", Path: "web/templates/job.yaml", Manifest: "kind: Job\n"}}
	return &Plan{
		Release: "web", Namespace: "shop", Chart: "web-1.0.0", Operation: Upgrade, Revision: 3, Deployed: 2, Next: r,
		Last: release.Deployed, Secrets: secret.NewSet("open-sesame"),
		Objects: []Change{
			{
				Action: Update, Object: kube.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "web"}, Scaled: true,
				Desired: parsed(t, deployment("b")), Live: parsed(t, deployment("a")), Result: parsed(t, deployment("b")),
				Fields:    []Field{{Path: "spec.image", Old: "a", New: "b", Owner: "kubectl-edit"}},
				Conflicts: []Conflict{{Path: "spec.paused", Manager: "argo", Theirs: true, Ours: false, Kept: true}},
			},
			{
				Action: Update, Object: kube.Ref{APIVersion: "v1", Kind: "Secret", Namespace: "shop", Name: "s"},
				Desired: parsed(t, hidden), Live: parsed(t, hidden), Fields: []Field{{Path: "data.password", Old: "(secret)", New: "(secret)"}},
			},
			{Action: Delete, Object: kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: "shop", Name: "old"}, Live: parsed(t, config), Leftover: true},
		},
	}
}

// parsed reads one object from YAML.
func parsed(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	list, err := release.ParseManifest(text)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d objects, %v", len(list), err)
	}
	return list[0]
}

func TestSavedPlanHoldsNoSecretAndFits(t *testing.T) {
	origin := SavedOrigin{Environment: "prod", Services: []string{"web"}, Cluster: ClusterID{Server: "https://x"}, Policies: SavedPolicies{OnConflict: "keep"}}
	data, err := Save([]*Plan{savable(t)}, origin)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "sesame") || strings.Contains(string(data), "b3Blbi1zZXNhbWU") {
		t.Errorf("a secret shows:\n%s", data)
	}
	s, err := ReadSaved(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(origin, s.Origin); d != "" {
		t.Error(d)
	}
	same := savable(t)
	same.Objects[0].Desired.Object["spec"].(map[string]any)["replicas"] = int64(9) // by the autoscaler
	if err := s.Check(same); err != nil {
		t.Errorf("the same plan: %v", err)
	}
}

func TestBindNamesWhatMoved(t *testing.T) {
	data, err := Save([]*Plan{savable(t)}, SavedOrigin{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := ReadSaved(data)
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(p *Plan){
		"release other in shop: it was not planned":                                                func(p *Plan) { p.Release = "other" },
		"release web: revision 3 was to come, and 4 would now: something else has been done to it": func(p *Plan) { p.Revision = 4 },
		"release web: its last revision was deployed, and is failed":                               func(p *Plan) { p.Last = release.Failed },
		"release web: its chart was web-1.0.0, and is web-1.1.0":                                   func(p *Plan) { p.Chart = "web-1.1.0" },
		"release web: the files of its chart web-1.0.0 have changed":                               func(p *Plan) { p.Next.Chart.Files = []*release.File{{Name: "x"}} },
		"release web: its values have changed":                                                     func(p *Plan) { p.Next.Config["token"] = "another" },
		"hook Job/migrate: it renders otherwise":                                                   func(p *Plan) { p.Next.Hooks[0].Manifest = "kind: Job # 2\n" },
		"hook Job/migrate: it is no longer rendered":                                               func(p *Plan) { p.Next.Hooks = nil },
		"Deployment/web in shop: it has been deleted":                                              func(p *Plan) { p.Objects[0].Live = nil },
		"Deployment/web in shop: it has been deleted and created anew":                             func(p *Plan) { p.Objects[0].Live.SetUID("d-2") },
		"Deployment/web in shop: it renders otherwise":                                             func(p *Plan) { p.Objects[0].Desired.SetLabels(map[string]string{"a": "b"}) },
		`Deployment/web in shop: spec.image has become "c" in the cluster by kubectl-edit`:         func(p *Plan) { p.Objects[0].Fields[0].Old = "c" },
		`Deployment/web in shop: the cluster would make "c" of spec.image`:                         func(p *Plan) { p.Objects[0].Fields[0].New = "c" },
		"Deployment/web in shop: spec.image is in the cluster already as it was to become":         func(p *Plan) { p.Objects[0].Fields = nil },
		"Deployment/web in shop: others have set other fields of it than when it was planned":      func(p *Plan) { p.Objects[0].Conflicts[0].Manager = "flux" },
		"Secret/s in shop: what it holds in the cluster has changed":                               func(p *Plan) { p.Objects[1].Live.Object["stringData"] = map[string]any{"password": "other"} },
		"Secret/s in shop: it renders otherwise":                                                   func(p *Plan) { p.Objects[1].Desired.Object["stringData"] = map[string]any{"password": "other"} },
		"ConfigMap/old in shop: it was to be deleted, and would be left unchanged":                 func(p *Plan) { p.Objects[2].Action = Unchanged },
		"ConfigMap/old in shop: it was to be deleted, and is in the plan no longer":                func(p *Plan) { p.Objects = p.Objects[:2] },
		"ConfigMap/new in shop: it was not planned, and it would be created": func(p *Plan) {
			p.Objects = append(p.Objects, Change{Action: Create, Object: kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: "shop", Name: "new"}})
		},
	} {
		t.Run(want, func(t *testing.T) {
			p := savable(t)
			change(p)
			moved, ok := errors.AsType[*StalePlanError](s.Check(p))
			if !ok {
				t.Fatal(moved)
			}
			if d := cmp.Diff(want+"\n", moved.Details()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestMovedFieldsHideSecrets(t *testing.T) {
	data, err := Save([]*Plan{savable(t)}, SavedOrigin{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := ReadSaved(data)
	if err != nil {
		t.Fatal(err)
	}
	p := savable(t)
	p.Objects[0].Fields[0].Old, p.Objects[0].Fields[0].New = "what-it-was", "open-sesame"
	err = s.Check(p)
	if err == nil || strings.Contains(err.Error(), "what-it-was") || strings.Contains(err.Error(), "sesame") {
		t.Error(err)
	}
}

func TestBadSavedPlans(t *testing.T) {
	good, err := Save([]*Plan{savable(t)}, SavedOrigin{Environment: "prod"})
	if err != nil {
		t.Fatal(err)
	}
	edit := func(change func(f map[string]any)) []byte {
		var f map[string]any
		if err := json.Unmarshal(good, &f); err != nil {
			t.Fatal(err)
		}
		change(f)
		out, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	var reading bytes.Buffer
	if err := WriteJSON(&reading, nil); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"empty":     {nil, "no saved plan"},
		"cut":       {good[:len(good)/2], "cut off after"},
		"other":     {[]byte("apiVersion: v1\n"), "no saved plan"},
		"foreign":   {[]byte(`{"apiVersion": "v1", "kind": "Secret"}`), "no saved plan"},
		"for eyes":  {reading.Bytes(), "for reading"},
		"newer":     {edit(func(f map[string]any) { f["apiVersion"] = "pintle/saved-plan/v2" }), "its format is pintle/saved-plan/v2, and this pintle knows pintle/saved-plan/v1"},
		"tampered":  {bytes.Replace(good, []byte(`"prod"`), []byte(`"test"`), 1), "its sum does not match"},
		"no plan":   {edit(func(f map[string]any) { f["plan"] = nil }), "not as pintle wrote it"},
		"too large": {bytes.Repeat([]byte(" "), MaxSaved+2), "larger than any"},
		"no salt":   {edit(func(f map[string]any) { f["plan"], f["sum"] = map[string]any{}, sumOf([]byte("{}")) }), "does not fit its format"},
	} {
		_, err := ReadSaved(tt.data)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadSaved(append(good, ' ', '\n')); err != nil {
		t.Error(err)
	}
}

func FuzzReadSaved(f *testing.F) {
	good, err := Save(nil, SavedOrigin{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"apiVersion": "pintle/saved-plan/v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ReadSaved(data)
		if (s == nil) == (err == nil) {
			t.Errorf("%v %v", s, err)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("more than a line: %q", err)
		}
	})
}

func TestSameCluster(t *testing.T) {
	for _, tt := range []struct {
		a, b ClusterID
		want bool
	}{
		{ClusterID{"1", "https://a"}, ClusterID{"1", "https://b"}, true},
		{ClusterID{"1", "https://a"}, ClusterID{"2", "https://a"}, false},
		{ClusterID{"", "https://a"}, ClusterID{"2", "https://a"}, true},
		{ClusterID{"", "https://a"}, ClusterID{"2", "https://b"}, false},
	} {
		if got := tt.a.Same(tt.b); got != tt.want {
			t.Errorf("%v %v: %t", tt.a, tt.b, got)
		}
	}
}
