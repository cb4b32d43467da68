package pipeline

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/registry"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/git/gittest"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/secret"
	"github.com/pintle-ci/pintle/versioning"
)

// shopFiles is a repository with two services, of which web's chart depends on cart's, and a release whose chart is in
// it.
func shopFiles(charts string) map[string]string {
	if charts != "" {
		charts = "charts: \"" + charts + "\", "
	}
	files := map[string]string{
		"pintle.yaml": `apiVersion: pintle/v1
project: shop
version: {tag: "{service}/v{version}"}
registry: {` + charts + `images: registry.example.com/shop}
services:
  cart: {path: services/cart}
  web: {path: services/web, needs: [cart, redis]}
releases:
  redis: {chart: ./charts/redis, version: 7.0.0}
environments:
  dev: {branches: [main], namespace: shop-dev}
  prod: {tags: true, namespace: shop}
`,
		".gitignore":                     "build/\n",
		"charts/redis/Chart.yaml":        "apiVersion: v2\nname: redis\nversion: 7.0.0\n",
		"charts/redis/templates/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: redis}\n",
	}
	for _, name := range []string{"cart", "web"} {
		dir := "services/" + name + "/chart/"
		files[dir+"Chart.yaml"] = "apiVersion: v2\nname: " + name + "\nversion: 0.0.0\nappVersion: 0.0.0\n"
		files[dir+"values.yaml"] = "image: {repository: " + name + ", tag: \"0.0.0\"}\nmotd: hello\n"
		files[dir+"templates/cm.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n" +
			"data:\n  image: {{ .Values.image.repository }}:{{ .Values.image.tag }}\n  motd: {{ .Values.motd }}\n"
	}
	files["services/web/chart/Chart.yaml"] += "dependencies: [{name: cart, version: 0.0.0, repository: \"file://../../cart/chart\"}]\n"
	files["services/web/chart/charts/cart/Chart.yaml"] = "apiVersion: v2\nname: cart\nversion: 0.0.0\n" // a copy, for packages
	return files
}

// shopRepo is a repository of those files with one commit.
func shopRepo(t *testing.T, charts string, changes map[string]string) *gittest.Repo {
	t.Helper()
	r := gittest.New(t)
	files := shopFiles(charts)
	maps.Copy(files, changes)
	for name, text := range files {
		r.Write(name, text)
	}
	r.Git("add", "-A")
	r.Commit("feat: begin")
	return r
}

// open is the project at a branch or tag of the repository, in an environment or without one.
func open(t *testing.T, r *gittest.Repo, ref versioning.Ref, environment string) *Project {
	t.Helper()
	c, err := config.LoadFile(filepath.Join(r.Dir, config.FileName))
	if err != nil {
		t.Fatal(err)
	}
	repository, err := versioning.Open(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := repository.Close(); err != nil {
			t.Error(err)
		}
	})
	built := config.Ref{Branch: ref.Branch, Tag: ref.Tag}
	resolved, err := c.ResolveBuild(built)
	if environment != "" {
		resolved, err = c.Resolve(environment, built)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &Project{Config: c, Resolved: resolved, Ref: ref, Repository: repository}
}

var onMain = versioning.Ref{Branch: "main"}

// told is what a run told: how each step ended, and its warnings.
type told struct {
	ends  map[string]event.Event
	warns []string
}

// end is "passed", or "failed: why".
func (o told) end(step string) string {
	e, ok := o.ends[step]
	if !ok {
		return "no such step"
	}
	return strings.TrimSuffix(string(e.Status)+": "+e.Message, ": ")
}

// take runs a goal and returns what it came to and what it told.
func take(t *testing.T, o Options) (Outcome, told) {
	t.Helper()
	got := told{ends: map[string]event.Event{}}
	sink := func(e event.Event) {
		switch e.Kind {
		case event.StepFinished:
			got.ends[e.Service+" "+e.Step] = e
		case event.Warning:
			got.warns = append(got.warns, e.Service+" "+e.Step+": "+e.Message)
		}
	}
	if o.ReportDir == "" {
		o.ReportDir = filepath.Join(t.TempDir(), "reports")
	}
	if o.Secrets == nil {
		o.Secrets = secret.NewSet()
	}
	out, err := Run(t.Context(), event.NewLog(nil, sink), o)
	if err != nil {
		t.Fatal(err)
	}
	return out, got
}

// expect compares how steps ended; a text ends with "..." where only its beginning matters.
func (o told) expect(t *testing.T, want map[string]string) {
	t.Helper()
	for step, text := range want {
		got := o.end(step)
		if begin, open := strings.CutSuffix(text, "..."); got != text && (!open || !strings.HasPrefix(got, begin)) {
			t.Errorf("%s: %s\nwant %s", step, got, text)
		}
	}
}

// chartRegistry is a registry in the process; it returns where charts are pushed.
func chartRegistry(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return "oci://" + strings.TrimPrefix(server.URL, "http://") + "/charts"
}

// cluster answers what steps before a plan ask of an API server: its version, and which records a namespace has. The
// engine's own tests have a real one.
type cluster struct {
	mu       sync.Mutex
	records  map[string][]map[string]string // labels, by namespace
	down     bool                           // every answer is 503
	forbid   bool                           // nobody may list records
	requests []string
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, r.Method+" "+r.URL.Path)
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	secrets := len(parts) == 5 && parts[2] == "namespaces" && parts[4] == "secrets"
	status := http.StatusOK
	var body map[string]any
	switch {
	case c.down:
		status, body = http.StatusUnauthorized, map[string]any{"kind": "Status", "code": 401, "reason": "Unauthorized", "message": "Unauthorized"}
	case secrets && c.forbid:
		status, body = http.StatusForbidden, map[string]any{"kind": "Status", "code": 403, "reason": "Forbidden", "message": "secrets is forbidden"}
	case r.URL.Path == "/version":
		body = map[string]any{"major": "1", "minor": "34", "gitVersion": "v1.34.0"}
	case secrets:
		var items []any
		for i, labels := range c.records[parts[3]] {
			name := fmt.Sprintf("sh.helm.release.v1.%s.v%s", labels["name"], labels["version"])
			items = append(items, map[string]any{"metadata": map[string]any{"name": name, "namespace": parts[3], "labels": labels, "resourceVersion": fmt.Sprint(i + 1)}})
		}
		body = map[string]any{"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": map[string]any{}, "items": items}
	default:
		status, body = http.StatusNotFound, map[string]any{"kind": "Status", "code": 404, "reason": "NotFound", "message": "not found"}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(err)
	}
}

// connectTo is a client of that server.
func connectTo(t *testing.T, c *cluster) *kube.Client {
	t.Helper()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: demo\nclusters: [{name: demo, cluster: {server: %q}}]\n"+
		"users: [{name: demo, user: {token: x}}]\ncontexts: [{name: demo, context: {cluster: demo, user: demo}}]\n", server.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := kube.Connect(kube.Config{Kubeconfig: path})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// record is the labels of a deployed revision.
func record(name, version string, more ...string) map[string]string {
	labels := map[string]string{"owner": "helm", "name": name, "version": version, "status": "deployed"}
	for i := 0; i+1 < len(more); i += 2 {
		labels[more[i]] = more[i+1]
	}
	return labels
}
