package release_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/release"
)

func record(version int, s release.Status) *release.Record {
	at := release.Time{Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}
	return &release.Record{
		Name: "web", Namespace: "shop", Version: version, Manifest: "---\n# Source: web/templates/a.yaml\nkind: A\n",
		Config: map[string]any{"n": 1.5}, ApplyMethod: release.ServerSide, Labels: map[string]string{},
		Info:  &release.Info{FirstDeployed: at, LastDeployed: at, Status: s, Description: "d", Notes: "n"},
		Chart: &release.Chart{Metadata: &chart.Metadata{Name: "web", Version: "1.0.0"}, Templates: []*release.File{{Name: "templates/a.yaml", Data: []byte("x")}}},
		Hooks: []*release.Hook{{Name: "h", Kind: "Job", Path: "web/templates/h.yaml", Manifest: "m", Events: []string{"pre-install"}, DeletePolicies: []string{"hook-succeeded"}}},
	}
}

func TestEncodeDecode(t *testing.T) {
	want := record(3, release.Deployed)
	text, err := release.Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := release.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	got.Labels = map[string]string{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestJSONKeys holds the names that Helm reads (facts/helm-format.md 4.2).
func TestJSONKeys(t *testing.T) {
	data, err := json.Marshal(record(1, release.Deployed))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name":"web","info":{"first_deployed":"2026-01-02T03:04:05.000000006Z","last_deployed":"2026-01-02T03:04:05.000000006Z",` +
		`"description":"d","status":"deployed","notes":"n"},"chart":{"metadata":{"name":"web","version":"1.0.0"},"lock":null,` +
		`"templates":[{"name":"templates/a.yaml","data":"eA=="}],"values":null,"schema":null,"schemamodtime":"0001-01-01T00:00:00Z","files":null},` +
		`"config":{"n":1.5},"manifest":"---\n# Source: web/templates/a.yaml\nkind: A\n","hooks":[{"name":"h","kind":"Job","path":"web/templates/h.yaml",` +
		`"manifest":"m","events":["pre-install"],"last_run":{"phase":""},"delete_policies":["hook-succeeded"]}],"version":1,"namespace":"shop","apply_method":"ssa"}`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeOldAndBad(t *testing.T) {
	// Helm 3 writes empty times and Helm 2's successor wrote plain JSON.
	plain := `{"name":"old","info":{"first_deployed":"2020-01-01T00:00:00Z","last_deployed":"","deleted":"","status":"deployed"},"version":7,"hooks":[{"last_run":{"started_at":"","phase":""}}]}`
	r, err := release.Decode(base64.StdEncoding.EncodeToString([]byte(plain)))
	if err != nil {
		t.Fatal(err)
	}
	if r.Version != 7 || !r.Info.Deleted.IsZero() || r.Info.FirstDeployed.Year() != 2020 || r.Status() != release.Deployed {
		t.Errorf("%+v %+v", r, r.Info)
	}
	for _, bad := range []string{"%", base64.StdEncoding.EncodeToString([]byte("text")), base64.StdEncoding.EncodeToString([]byte{0x1f, 0x8b, 0x08, 0}), ""} {
		if _, err := release.Decode(bad); err == nil {
			t.Errorf("%q decodes", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	text, err := release.Encode(record(1, release.Failed))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(base64.StdEncoding.EncodeToString([]byte(`{"info":{"deleted":""}}`)))
	f.Fuzz(func(t *testing.T, text string) {
		r, err := release.Decode(text)
		if err == nil && r.Info == nil {
			t.Error("a decoded record lacks its info")
		}
	})
}

func TestNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"web": true, "web-1.a": true, "": false, "Web": false, "-web": false, "web.": false, "a/b": false,
		strings.Repeat("a", 53): true, strings.Repeat("a", 54): false,
	} {
		if err := release.CheckName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := release.CheckLabels(map[string]string{"team": "a", "owner": "me"}); err == nil || !strings.Contains(err.Error(), "owner") {
		t.Errorf("%v", err)
	}
}

// TestStorage runs the same life of a release over both drivers.
func TestStorage(t *testing.T) {
	for driver, kind := range map[release.Driver]string{release.Secrets: "Secret", release.ConfigMaps: "ConfigMap"} {
		t.Run(string(driver), func(t *testing.T) {
			c := kubetest.Connect(t, nil)
			namespace := kubetest.Namespace(t)
			s := release.NewStorage(c, namespace, driver)
			life(t, s)
			o, err := c.Get(t.Context(), kube.Ref{APIVersion: "v1", Kind: kind, Namespace: namespace, Name: "sh.helm.release.v1.web.v4"})
			if err != nil {
				t.Fatal(err)
			}
			labels := o.GetLabels()
			if labels["createdAt"] == "" {
				t.Error("createdAt is missing")
			}
			delete(labels, "createdAt")
			want := map[string]string{"name": "web", "owner": "helm", "status": "pending-upgrade", "version": "4", "team": "shop"}
			if diff := cmp.Diff(want, labels); diff != "" {
				t.Error(diff)
			}
			if kind == "Secret" {
				if typ, _, _ := unstructured.NestedString(o.Object, "type"); typ != "helm.sh/release.v1" {
					t.Errorf("type %q", typ)
				}
			}
		})
	}
}

// life creates four revisions, the second deployed, under a limit of three.
func life(t *testing.T, s *release.Storage) {
	t.Helper()
	ctx := t.Context()
	for v, status := range []release.Status{release.Superseded, release.Deployed, release.Failed, release.PendingUpgrade} {
		h, err := s.History(ctx, "web")
		if err != nil {
			t.Fatal(err)
		}
		if h.Next() != v+1 {
			t.Errorf("next is %d, want %d", h.Next(), v+1)
		}
		if err := s.Trim(ctx, h, 3, nil); err != nil {
			t.Fatal(err)
		}
		r := record(v+1, status)
		r.Labels["team"] = "shop"
		if err := s.Create(ctx, r); err != nil {
			t.Fatal(err)
		}
		if err := s.Create(ctx, r); err != nil {
			t.Errorf("the same create twice, as after a lost answer: %v", err)
		}
	}
	h, err := s.History(ctx, "web")
	if err != nil {
		t.Fatal(err)
	}
	if got := versions(h); got != "2 3 4" {
		t.Errorf("left %s: the oldest goes, the deployed one stays", got)
	}
	if err := s.Trim(ctx, h, 2, map[int]bool{3: true}); err != nil {
		t.Fatal(err)
	}
	if h, err = s.History(ctx, "web"); err != nil || versions(h) != "2 3" {
		t.Errorf("left %s, %v: a spared one stays", versions(h), err)
	}
	if err := s.Create(ctx, func() *release.Record {
		r := record(4, release.PendingUpgrade)
		r.Labels["team"] = "shop"
		return r
	}()); err != nil {
		t.Fatal(err)
	}
	if h, err = s.History(ctx, "web"); err != nil {
		t.Fatal(err)
	}
	if h.Deployed().Version != 2 || h.Last().Version != 4 || h.Last().Labels["team"] != "shop" {
		t.Errorf("%+v", h.Last())
	}
	other := record(4, release.PendingUpgrade)
	other.Manifest = "another job's"
	if err := s.Create(ctx, other); !errors.Is(err, release.ErrExists) {
		t.Errorf("another job's revision: %v", err)
	}
	h.Deployed().Set(release.Superseded, "")
	if err := s.Update(ctx, h.Records[0]); err != nil {
		t.Error(err)
	}
	if got, err := s.Status(ctx, "web", 2); err != nil || got != release.Superseded {
		t.Errorf("%s %v", got, err)
	}
	if _, err := s.Status(ctx, "web", 5); !errors.Is(err, release.ErrNotFound) {
		t.Errorf("status of a revision to come: %v", err)
	}
	if _, err := s.Get(ctx, "web", 1); !errors.Is(err, release.ErrNotFound) {
		t.Errorf("a trimmed revision: %v", err)
	}
	if err := s.Delete(ctx, "web", 1); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
	if err := s.Update(ctx, record(9, release.Failed)); err == nil {
		t.Error("an update of nothing succeeded")
	}
}

func versions(h release.History) string {
	var out []string
	for _, r := range h.Records {
		out = append(out, fmt.Sprint(r.Version))
	}
	return strings.Join(out, " ")
}

// deaf loses the answer of every write: what Storage reports must be an error.
type deaf struct{}

func (deaf) Metadata(context.Context, string, any) error { return errors.New("not asked") }

func (deaf) Do(context.Context, string, string, any, any) error {
	return errors.New("connection lost")
}

func TestWritesThatFailAreErrors(t *testing.T) {
	s := release.NewStorage(deaf{}, "shop", "")
	for name, err := range map[string]error{
		"create": s.Create(t.Context(), record(1, release.Deployed)), "update": s.Update(t.Context(), record(1, release.Deployed)),
		"delete": s.Delete(t.Context(), "web", 1),
	} {
		if err == nil || !strings.Contains(err.Error(), "web") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
