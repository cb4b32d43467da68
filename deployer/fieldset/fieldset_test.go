package fieldset

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/release"
)

// ordinary are objects as charts have them: nothing in them is spelled otherwise by the server. Their pods run nowhere.
const ordinary = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}, annotations: {note: "1"}}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeSelector: {nowhere: "true"}
      tolerations: [{key: a, operator: Exists}, {key: b, operator: Exists}]
      containers:
      - name: web
        image: web:1
        args: [serve, --port=80]
        env: [{name: A, value: "1"}, {name: B, valueFrom: {secretKeyRef: {name: web, key: b}}}]
        ports: [{containerPort: 53, name: dns, protocol: UDP}, {containerPort: 80, name: http}]
        readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 3}
        resources: {limits: {memory: 64Mi}, requests: {cpu: 10m}}
        volumeMounts: [{name: data, mountPath: /data}]
      - {name: side, image: side:1}
      volumes: [{name: data, emptyDir: {}}, {name: settings, configMap: {name: web}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http}, {name: dns, port: 53, protocol: UDP, targetPort: 53, nodePort: null}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {a: "1", b: "two"}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{ports: [{port: 80, protocol: TCP}], from: [{podSelector: {matchLabels: {app: a}}}]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]
`

// TestSettledAgreesWithTheServer changes objects at random, as the release and as somebody else, and asks the server
// about every object that settled calls so: a dry run of it must leave everything as it is.
func TestSettledAgreesWithTheServer(t *testing.T) {
	t.Parallel()
	objects, err := release.ParseManifest(ordinary)
	if err != nil {
		t.Fatal(err)
	}
	cluster, namespace := kubetest.Connect(t, nil), kubetest.Namespace(t)
	for i, o := range objects {
		t.Run(o.GetKind(), func(t *testing.T) {
			t.Parallel()
			o.SetNamespace(namespace)
			w := settledWalk{t: t, cluster: cluster, random: rand.New(rand.NewPCG(1, uint64(i)))}
			if _, err := cluster.Apply(t.Context(), o, kube.ApplyOptions{Manager: release.Manager}); err != nil {
				t.Fatal(err)
			}
			if !w.check(o) {
				t.Error("it is not settled as it was applied")
			}
			if n := w.walk(o, 30); n < 5 {
				t.Errorf("settled %d times of 120: the walk tries nothing", n)
			}
		})
	}
}

type settledWalk struct {
	t       *testing.T
	cluster *kube.Client
	random  *rand.Rand
}

// walk changes what was applied, or what is live, and counts how often something was settled.
func (w settledWalk) walk(o *unstructured.Unstructured, steps int) int {
	n, now := 0, o
	for range steps {
		switch w.random.IntN(4) {
		case 0:
			w.apply(mutant(now, w.random), "somebody")
		case 1:
			w.edit(now)
		default:
			next := mutant(now, w.random)
			if w.random.IntN(3) == 0 { // back, lest nothing be left
				next = o
			}
			if w.apply(next, release.Manager) {
				now = next
			}
		}
		for _, candidate := range []*unstructured.Unstructured{o, now, mutant(now, w.random), mutant(now, w.random)} {
			if w.check(candidate) {
				n++
			}
		}
	}
	return n
}

func (w settledWalk) apply(o *unstructured.Unstructured, manager string) bool {
	_, err := w.cluster.Apply(w.t.Context(), o, kube.ApplyOptions{Manager: manager, Force: true})
	return err == nil // a mutant may be invalid
}

// edit changes one thing in the live object, as `kubectl edit` does.
func (w settledWalk) edit(o *unstructured.Unstructured) {
	live := mutant(w.get(o), w.random)
	_, _ = w.cluster.Update(w.t.Context(), live, kube.ApplyOptions{Manager: "editor"}) // may be invalid
}

// check compares what settled says with a dry run over the same live object.
func (w settledWalk) check(o *unstructured.Unstructured) bool {
	w.t.Helper()
	for attempt := 0; ; attempt++ {
		if attempt == 20 {
			w.t.Fatal("somebody writes it all the time")
		}
		live := w.get(o)
		if !Unchanged(o, live, release.Manager) {
			return false
		}
		result, err := w.cluster.Apply(w.t.Context(), o, kube.ApplyOptions{Manager: release.Manager, DryRun: true})
		if w.get(o).GetResourceVersion() != live.GetResourceVersion() {
			continue // a controller has written meanwhile
		}
		if err != nil {
			w.t.Fatalf("called settled, and the server says: %v\nobject: %v", err, o.Object)
		}
		if d := cmp.Diff(unmanaged(live), unmanaged(result)); d != "" {
			w.t.Fatalf("called settled, and a dry run changes\n%s\nobject: %v", d, o.Object)
		}
		return true
	}
}

func (w settledWalk) get(o *unstructured.Unstructured) *unstructured.Unstructured {
	live, err := w.cluster.Get(w.t.Context(), kube.RefOf(o))
	if err != nil {
		w.t.Fatal(err)
	}
	return live
}

// mutant is an object with one thing changed, dropped, added, doubled or moved.
func mutant(o *unstructured.Unstructured, random *rand.Rand) *unstructured.Unstructured {
	out := o.DeepCopy()
	root := out.Object
	parts := []any{root["metadata"].(map[string]any)["labels"], root["metadata"].(map[string]any)["annotations"]}
	for _, key := range slices.Sorted(maps.Keys(root)) {
		if key != "apiVersion" && key != "kind" && key != "metadata" {
			parts = append(parts, root[key])
		}
	}
	var nodes []any
	for _, p := range parts {
		nodes = append(nodes, nodesOf(p)...)
	}
	if len(nodes) == 0 {
		return out
	}
	switch node := nodes[random.IntN(len(nodes))].(type) {
	case map[string]any:
		key := slices.Sorted(maps.Keys(node))[random.IntN(len(node))]
		switch random.IntN(3) {
		case 0:
			delete(node, key)
		case 1:
			node[fmt.Sprintf("more%d", random.IntN(2))] = "1"
		default:
			node[key] = otherThan(node[key])
		}
	case []any:
		i, j := random.IntN(len(node)), random.IntN(len(node))
		if node[i], node[j] = node[j], node[i]; i == j {
			node[i] = otherThan(node[i])
		}
	}
	return out
}

// nodesOf are the maps and lists in a value that are not empty, in a fixed order.
func nodesOf(v any) []any {
	var out []any
	switch v := v.(type) {
	case map[string]any:
		if len(v) > 0 {
			out = append(out, v)
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out = append(out, nodesOf(v[key])...)
		}
	case []any:
		if len(v) > 0 {
			out = append(out, v)
		}
		for _, e := range v {
			out = append(out, nodesOf(e)...)
		}
	}
	return out
}

func otherThan(v any) any {
	switch v := v.(type) {
	case string:
		return v + "1"
	case int64:
		return v + 1
	case bool:
		return !v
	}
	return v
}

// TestSettledIsNotSure has objects whose outcome only the server knows.
func TestSettledIsNotSure(t *testing.T) {
	t.Parallel()
	const managed = `{"apiVersion":"v1","fieldsV1":{"f:data":{"f:a":{}}},"manager":"helm","operation":"Apply"}`
	object := func(rest string) *unstructured.Unstructured {
		var o unstructured.Unstructured
		if err := o.UnmarshalJSON([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"` + rest)); err != nil {
			t.Fatal(err)
		}
		return &o
	}
	live := func(managed string) *unstructured.Unstructured {
		return object(`,"managedFields":[` + managed + `]},"data":{"a":"1","b":"2"}}`)
	}
	for _, c := range []struct {
		name         string
		object, live *unstructured.Unstructured
		want         bool
	}{
		{"what was applied", object(`},"data":{"a":"1"}}`), live(managed), true},
		{"nothing there", object(`},"data":{"a":"1"}}`), nil, false},
		{"another value", object(`},"data":{"a":"2"}}`), live(managed), false},
		{"a field more, which somebody else has set so", object(`},"data":{"a":"1","b":"2"}}`), live(managed), false},
		{"a field less", object(`},"data":{}}`), live(managed), false},
		{"a null", object(`},"data":{"a":"1","c":null}}`), live(managed), false},
		{"being deleted", object(`},"data":{"a":"1"}}`), object(`,"deletionTimestamp":"2026-01-01T00:00:00Z","managedFields":[` + managed + `]},"data":{"a":"1"}}`), false},
		{"never applied", object(`},"data":{"a":"1"}}`), live(""), false},
		{"applied by somebody else", object(`},"data":{"a":"1"}}`), live(`{"apiVersion":"v1","fieldsV1":{"f:data":{"f:a":{}}},"manager":"kubectl","operation":"Apply"}`), false},
		{"written client-side", object(`},"data":{"a":"1"}}`), live(`{"apiVersion":"v1","fieldsV1":{"f:data":{"f:a":{}}},"manager":"helm","operation":"Update"}`), false},
		{"applied under two versions", object(`},"data":{"a":"1"}}`), live(managed + `,{"apiVersion":"v2","fieldsV1":{"f:data":{"f:b":{}}},"manager":"helm","operation":"Apply"}`), false},
		{"applied under another version", object(`},"data":{"a":"1"}}`), live(`{"apiVersion":"v2","fieldsV1":{"f:data":{"f:a":{}}},"manager":"helm","operation":"Apply"}`), false},
		{"a set", object(`},"data":{"a":"1"}}`), live(`{"apiVersion":"v1","fieldsV1":{"f:data":{"v:\"a\"":{}}},"manager":"helm","operation":"Apply"}`), false},
	} {
		if got := Unchanged(c.object, c.live, release.Manager); got != c.want {
			t.Errorf("%s: settled = %v", c.name, got)
		}
	}
}

// TestHoldsKeyedLists has lists whose elements have keys.
func TestHoldsKeyedLists(t *testing.T) {
	t.Parallel()
	port := func(n int64, protocol string) map[string]any {
		out := map[string]any{"port": n}
		if protocol != "" {
			out["protocol"] = protocol
		}
		return out
	}
	leaf := func(keys ...string) map[string]any {
		out := map[string]any{".": map[string]any{}}
		for _, k := range keys {
			out["f:"+k] = map[string]any{}
		}
		return out
	}
	tcp, udp := `k:{"port":53,"protocol":"TCP"}`, `k:{"port":53,"protocol":"UDP"}`
	live := []any{port(53, "TCP"), port(53, "UDP"), port(80, "TCP")}
	for _, c := range []struct {
		name   string
		fields map[string]any
		want   []any
		holds  bool
	}{
		{"one of three", map[string]any{tcp: leaf("port")}, []any{port(53, "")}, true},
		{"both protocols", map[string]any{tcp: leaf("port", "protocol"), udp: leaf("port", "protocol")}, []any{port(53, "TCP"), port(53, "UDP")}, true},
		{"in another order", map[string]any{tcp: leaf("port", "protocol"), udp: leaf("port", "protocol")}, []any{port(53, "UDP"), port(53, "TCP")}, false},
		{"one of two that fits either", map[string]any{tcp: leaf("port"), udp: leaf("port")}, []any{port(53, ""), port(80, "TCP")}, false},
		{"an element more", map[string]any{tcp: leaf("port")}, []any{port(53, ""), port(80, "TCP")}, false},
		{"an element less", map[string]any{tcp: leaf("port"), udp: leaf("port", "protocol")}, []any{port(53, "UDP")}, false},
		{"by index", map[string]any{"i:0": leaf("port")}, []any{port(53, "")}, false},
	} {
		if got := holds(c.fields, c.want, live); got != c.holds {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// unmanaged is an object without what the server notes about a write.
func unmanaged(o *unstructured.Unstructured) map[string]any {
	o = o.DeepCopy()
	o.SetManagedFields(nil)
	return o.Object
}
