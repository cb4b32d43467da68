package deployer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
)

// harness is a namespace, an engine and a count of the writes that reach it.
type harness struct {
	t         *testing.T
	cluster   *kube.Client
	engine    *deployer.Engine
	namespace string
	writes    *writes
	events    []event.Event
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	t.Parallel()
	w := &writes{}
	c := kubetest.Connect(t, w.wrap)
	b := &harness{t: t, cluster: c, namespace: kubetest.Namespace(t), writes: w}
	b.engine = deployer.New(c, deployer.Options{Holder: "test " + t.Name()})
	t.Cleanup(b.showEvents)
	return b
}

// showEvents writes into a failed test's log what the engine told.
func (b *harness) showEvents() {
	if !b.t.Failed() {
		return
	}
	var out strings.Builder
	for _, e := range b.events {
		line, _ := json.Marshal(e) // events are plain data
		fmt.Fprintf(&out, "%s\n", line)
	}
	b.t.Logf("the engine told:\n%s", out.String())
}

// writes records the requests that change something, and those that only ask for a dry run.
type writes struct {
	mu     sync.Mutex
	seen   []string
	checks []string

	refused []string // of all requests, those that the account may not make
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (w *writes) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodGet {
			w.mu.Lock()
			if r.URL.Query().Get("dryRun") == "" {
				w.seen = append(w.seen, r.Method+" "+r.URL.Path)
			} else {
				w.checks = append(w.checks, r.Method+" "+path.Base(path.Dir(r.URL.Path)))
			}
			w.mu.Unlock()
		}
		answer, err := next.RoundTrip(r)
		if err == nil && answer.StatusCode == http.StatusForbidden {
			w.mu.Lock()
			w.refused = append(w.refused, r.Method+" "+r.URL.Path)
			w.mu.Unlock()
		}
		return answer, err
	})
}

// take returns the writes so far, without those of the lock and questions about access, and forgets them.
func (w *writes) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := slices.DeleteFunc(w.seen, func(s string) bool {
		return strings.Contains(s, "/leases") || strings.Contains(s, ".k8s.io/v1/selfsubject")
	})
	w.seen, w.checks = nil, nil
	return out
}

// dry returns the dry runs since take.
func (w *writes) dry() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.checks)
}

// service is a chart of a Deployment, a Service and a ConfigMap, with whatever
// more a test puts in.
func service(version string, extra map[string]string) *chart.Chart {
	files := map[string]string{
		"templates/deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      containers:
      - name: main
        image: {{ .Values.image }}
`,
		"templates/service.yaml": `apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {app: {{ .Release.Name }}}
  ports: [{port: 80}]
`,
		"templates/config.yaml": `apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data: {greeting: {{ .Values.greeting | quote }}}
`,
	}
	maps.Copy(files, extra)
	c := &chart.Chart{
		Metadata: &chart.Metadata{APIVersion: "v2", Name: "service", Version: version, AppVersion: version},
		Values:   map[string]any{"replicas": 1, "image": "nginx:1.27", "greeting": "hello"},
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if files[name] == "" {
			continue
		}
		f := &chart.File{Name: name, Data: []byte(files[name])}
		if strings.HasPrefix(name, "templates/") {
			c.Templates = append(c.Templates, f)
		} else {
			c.Files = append(c.Files, f)
		}
	}
	return c
}

func (b *harness) request(c *chart.Chart, values map[string]any) deployer.Request {
	return deployer.Request{
		Release: "web", Namespace: b.namespace, Timeout: 60 * time.Second, Settle: -1,
		Render: func(ctx context.Context, o render.Options) (*render.Result, error) {
			return render.Render(ctx, c, values, o)
		},
	}
}

// deploy plans and applies.
func (b *harness) deploy(ctx context.Context, req deployer.Request) (deployer.Outcome, error) {
	b.t.Helper()
	p, err := b.engine.Plan(ctx, req)
	if err != nil {
		b.t.Fatalf("plan: %v", err)
	}
	return b.apply(ctx, p)
}

func (b *harness) apply(ctx context.Context, p *deployer.Prepared) (out deployer.Outcome, err error) {
	log := event.NewLog(nil, func(e event.Event) { b.events = append(b.events, e) })
	log.Step("web", "deploy", func(s event.Span) event.Result {
		out, err = b.engine.Apply(ctx, p, s)
		return event.Result{Status: out.Status}
	})
	return out, err
}

func (b *harness) mustDeploy(req deployer.Request) deployer.Outcome {
	b.t.Helper()
	out, err := b.deploy(b.t.Context(), req)
	if err != nil {
		b.t.Fatalf("deploy: %v\n%s", err, out.Details)
	}
	return out
}

// history is "1 superseded, 2 deployed".
func (b *harness) history() string {
	b.t.Helper()
	h, err := release.NewStorage(b.cluster, b.namespace, "").History(b.t.Context(), "web")
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, r := range h.Records {
		out = append(out, fmt.Sprintf("%d %s", r.Version, r.Status()))
	}
	return strings.Join(out, ", ")
}

// exists reports whether an object is there and not on its way out.
func (b *harness) exists(apiVersion, kind, name string) bool {
	b.t.Helper()
	o, err := b.cluster.Get(b.t.Context(), kube.Ref{APIVersion: apiVersion, Kind: kind, Namespace: b.namespace, Name: name})
	if kube.Is(err, kube.NotFound) {
		return false
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return o.GetDeletionTimestamp() == nil
}

func (b *harness) image() string {
	b.t.Helper()
	o, err := b.cluster.Get(b.t.Context(), kube.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: b.namespace, Name: "web"})
	if err != nil {
		b.t.Fatal(err)
	}
	spec := o.Object["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	return spec["containers"].([]any)[0].(map[string]any)["image"].(string)
}

func TestInstallThenNothingThenUpgrade(t *testing.T) {
	b := newHarness(t)
	out := b.mustDeploy(b.request(service("1.0.0", nil), nil))
	if out.Status != event.Passed || out.Revision != 1 {
		t.Errorf("install: %+v", out)
	}
	want := 3 + 2 // an object each, the record created and updated
	if got := b.writes.take(); len(got) != want {
		t.Errorf("install wrote %d times, want %d:\n%s", len(got), want, strings.Join(got, "\n"))
	}

	out = b.mustDeploy(b.request(service("1.0.0", nil), nil))
	if out.Status != event.Unchanged || out.Revision != 1 {
		t.Errorf("the same again: %+v", out)
	}
	if got := b.writes.dry(); len(got) > 0 {
		t.Errorf("nothing changed, yet it asked for dry runs:\n%s", strings.Join(got, "\n"))
	}
	if got := b.writes.take(); len(got) > 0 {
		t.Errorf("nothing changed, yet it wrote:\n%s", strings.Join(got, "\n"))
	}

	out = b.mustDeploy(b.request(service("1.1.0", nil), map[string]any{"greeting": "hi"}))
	if out.Status != event.Passed || out.Revision != 2 || out.PreviousRevision != 1 {
		t.Errorf("upgrade: %+v", out)
	}
	if diff := cmp.Diff([]string{"PATCH configmaps"}, b.writes.dry()); diff != "" {
		t.Errorf("dry runs of an upgrade that changes the ConfigMap:\n%s", diff)
	}
	got := b.writes.take()
	want = 1 + 3 // the ConfigMap; the new record twice, the old one once
	if len(got) != want {
		t.Errorf("upgrade of one object wrote %d times, want %d:\n%s", len(got), want, strings.Join(got, "\n"))
	}
	if diff := cmp.Diff("1 superseded, 2 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
}

func TestCrashOnUpgradeRollsBack(t *testing.T) {
	b := newHarness(t)
	good := kubetest.Image(t, "good:1", kubetest.Script{})
	bad := kubetest.Image(t, "bad:1", kubetest.Script{
		CrashAfter: 50 * time.Millisecond, ExitCode: 3, Log: []string{"starting", "panic: no database at db-7"},
	})
	b.mustDeploy(b.request(service("1.0.0", nil), map[string]any{"image": good}))
	req := b.request(service("1.1.0", nil), map[string]any{"image": bad})
	req.Settle = 0
	out, err := b.deploy(t.Context(), req)
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok {
		t.Fatalf("error is %T: %v", err, err)
	}
	if !failed.RolledBack || failed.RolledBackTo != 1 || out.Status != event.RolledBack || out.Revision != 3 {
		t.Errorf("outcome %+v, error %+v", out, failed)
	}
	if diff := cmp.Diff("1 superseded, 2 failed, 3 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
	if got := b.image(); got != good {
		t.Errorf("image is %s, want %s", got, good)
	}
	if !strings.Contains(failed.Cause, "exited with code 3") {
		t.Errorf("cause: %s", failed.Cause)
	}
	if !strings.Contains(out.Details, "panic: no database at db-7") {
		t.Errorf("the log is not in the evidence:\n%s", out.Details)
	}
	t.Logf("%v\n%s", err, out.Details)
}

func TestFailedInstallIsRemoved(t *testing.T) {
	b := newHarness(t)
	_, registry := kubetest.Cluster(t)
	out, err := b.deploy(t.Context(), b.request(service("1.0.0", nil), map[string]any{"image": registry + "/absent:9"}))
	failed, ok := errors.AsType[*deployer.FailedError](err)
	if !ok || !failed.Removed {
		t.Fatalf("error is %T: %v", err, err)
	}
	if !strings.Contains(failed.Cause, "ErrImagePull") && !strings.Contains(failed.Cause, "ImagePullBackOff") {
		t.Errorf("cause: %s", failed.Cause)
	}
	if out.Status != event.RolledBack || out.Revision != 0 {
		t.Errorf("outcome %+v", out)
	}
	for _, o := range [][3]string{{"apps/v1", "Deployment", "web"}, {"v1", "Service", "web"}, {"v1", "ConfigMap", "web"}} {
		if b.exists(o[0], o[1], o[2]) {
			t.Errorf("%s/%s is still there", o[1], o[2])
		}
	}
	if h := b.history(); h != "" {
		t.Errorf("history: %s", h)
	}
	t.Logf("%v\n%s", err, out.Details)
}

func TestPruneCountsFailedRevisions(t *testing.T) {
	b := newHarness(t)
	bad := kubetest.Image(t, "never:1", kubetest.Script{CrashAfter: time.Millisecond})
	extra := map[string]string{"templates/extra.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n"}
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	req := b.request(service("1.1.0", extra), map[string]any{"image": bad})
	req.OnFailure, req.Settle = deployer.Leave, 0
	if _, err := b.deploy(t.Context(), req); err == nil {
		t.Fatal("a crashing image deployed")
	}
	if !b.exists("v1", "ConfigMap", "extra") {
		t.Fatal("the failed revision left nothing to prune")
	}
	b.mustDeploy(b.request(service("1.2.0", nil), nil))
	if b.exists("v1", "ConfigMap", "extra") {
		t.Error("what a failed revision made is orphaned")
	}
	if diff := cmp.Diff("1 superseded, 2 failed, 3 deployed", b.history()); diff != "" {
		t.Error(diff)
	}
}
