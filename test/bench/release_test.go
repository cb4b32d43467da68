package bench_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

// The benchmarks of this file deploy to the sandbox, whole processes in turn, each in a namespace of its own that is
// gone before the next one begins. The cluster shares the machine, so only ratios of one run say something.
const (
	benchServices = 30 // of the project, each with
	benchReplicas = 3  // pods
	benchParallel = 30 // services at a time
	benchParts    = 60 // of the large chart, each of five objects
)

// BenchmarkReleaseInstall installs the chart of helm create and waits.
func BenchmarkReleaseInstall(b *testing.B) {
	d := newDeployBench(b)
	chart := starter(b)
	d.againstHelm(chart)
}

// BenchmarkReleaseLarge installs a chart of 300 objects and waits.
func BenchmarkReleaseLarge(b *testing.B) {
	d := newDeployBench(b)
	d.againstHelm(largeChart(b))
}

// BenchmarkReleaseServices deploys thirty services with ninety pods by one process. Against it stand the same objects
// by nothing but concurrent server-side apply, and thirty times helm install --wait. Then it deploys them again, with
// nothing changed.
func BenchmarkReleaseServices(b *testing.B) {
	d := newDeployBench(b)
	project := benchProject(b, starter(b))
	var bare, helm, again, took []float64
	rounds(b, func() {
		ours, unchanged := d.deploy(project)
		plain := d.bare(project.objects)
		theirs := d.helmEach(project.charts)
		bare, helm = append(bare, ours/plain), append(helm, ours/theirs)
		took, again = append(took, ours), append(again, unchanged)
	})
	b.ReportMetric(median(bare), "wall/bare")
	b.ReportMetric(median(helm), "wall/helm")
	b.ReportMetric(median(took), "s")
	b.ReportMetric(median(again), "s-unchanged")
	d.countServices(project)
}

// rounds calls measure as often as medians need.
func rounds(b *testing.B, measure func()) {
	b.Helper()
	n := 0
	for b.Loop() {
		measure()
		n++
	}
	for ; n < benchRounds; n++ {
		measure()
	}
	b.ReportMetric(0, "ns/op") // of all together: of no use
}

// deployBench is the sandbox and the programs that work on it.
type deployBench struct {
	*testing.B
	pintle, helm, kubeconfig string
	cluster                  *kube.Client
}

func newDeployBench(b *testing.B) *deployBench {
	b.Helper()
	kubeconfig, _ := kubetest.Cluster(b)
	b.Setenv("BUILD_URL", "")
	b.Setenv("GITLAB_CI", "")
	b.Chdir("../..") // for bin/pintle
	pintle, err := filepath.Abs(pintleBinary)
	if err != nil {
		b.Fatal(err)
	}
	return &deployBench{B: b, pintle: pintle, helm: helmHome(b), kubeconfig: kubeconfig, cluster: kubetest.Connect(b, nil)}
}

// in makes a namespace, hands it to use and waits until what runs in it is gone, and what would make the cluster slower
// from round to round. The namespace stays: it takes its controller many seconds.
func (d *deployBench) in(use func(namespace string)) {
	d.Helper()
	name := kubetest.Namespace(d)
	d.ready(name, "ServiceAccount", 1) // the default account, which pods need
	use(name)
	core, apps := "/api/v1/namespaces/"+name, "/apis/apps/v1/namespaces/"+name
	for _, path := range []string{apps + "/deployments", apps + "/replicasets", core + "/pods", core + "/services", core + "/secrets", core + "/events"} {
		options := map[string]any{"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
		if err := d.cluster.Do(d.Context(), http.MethodDelete, path, options, nil); err != nil {
			d.Fatal(err)
		}
	}
	d.until("v1", "Pod", kube.Selection{Namespace: name}, func(live map[string]*unstructured.Unstructured) bool { return len(live) == 0 })
}

// until watches a kind until the objects are as wanted.
func (d *deployBench) until(apiVersion, kind string, s kube.Selection, done func(live map[string]*unstructured.Unstructured) bool) {
	d.Helper()
	ctx, stop := context.WithTimeout(d.Context(), 3*time.Minute)
	defer stop()
	live, reached := map[string]*unstructured.Unstructured{}, false
	err := d.cluster.Watch(ctx, apiVersion, kind, s, func(n kube.Notice) {
		switch n.Change {
		case kube.Seen:
			live[n.Object.GetName()] = n.Object
		case kube.Gone:
			delete(live, n.Object.GetName())
		}
		if done(live) {
			reached = true
			stop()
		}
	})
	if !reached {
		d.Fatal(err)
	}
}

// ready waits for as many objects of a kind; pods must be ready.
func (d *deployBench) ready(namespace, kind string, n int) {
	d.Helper()
	d.until("v1", kind, kube.Selection{Namespace: namespace}, func(live map[string]*unstructured.Unstructured) bool {
		have := 0
		for _, o := range live {
			if kind != "Pod" || podReady(o) {
				have++
			}
		}
		return have >= n
	})
}

func podReady(pod *unstructured.Unstructured) bool {
	list, _, _ := unstructured.NestedSlice(pod.Object, "status", "conditions")
	return slices.ContainsFunc(list, func(item any) bool {
		c, _ := item.(map[string]any)
		return c["type"] == "Ready" && c["status"] == "True"
	})
}

// must runs a command and returns its seconds.
func (d *deployBench) must(name string, args ...string) float64 {
	d.Helper()
	used, err := run(d.B, name, args...)
	if err != nil {
		d.Fatal(err)
	}
	return used.wall
}

// againstHelm installs one chart by both in turn.
func (d *deployBench) againstHelm(chart string) {
	d.Helper()
	var ratio, took []float64
	rounds(d.B, func() {
		var ours, theirs float64
		d.in(func(ns string) {
			ours = d.must(d.pintle, "release", "install", "web", chart, "--wait", "-n", ns, "--kubeconfig", d.kubeconfig)
		})
		d.in(func(ns string) {
			theirs = d.must(d.helm, "install", "web", chart, "--wait", "-n", ns, "--kubeconfig", d.kubeconfig)
		})
		ratio, took = append(ratio, ours/theirs), append(took, ours)
	})
	d.ReportMetric(median(ratio), "wall/helm")
	d.ReportMetric(median(took)*1000, "ms")
	d.in(func(ns string) {
		c := d.count(func(kubeconfig string) {
			d.must(d.pintle, "release", "install", "web", chart, "--wait", "-n", ns, "--kubeconfig", kubeconfig)
		})
		c.report(d.B, 1)
	})
}

// project is a repository of services.
type project struct {
	dir     string
	charts  []string
	objects []*unstructured.Unstructured // as they are rendered
}

// deploy measures a deploy of a project and a second one.
func (d *deployBench) deploy(p *project) (first, second float64) {
	d.Helper()
	d.in(func(ns string) {
		p.aim(d.B, ns)
		first = d.must(d.pintle, p.deploy(d.kubeconfig)...)
		second = d.must(d.pintle, p.deploy(d.kubeconfig)...)
	})
	return first, second
}

// aim makes the project, as it was committed, deploy to a namespace: a CI job begins with a clean checkout.
func (p *project) aim(b *testing.B, namespace string) {
	b.Helper()
	if _, err := os.Stat(filepath.Join(p.dir, ".git")); err == nil {
		if _, err := run(b, "git", "-C", p.dir, "checkout", "-q", "."); err != nil {
			b.Fatal(err)
		}
	}
	writeFile(b, filepath.Join(p.dir, "pintle.yaml"),
		"apiVersion: pintle/v1\nproject: shop\ndeploy: {parallel: "+fmt.Sprint(benchParallel)+"}\nenvironments:\n  dev: {branches: [], namespace: "+namespace+"}\n")
}

// deploy is the command line.
func (p *project) deploy(kubeconfig string) []string {
	return []string{
		"deploy", "--file", filepath.Join(p.dir, "pintle.yaml"), "--environment", "dev", "--kubeconfig", kubeconfig,
		"--report-dir", filepath.Join(p.dir, "build"),
	}
}

// bare applies objects at once and waits for the pods: the least there is to do.
func (d *deployBench) bare(objects []*unstructured.Unstructured) (took float64) {
	d.Helper()
	d.in(func(ns string) { took = d.bareIn(ns, objects) })
	return took
}

func (d *deployBench) bareIn(namespace string, objects []*unstructured.Unstructured) float64 {
	d.Helper()
	began := time.Now()
	var g errgroup.Group
	for _, o := range objects {
		g.Go(func() error {
			o := o.DeepCopy()
			o.SetNamespace(namespace)
			_, err := d.cluster.Apply(d.Context(), o, kube.ApplyOptions{Manager: "bare", Force: true})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		d.Fatal(err)
	}
	d.ready(namespace, "Pod", benchServices*benchReplicas)
	return time.Since(began).Seconds()
}

// helmEach installs charts one after the other.
func (d *deployBench) helmEach(charts []string) (took float64) {
	d.Helper()
	d.in(func(ns string) {
		for _, chart := range charts {
			took += d.must(d.helm, "install", filepath.Base(filepath.Dir(chart)), chart, "--wait", "-n", ns, "--kubeconfig", d.kubeconfig)
		}
	})
	return took
}

// requests counts what goes to the API server.
type requests struct {
	mu     sync.Mutex
	by     map[string]int
	writes []string
}

// count counts the requests that use makes by the kubeconfig that it is given.
func (d *deployBench) count(use func(kubeconfig string)) *requests {
	d.Helper()
	c := &requests{by: map[string]int{}}
	proxy := kubetest.NewProxy(d)
	proxy.Break(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c.add(r)
			next.ServeHTTP(w, r)
		})
	})
	use(proxy.Kubeconfig)
	return c
}

func (c *requests) add(r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := r.URL.Query()
	what := "object-writes"
	switch {
	case r.URL.Path == "/api" || r.URL.Path == "/apis" || r.URL.Path == "/version":
		what = "discovery"
	case q.Get("watch") != "":
		what = "watches"
	case r.Method == http.MethodGet:
		what = "reads"
	case strings.Contains(r.URL.Path, "/selfsubject"): // answers a question, stores nothing
		what = "reads"
	case q.Get("dryRun") != "":
		what = "dry-runs"
	case strings.Contains(r.URL.Path, "/leases"):
		what = "lock-writes"
	case strings.Contains(r.URL.Path, "/secrets") && (r.Method == http.MethodPost || strings.Contains(r.URL.Path, "sh.helm.release")):
		what = "record-writes"
	}
	c.by[what]++
	if !slices.Contains([]string{"discovery", "watches", "reads", "dry-runs"}, what) {
		c.writes = append(c.writes, r.Method+" "+r.URL.Path)
	}
}

// report gives the counts as metrics of each release.
func (c *requests) report(b *testing.B, releases int) {
	b.Helper()
	for what, n := range c.by {
		b.ReportMetric(float64(n)/float64(releases), what+"/release")
	}
}

// countServices counts a deploy of the project, and checks that another one writes nothing.
func (d *deployBench) countServices(p *project) {
	d.Helper()
	d.in(func(ns string) {
		p.aim(d.B, ns)
		c := d.count(func(kubeconfig string) { d.must(d.pintle, p.deploy(kubeconfig)...) })
		c.report(d.B, benchServices)
		again := d.count(func(kubeconfig string) { d.must(d.pintle, p.deploy(kubeconfig)...) })
		d.ReportMetric(float64(len(again.writes)), "writes-unchanged")
		if len(again.writes) > 0 {
			d.Errorf("nothing has changed, but it writes: %q", again.writes)
		}
	})
}

// benchProject makes a repository of services with a chart of helm create each.
func benchProject(b *testing.B, from string) *project {
	b.Helper()
	p := &project{dir: b.TempDir()}
	p.aim(b, "shop")
	for i := range benchServices {
		name := fmt.Sprintf("service-%02d", i)
		dir := filepath.Join(p.dir, "services", name, "chart")
		copyChart(b, from, dir, name)
		values, err := os.ReadFile(filepath.Join(dir, "values.yaml"))
		if err != nil {
			b.Fatal(err)
		}
		writeFile(b, filepath.Join(dir, "values.yaml"), strings.Replace(string(values), "replicaCount: 1", fmt.Sprintf("replicaCount: %d", benchReplicas), 1))
		p.charts = append(p.charts, dir)
		p.objects = append(p.objects, rendered(b, name, dir)...)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "feat: begin"}} {
		if _, err := run(b, "git", append([]string{"-C", p.dir}, args...)...); err != nil {
			b.Fatal(err)
		}
	}
	return p
}

// rendered are the objects of a chart without its hooks.
func rendered(b *testing.B, name, chart string) []*unstructured.Unstructured {
	b.Helper()
	text, err := exec.CommandContext(b.Context(), pintleBinary, "chart", "template", name, chart, "--no-hooks").Output()
	if err != nil {
		b.Fatal(err)
	}
	var out []*unstructured.Unstructured
	for doc := range strings.SplitSeq(string(text), "\n---") {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(doc), &o.Object); err != nil {
			b.Fatal(err)
		}
		if len(o.Object) > 0 {
			out = append(out, o)
		}
	}
	return out
}

// largeChart makes a chart of 300 objects.
func largeChart(b *testing.B) string {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "large")
	writeFile(b, filepath.Join(dir, "Chart.yaml"), "apiVersion: v2\nname: large\nversion: 1.0.0\n")
	writeFile(b, filepath.Join(dir, "templates/all.yaml"), fmt.Sprintf("{{ range until %d }}%s{{ end }}", benchParts, largePart))
	return dir
}

const largePart = `
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: part-{{ . }}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: part-{{ . }}}
data: {number: "{{ . }}"}
---
apiVersion: v1
kind: Secret
metadata: {name: part-{{ . }}}
stringData: {number: "{{ . }}"}
---
apiVersion: v1
kind: Service
metadata: {name: part-{{ . }}}
spec:
  selector: {app: part-{{ . }}}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: part-{{ . }}}
spec:
  replicas: 1
  selector: {matchLabels: {app: part-{{ . }}}}
  template:
    metadata: {labels: {app: part-{{ . }}}}
    spec:
      serviceAccountName: part-{{ . }}
      containers:
      - name: main
        image: nginx
        envFrom: [{configMapRef: {name: part-{{ . }}}}]
        readinessProbe: {httpGet: {path: /, port: 80}}
`
