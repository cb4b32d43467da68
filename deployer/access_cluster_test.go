package deployer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/event"
)

// as makes the bench work under a service account of its own, which may do what the rules of a Role say.
func (b *harness) as(rules ...map[string]any) {
	b.t.Helper()
	account := map[string]any{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{"name": "ci"}}
	b.post("/api/v1/namespaces/"+b.namespace+"/serviceaccounts", account, nil)
	const api, group = "/apis/rbac.authorization.k8s.io/v1/namespaces/", "rbac.authorization.k8s.io"
	role := map[string]any{"apiVersion": group + "/v1", "kind": "Role", "metadata": map[string]any{"name": "ci", "namespace": b.namespace}, "rules": rules}
	b.post(api+b.namespace+"/roles", role, nil)
	b.post(api+b.namespace+"/rolebindings", map[string]any{
		"apiVersion": group + "/v1", "kind": "RoleBinding", "metadata": map[string]any{"name": "ci"},
		"roleRef":  map[string]any{"apiGroup": group, "kind": "Role", "name": "ci"},
		"subjects": []any{map[string]any{"kind": "ServiceAccount", "name": "ci", "namespace": b.namespace}},
	}, nil)
	b.awaitGrant(role)
	var token struct {
		Status struct {
			Token string `json:"token"`
		} `json:"status"`
	}
	request := map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": map[string]any{}}
	b.post("/api/v1/namespaces/"+b.namespace+"/serviceaccounts/ci/token", request, &token)
	c, err := kube.Connect(kube.Config{Kubeconfig: withToken(b.t, token.Status.Token), Namespace: b.namespace, Wrap: b.writes.wrap})
	if err != nil {
		b.t.Fatal(err)
	}
	b.engine = deployer.New(c, deployer.Options{Holder: "ci"})
}

func (b *harness) post(path string, in, out any) {
	b.t.Helper()
	if err := b.cluster.Do(b.t.Context(), http.MethodPost, path, in, out); err != nil {
		b.t.Fatal(err)
	}
}

// withToken is the sandbox's kubeconfig with other credentials.
func withToken(t *testing.T, token string) string {
	t.Helper()
	path, _ := kubetest.Cluster(t)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var kubeconfig map[string]any
	if err := yaml.Unmarshal(data, &kubeconfig); err != nil {
		t.Fatal(err)
	}
	for _, u := range kubeconfig["users"].([]any) {
		u.(map[string]any)["user"] = map[string]any{"token": token}
	}
	if data, err = yaml.Marshal(kubeconfig); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(out, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

func rule(group, resource string, verbs ...string) map[string]any {
	return map[string]any{"apiGroups": []string{group}, "resources": strings.Split(resource, ","), "verbs": verbs}
}

// create makes the roles and bindings of YAML documents as the administrator, and waits until they count.
func (b *harness) create(documents string) {
	b.t.Helper()
	var made []map[string]any
	for d := range strings.SplitSeq(documents, "---\n") {
		var o map[string]any
		if err := yaml.Unmarshal([]byte(d), &o); err != nil {
			b.t.Fatal(err)
		}
		plural := strings.ToLower(fmt.Sprint(o["kind"])) + "s"
		path := "/apis/rbac.authorization.k8s.io/v1/"
		if ns, ok := o["metadata"].(map[string]any)["namespace"]; ok {
			path += fmt.Sprintf("namespaces/%s/", ns)
		}
		b.post(path+plural, o, nil)
		made = append(made, o)
	}
	for _, o := range made {
		b.awaitGrant(o)
	}
}

// awaitGrant waits until the API server lets the account do what a role says: its authorizer reads roles and bindings
// from caches that come a little later.
func (b *harness) awaitGrant(role map[string]any) {
	b.t.Helper()
	// As the server would see it: the same shapes whether it was written here or read from YAML.
	var r struct {
		Metadata struct{ Name, Namespace string } `json:"metadata"`
		Rules    []struct {
			APIGroups []string `json:"apiGroups"`
			Resources []string `json:"resources"`
			Verbs     []string `json:"verbs"`
		} `json:"rules"`
	}
	text, err := yaml.Marshal(role)
	if err == nil {
		err = yaml.Unmarshal(text, &r)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	if len(r.Rules) == 0 {
		return // a binding, or a role that allows nothing
	}
	rule := r.Rules[0]
	resource, sub, _ := strings.Cut(rule.Resources[0], "/")
	review := map[string]any{"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": map[string]any{
		"user": "system:serviceaccount:" + b.namespace + ":ci",
		"resourceAttributes": map[string]any{
			"namespace": r.Metadata.Namespace, "group": rule.APIGroups[0], "resource": resource, "subresource": sub, "verb": rule.Verbs[0],
		},
	}}
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var answer struct {
			Status struct {
				Allowed bool `json:"allowed"`
			} `json:"status"`
		}
		if err := b.cluster.Do(ctx, http.MethodPost, "/apis/authorization.k8s.io/v1/subjectaccessreviews", review, &answer); err != nil {
			b.t.Fatal(err)
		}
		if answer.Status.Allowed {
			return
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("role %s does not count yet", r.Metadata.Name)
		case <-tick.C:
		}
	}
}

// TestTooLittleAccess deploys with accounts that may not: nothing is touched, everything that is missing is listed at
// once, and the YAML given makes it work.
func TestTooLittleAccess(t *testing.T) {
	all := []string{"get", "list", "watch", "create", "update", "patch", "delete"}
	for name, tt := range map[string]struct {
		rules []map[string]any
		lacks []string // of the message and the YAML
		has   []string // not in the YAML
	}{
		"nothing": {nil, []string{"secrets", "deployments", "configmaps", "services", "leases", "pods/log", "replicasets", "events"}, nil},
		"only objects": {
			[]map[string]any{rule("", "configmaps,services,pods", all...), rule("apps", "deployments", all...)},
			[]string{"secrets"}, []string{"deployments", "services"},
		},
		"no records to write": {
			[]map[string]any{rule("", "configmaps,services,pods", all...), rule("apps", "deployments", all...), rule("", "secrets", "get", "list")},
			[]string{"secrets", "create"}, []string{"deployments", "- get\n  - list\n"},
		},
		"no rollback": {
			[]map[string]any{rule("", "secrets,configmaps", all...), rule("apps", "deployments", all...), rule("", "services", "get", "create", "patch", "list", "watch")},
			[]string{"services", "delete"}, []string{"deployments"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newHarness(t)
			b.as(tt.rules...)
			b.writes.take()
			_, err := b.tryDeploy(b.request(service("1.0.0", nil), nil))
			denied, ok := errors.AsType[*access.Error](err)
			if !ok {
				t.Fatalf("%T %v", err, err)
			}
			t.Logf("%v\n%s", err, denied.Details())
			if !deployer.Untouched(err) {
				t.Error("it counts as one that may have touched something")
			}
			for _, s := range tt.lacks {
				if !strings.Contains(denied.Details(), s) {
					t.Errorf("%s is not listed", s)
				}
			}
			for _, s := range tt.has {
				if strings.Contains(denied.Details(), s) {
					t.Errorf("%q is listed, and need not be", s)
				}
			}
			if b.exists("v1", "ConfigMap", "web") || b.history() != "" || len(b.writes.take()) > 0 {
				t.Error("something was touched")
			}
			b.create(denied.Details())
			if out, err := b.tryDeploy(b.request(service("1.0.0", nil), nil)); err != nil {
				t.Errorf("with the roles: %+v: %v", out, err)
			}
			if out, err := b.engine.Uninstall(t.Context(), deployer.UninstallRequest{Release: "web"}, event.Span{}); err != nil {
				t.Errorf("%+v: %v", out, err)
			}
		})
	}
}

// TestExplanationsAreOptional deploys with an account that may do the work and see nothing else.
func TestExplanationsAreOptional(t *testing.T) {
	b := newHarness(t)
	work := []string{"get", "list", "watch", "create", "update", "patch", "delete"}
	b.as(rule("", "secrets,configmaps,services", work...), rule("apps", "deployments", work...))
	if out, err := b.tryDeploy(b.request(service("1.0.0", nil), nil)); err != nil {
		t.Fatalf("%+v: %v", out, err)
	}
	said := ""
	for _, e := range b.events {
		said += e.Message + "\n"
	}
	for _, s := range []string{"pods/log", "events", "replicasets.apps", "leases.coordination.k8s.io"} {
		if !strings.Contains(said, s) {
			t.Errorf("no warning about %s:\n%s", s, said)
		}
	}
}
