package deployer_test

import (
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/deployer/release"
)

func pair(a, b string) map[string]string {
	const object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twin}\ndata: "
	return map[string]string{"templates/a.yaml": object + a + "\n", "templates/b.yaml": object + b + "\n"}
}

// TestTwins: two objects of one identity are refused with both templates, unless they are equal; a revision that Helm
// has made of such can be had again.
func TestTwins(t *testing.T) {
	b := newHarness(t)
	_, err := b.engine.Plan(t.Context(), b.request(service("1.0.0", pair("{x: one}", "{x: two}")), nil))
	if err == nil || !strings.Contains(err.Error(), "ConfigMap/twin") || !strings.Contains(err.Error(), "in service/templates/a.yaml and service/templates/b.yaml") {
		t.Fatal(err)
	}
	same := pair("{x: one}", `{"x": 'one'}`)
	same["templates/c.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twin, namespace: " + b.namespace + "}\ndata: {x: one}\n"
	b.mustDeploy(b.request(service("1.1.0", same), nil))
	p, err := b.engine.Plan(t.Context(), b.request(service("1.1.0", same), nil))
	if err != nil || p.Changes() {
		t.Fatalf("%v: %s", err, p.Summary())
	}
	storage := release.NewStorage(b.cluster, b.namespace, "")
	r, err := storage.Get(t.Context(), "web", 1)
	if err != nil {
		t.Fatal(err)
	}
	r.Manifest += "---\n# Source: service/templates/z.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: twin}\ndata: {x: last}\n"
	if err := storage.Update(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	req := b.request(nil, nil)
	req.Render = nil
	p, err = b.engine.PlanRollback(t.Context(), req, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}
