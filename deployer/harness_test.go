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

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

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

// service is a chart of a Deployment, a Service and a ConfigMap, with whatever more a test puts in.
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

func job(name, image, annotations string) string {
	return `apiVersion: batch/v1
kind: Job
metadata:
  name: ` + name + `
  annotations: {` + annotations + `}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "` + image + `"}]
`
}

// uid of an object that must exist.
func (b *harness) uid(apiVersion, kind, name string) string {
	b.t.Helper()
	o, err := b.cluster.Get(b.t.Context(), kube.Ref{APIVersion: apiVersion, Kind: kind, Namespace: b.namespace, Name: name})
	if err != nil {
		b.t.Fatal(err)
	}
	return string(o.GetUID())
}

// planText plans and prints.
func (b *harness) planText(req deployer.Request) string {
	b.t.Helper()
	p, err := b.engine.Plan(b.t.Context(), req)
	if err != nil {
		b.t.Fatal(err)
	}
	var text strings.Builder
	if err := p.WriteText(&text, false); err != nil {
		b.t.Fatal(err)
	}
	return text.String()
}

// until watches the namespace until it sees such an object.
func (b *harness) until(apiVersion, kind string, s kube.Selection) {
	b.t.Helper()
	b.untilIs(apiVersion, kind, s, func(*unstructured.Unstructured) bool { return true })
}

// untilIs watches the namespace until such an object is as it should be.
func (b *harness) untilIs(apiVersion, kind string, s kube.Selection, is func(*unstructured.Unstructured) bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 30*time.Second)
	defer cancel()
	s.Namespace = b.namespace
	err := b.cluster.Watch(ctx, apiVersion, kind, s, func(n kube.Notice) {
		if n.Change == kube.Seen && is(n.Object) {
			cancel()
		}
	})
	if errors.Is(err, context.DeadlineExceeded) {
		b.t.Fatalf("no %s %+v came", kind, s)
	}
}

func (b *harness) tryDeploy(req deployer.Request) (deployer.Outcome, error) {
	b.t.Helper()
	p, err := b.engine.Plan(b.t.Context(), req)
	if err != nil {
		return deployer.Outcome{}, err
	}
	return b.apply(b.t.Context(), p)
}
