package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Paths as server-side apply writes them, found and dropped.
func TestConflictPlaces(t *testing.T) {
	const manifest = `
apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {app.kubernetes.io/name: web, app: web}
  finalizers: [example.com/a, example.com/b]
spec:
  ports: [{port: 80, targetPort: 1}, {port: 443, protocol: TCP, targetPort: 2}]
  containers: [{name: a, image: "a:1", resources: {limits: {cpu: 1}}}, {name: 'odd "],[" name', image: "b:1"}]
  only: {one: {thing: 1}}
`
	for _, tt := range []struct {
		field, path string
		left        string // JSON of what stands at `at` afterwards
		at          string
	}{
		{"metadata.labels.app.kubernetes.io/name", "metadata.labels[app.kubernetes.io/name]", `{"app":"web"}`, "metadata.labels"},
		{"metadata.labels.app", "metadata.labels.app", `{"app.kubernetes.io/name":"web"}`, "metadata.labels"},
		{`metadata.finalizers[="example.com/b"]`, "metadata.finalizers[1]", `["example.com/a"]`, "metadata.finalizers"},
		{`spec.ports[port=443,protocol="TCP"].targetPort`, "spec.ports[1].targetPort", `{"port":443,"protocol":"TCP"}`, "spec.ports[1]"},
		{`spec.ports[port=80,protocol="TCP"].targetPort`, "spec.ports[0].targetPort", `{"port":80}`, "spec.ports[0]"},
		{`spec.containers[name="a"].resources.limits.cpu`, "spec.containers[a].resources.limits.cpu", `{"image":"a:1","name":"a"}`, "spec.containers[a]"},
		{`spec.containers[name="odd \"],[\" name"].image`, `spec.containers[odd "],[" name].image`, `{"name":"odd \"],[\" name"}`, "spec.containers[1]"},
		{`spec.ports[1].targetPort`, "spec.ports[1].targetPort", `{"port":443,"protocol":"TCP"}`, "spec.ports[1]"},
		{"spec.only.one.thing", "spec.only.one.thing", "", "spec.only"},
		{"spec.only", "spec.only", "", "spec.only"},
		{"spec.none", "", "", ""},
		{`spec.ports[port=81,protocol="TCP"]`, "", "", ""},
		{`spec.ports[`, "", "", ""},
		{`spec.ports[port=`, "", "", ""},
	} {
		o := parsed(t, manifest)
		place, ok := Locate(o.Object, tt.field)
		if ok != (tt.path != "") {
			t.Errorf("%s: found %t", tt.field, ok)
		}
		if !ok {
			continue
		}
		if d := cmp.Diff(tt.path, PathAt(o.Object, place)); d != "" {
			t.Error(d)
		}
		Drop(o.Object, place)
		left, found := ValueAt(o.Object, tt.at)
		if found != (tt.left != "") || found && ValueText(left) != tt.left {
			t.Errorf("%s: %s is left, want %s", tt.field, ValueText(left), tt.left)
		}
	}
}
