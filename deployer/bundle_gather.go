package deployer

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

// seal makes the bundle of a failure and hands it to whoever keeps it, before
// anything is rolled back. What cannot be read stands in its index.
func (r *run) seal(ctx context.Context, f *FailedError, failed []wait.Failure) {
	if r.plan.request.Evidence == nil {
		return
	}
	b := &bundle{release: r.plan.Release + " in " + r.plan.Namespace, cause: f.Cause, at: time.Now(), secrets: r.plan.Secrets, redact: r.redact, files: map[string]string{}}
	b.add("evidence.txt", f.Details(), true)
	if len(r.plan.Objects) > 0 { // an uninstallation has no plan
		var text strings.Builder
		if err := r.plan.WriteText(&text, false); err == nil {
			b.add("plan.txt", text.String(), true)
		}
	}
	nodes := r.sealFailed(ctx, b, failed)
	r.sealEvents(ctx, b)
	for _, name := range nodes {
		node, err := r.engine.cluster.Get(ctx, kube.Ref{APIVersion: "v1", Kind: "Node", Name: name})
		if err != nil {
			b.lacks("nodes/"+name, err)
			continue
		}
		b.addObject("nodes/"+name+".yaml", node)
	}
	for _, a := range r.applied {
		if a.Object != nil {
			b.addObject("objects/"+fileName(a.Ref)+".yaml", a.Object)
		}
	}
	archive, err := b.archive()
	if err == nil {
		err = r.plan.request.Evidence(archive)
	}
	if err != nil {
		r.span.Warn("the evidence could not be kept: " + err.Error())
	}
}

// sealFailed adds the failed objects and their pods; it returns the pods' nodes.
func (r *run) sealFailed(ctx context.Context, b *bundle, failed []wait.Failure) (nodes []string) {
	seen := map[string]bool{}
	for i, f := range failed {
		if i == maxObjects {
			b.missing = append(b.missing, text.Counted(len(failed)-i, "more failed object"))
			break
		}
		live, err := r.engine.cluster.Get(ctx, f.Ref)
		if err != nil {
			b.lacks("failed/"+fileName(f.Ref), err)
			continue
		}
		b.addObject("failed/"+fileName(f.Ref)+".yaml", live)
		for _, pod := range r.podsShowing(ctx, f, live) {
			if seen[pod.GetName()] || len(seen) == bundlePods {
				continue
			}
			seen[pod.GetName()] = true
			r.sealPod(ctx, b, pod)
			if node := object.String(pod, "spec", "nodeName"); node != "" && !seen["node "+node] {
				seen["node "+node] = true
				nodes = append(nodes, node)
			}
		}
	}
	return nodes
}

func (r *run) sealPod(ctx context.Context, b *bundle, pod *unstructured.Unstructured) {
	folder := "pods/" + pod.GetName() + "/"
	b.addObject(folder+"pod.yaml", pod)
	for _, list := range []string{"initContainers", "containers"} {
		for _, c := range containersOf(pod, list) {
			for suffix, previous := range map[string]bool{".log": false, ".previous.log": true} {
				log, err := r.engine.cluster.Logs(ctx, pod.GetNamespace(), pod.GetName(), kube.LogOptions{
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

func (r *run) sealEvents(ctx context.Context, b *bundle) {
	events, err := r.engine.cluster.Events(ctx, r.plan.Namespace, "")
	if err != nil {
		b.lacks("events.txt", err)
		return
	}
	var t strings.Builder
	for _, e := range events[max(0, len(events)-bundleEvents):] {
		fmt.Fprintf(&t, "%s %-7s %-24s %s x%d: %s\n", e.Last.UTC().Format(time.RFC3339), e.Type, e.Reason, e.Object, e.Count, text.Brief(e.Message))
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

// withoutSecrets is a copy without what a Secret holds, without values under keys
// and of variables whose names promise a secret, and without what only fills pages.
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
