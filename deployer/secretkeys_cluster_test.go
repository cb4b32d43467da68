package deployer_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
)

// keys are those of the Secret "word".
func (b *harness) keys() []string {
	b.t.Helper()
	o, err := b.cluster.Get(b.t.Context(), kube.Ref{APIVersion: "v1", Kind: "Secret", Namespace: b.namespace, Name: "word"})
	if err != nil {
		b.t.Fatal(err)
	}
	data, _, _ := unstructured.NestedMap(o.Object, "data")
	return slices.Sorted(maps.Keys(data))
}

func word(rest string) map[string]string {
	return map[string]string{"templates/word.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: word}\n" + rest + "\n"}
}

// expectKeys plans that a key leaves the Secret, and deploys.
func (b *harness) expectKeys(req deployer.Request, leaves string, want ...string) {
	b.t.Helper()
	p, err := b.engine.Plan(b.t.Context(), req)
	if err != nil {
		b.t.Fatal(err)
	}
	var fields []string
	for _, c := range p.Objects {
		for _, f := range c.Fields {
			if c.Object.Kind == "Secret" && f.New == nil {
				fields = append(fields, f.Path)
			}
		}
	}
	if d := cmp.Diff([]string{"data." + leaves}, fields); d != "" {
		b.t.Errorf("what the plan says leaves: %s", d)
	}
	if _, err := b.apply(b.t.Context(), p); err != nil {
		b.t.Fatal(err)
	}
	if d := cmp.Diff(want, b.keys()); d != "" {
		b.t.Error(d)
	}
}

// TestKeysLeaveASecret: a key that leaves stringData leaves the Secret, in an upgrade and a rollback; the record keeps
// what was rendered, and what others have put in stays.
func TestKeysLeaveASecret(t *testing.T) {
	b := newHarness(t)
	request := func(version, rest string) deployer.Request { return b.request(service(version, word(rest)), nil) }
	b.mustDeploy(request("1.0.0", "stringData: {old: one, keep: two, both: plain}\ndata: {both: eA==}"))
	ref := kube.Ref{APIVersion: "v1", Kind: "Secret", Namespace: b.namespace, Name: "word"}
	if err := b.cluster.JSONPatch(t.Context(), ref, []byte(`[{"op": "add", "path": "/data/theirs", "value": "eA=="}]`)); err != nil {
		t.Fatal(err)
	}
	b.expectKeys(request("1.1.0", "stringData: {keep: two, both: plain}"), "old", "both", "keep", "theirs")
	p, err := b.engine.Plan(t.Context(), request("1.1.0", "stringData: {keep: two, both: plain}"))
	if err != nil || p.Changes() {
		t.Errorf("%v: %s", err, p.Summary())
	}
	if !strings.Contains(p.Manifest(), "stringData: {keep: two") {
		t.Error("the record does not say what was rendered")
	}
	b.expectKeys(request("1.2.0", "data: {keep: eA==}"), "both", "keep", "theirs")
}

// TestKeysLeaveASecretOfHelms: Helm's server-side apply leaves keys that came by stringData without an owner, for ever;
// those of any revision that is known go.
func TestKeysLeaveASecretOfHelms(t *testing.T) {
	b := newHarness(t)
	dir := write(t, service("1.0.0", word("stringData: {first: one, old: two, keep: three}")))
	b.helm("install", "web", dir)
	dir = write(t, service("1.1.0", word("stringData: {old: two, keep: three}")))
	b.helm("upgrade", "web", dir)
	if d := cmp.Diff([]string{"first", "keep", "old"}, b.keys()); d != "" {
		t.Skipf("Helm has learned it: %s", d)
	}
	p, err := b.engine.Plan(t.Context(), b.request(service("1.2.0", word("stringData: {keep: three}")), nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"keep"}, b.keys()); d != "" {
		t.Error(d)
	}
	b.helm("rollback", "web", "2") // and Helm goes on
	if d := cmp.Diff([]string{"keep", "old"}, b.keys()); d != "" {
		t.Error(d)
	}
	b.expectKeys(b.request(service("1.3.0", word("stringData: {keep: three}")), nil), "old", "keep")
}

// TestKeysOfAnImmutableSecretOfHelms cannot leave it: the plan says so.
func TestKeysOfAnImmutableSecretOfHelms(t *testing.T) {
	b := newHarness(t)
	b.helm("install", "web", write(t, service("1.0.0", word("immutable: true\nstringData: {old: one, keep: two}"))))
	_, err := b.engine.Plan(t.Context(), b.request(service("1.1.0", word("immutable: true\nstringData: {keep: two}")), nil))
	if !deployer.Untouched(err) || !strings.Contains(err.Error(), "Secret/word") || !strings.Contains(err.Error(), "data.old") {
		t.Fatal(err)
	}
	req := b.request(service("1.1.0", word("immutable: true\nstringData: {keep: two}")), nil)
	req.OnImmutable = map[string]deployer.ImmutablePolicy{"Secret": deployer.RecreateObject}
	b.mustDeploy(req)
	if d := cmp.Diff([]string{"keep"}, b.keys()); d != "" {
		t.Error(d)
	}
}
