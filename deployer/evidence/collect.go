package evidence

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/wait"
	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/text"
	"github.com/pintle-ci/pintle/secret"
)

// Bounds on what is asked of the cluster for a bundle.
const (
	bundlePods   = 12   // in all
	bundleLines  = 2000 // of each log
	bundleEvents = 500  // of the namespace
)

// Case is a failure that a bundle is made of.
type Case struct {
	Release   string // "web in shop"
	Namespace string
	Cause     string // one line
	Details   string // what the report shows
	Plan      string // what was to change; empty where there is no plan
	Failed    []wait.Failure
	Objects   []*unstructured.Unstructured // the release's others, as they were left
	Secrets   *secret.Set
}

// Bundle is the evidence of a failure as a .tgz: see bundle. What cannot be read stands in its index.
func (g *Gatherer) Bundle(ctx context.Context, c Case) ([]byte, error) {
	b := &bundle{release: c.Release, cause: c.Cause, at: time.Now(), secrets: c.Secrets, redact: g.Redact,
		files: map[string]string{}}
	b.add("evidence.txt", c.Details, true)
	b.add("plan.txt", c.Plan, true)
	nodes := g.addFailed(ctx, b, c.Failed)
	g.addEvents(ctx, b, c.Namespace)
	for _, name := range nodes {
		node, err := g.Cluster.Get(ctx, kube.Ref{APIVersion: "v1", Kind: "Node", Name: name})
		if err != nil {
			b.lacks("nodes/"+name, err)
			continue
		}
		b.addObject("nodes/"+name+".yaml", node)
	}
	for _, o := range c.Objects {
		b.addObject("objects/"+fileName(kube.RefOf(o))+".yaml", o)
	}
	return b.archive()
}

// addFailed adds the failed objects and their pods; it returns the pods' nodes.
func (g *Gatherer) addFailed(ctx context.Context, b *bundle, failed []wait.Failure) (nodes []string) {
	seen := map[string]bool{}
	for i, f := range failed {
		if i == MaxObjects {
			b.missing = append(b.missing, text.Counted(len(failed)-i, "more failed object"))
			break
		}
		live, err := g.Cluster.Get(ctx, f.Ref)
		if err != nil {
			b.lacks("failed/"+fileName(f.Ref), err)
			continue
		}
		b.addObject("failed/"+fileName(f.Ref)+".yaml", live)
		for _, pod := range g.podsShowing(ctx, f, live) {
			if seen[pod.GetName()] || len(seen) == bundlePods {
				continue
			}
			seen[pod.GetName()] = true
			g.addPod(ctx, b, pod)
			if node := object.String(pod, "spec", "nodeName"); node != "" && !seen["node "+node] {
				seen["node "+node] = true
				nodes = append(nodes, node)
			}
		}
	}
	return nodes
}

func (g *Gatherer) addPod(ctx context.Context, b *bundle, pod *unstructured.Unstructured) {
	folder := "pods/" + pod.GetName() + "/"
	b.addObject(folder+"pod.yaml", pod)
	for _, list := range []string{"initContainers", "containers"} {
		for _, c := range Containers(pod, list) {
			for suffix, previous := range map[string]bool{".log": false, ".previous.log": true} {
				log, err := g.Cluster.Logs(ctx, pod.GetNamespace(), pod.GetName(), kube.LogOptions{
					Container: c, Previous: previous, Lines: bundleLines, Bytes: maxBundleFile,
				})
				if err != nil && !previous {
					b.lacks(folder+c+suffix, err)
				}
				b.add(folder+c+suffix, log, false)
			}
		}
	}
}

func (g *Gatherer) addEvents(ctx context.Context, b *bundle, namespace string) {
	events, err := g.Cluster.Events(ctx, namespace, "")
	if err != nil {
		b.lacks("events.txt", err)
		return
	}
	var t strings.Builder
	for _, e := range events[max(0, len(events)-bundleEvents):] {
		fmt.Fprintf(&t, "%s %-7s %-24s %s x%d: %s\n",
			e.Last.UTC().Format(time.RFC3339), e.Type, e.Reason, e.Object, e.Count, text.Brief(e.Message))
	}
	b.add("events.txt", t.String(), false)
}

// fileName is where an object stands in a bundle.
func fileName(ref kube.Ref) string {
	name := ref.Kind + "-" + ref.Name
	if ref.Namespace != "" {
		name = ref.Namespace + "/" + name
	}
	return strings.ReplaceAll(name, ":", "_")
}

// addObject keeps an object without its secrets.
func (b *bundle) addObject(name string, o *unstructured.Unstructured) {
	text, err := yaml.Marshal(withoutSecrets(o, b.secrets).Object)
	if err != nil {
		b.lacks(name, errors.New("it cannot be written as YAML"))
		return
	}
	b.add(name, string(text), true)
}

// withoutSecrets is a copy without what a Secret holds, without values under keys and of variables whose names promise
// a secret, and without what only fills pages.
func withoutSecrets(o *unstructured.Unstructured, secrets *secret.Set) *unstructured.Unstructured {
	o = o.DeepCopy()
	o.SetManagedFields(nil)
	notes := o.GetAnnotations()
	delete(notes, "kubectl.kubernetes.io/last-applied-configuration")
	if len(notes) > 0 {
		o.SetAnnotations(notes)
	}
	if o.GetKind() == "Secret" {
		for _, field := range []string{"data", "stringData"} {
			m, _, _ := unstructured.NestedMap(o.Object, field)
			for k := range m {
				m[k] = secret.Mark
			}
			if m != nil {
				o.Object[field] = m
			}
		}
	}
	for field, value := range o.Object {
		o.Object[field] = secrets.Value(value)
	}
	return o
}
