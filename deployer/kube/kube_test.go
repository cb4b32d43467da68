package kube_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

// kubeconfig writes one for a server without TLS.
func kubeconfig(t *testing.T, server string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: demo
clusters: [{name: demo, cluster: {server: %q}}]
users: [{name: demo, user: {token: secret-token}}]
contexts: [{name: demo, context: {cluster: demo, user: demo, namespace: shop}}]
`, server)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// serve answers like a broken API server would: the real one cannot be made to.
func serve(t *testing.T, h http.HandlerFunc) *kube.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := kube.Connect(kube.Config{Kubeconfig: kubeconfig(t, server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConnectErrorsNameWhatIsWrong(t *testing.T) {
	good := kubeconfig(t, "http://127.0.0.1:1")
	for _, tt := range []struct {
		name string
		cfg  kube.Config
		want []string
	}{
		{"no file", kube.Config{Kubeconfig: "/no/such/config"}, []string{"/no/such/config", "--kubeconfig"}},
		{"no context", kube.Config{Kubeconfig: good, Context: "prod"}, []string{"prod", "get-contexts"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := kube.Connect(tt.cfg)
			if !kube.Is(err, kube.Misconfigured) {
				t.Fatalf("%T %v", err, err)
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is not in %q", w, err)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
}

func TestConnectTakesNamespaceOfContext(t *testing.T) {
	path := kubeconfig(t, "http://127.0.0.1:1")
	for want, cfg := range map[string]kube.Config{"shop": {Kubeconfig: path}, "other": {Kubeconfig: path, Namespace: "other"}} {
		c, err := kube.Connect(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if c.Namespace() != want {
			t.Errorf("namespace %q, want %q", c.Namespace(), want)
		}
	}
}

func TestUnreachableEndsAndNamesTheServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close() // nobody listens there now
	path := kubeconfig(t, "http://"+address)
	c, err := kube.Connect(kube.Config{Kubeconfig: path})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Ping(t.Context())
	if !kube.Is(err, kube.Unreachable) {
		t.Fatalf("%T %v", err, err)
	}
	for _, w := range []string{address, "demo", path, "refused"} {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q is not in %q", w, err)
		}
	}
}

func TestTemporaryAnswersAreRetried(t *testing.T) {
	var calls atomic.Int32
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		switch calls.Add(1) {
		case 1:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3:
			hijacked, _, _ := w.(http.Hijacker).Hijack()
			_ = hijacked.Close() // a connection lost without an answer
		default:
			fmt.Fprint(w, `{"gitVersion":"v1.36.3"}`)
		}
	})
	if err := c.Ping(t.Context()); err != nil || calls.Load() != 4 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}

func TestFinalAnswersAreNot(t *testing.T) {
	for _, tt := range []struct {
		code   int
		status string
		want   kube.Reason
		text   string
	}{
		{401, `{"kind":"Status","code":401,"message":"Unauthorized"}`, kube.Unauthorized, "renew"},
		{403, `{"kind":"Status","code":403,"message":"no"}`, kube.Forbidden, "no"},
		{404, `{"kind":"Status","code":404,"message":"none"}`, kube.NotFound, "none"},
		{409, `{"kind":"Status","code":409,"reason":"AlreadyExists","message":"there"}`, kube.Exists, "there"},
		{409, `{"kind":"Status","code":409,"reason":"Conflict","message":"m","details":{"causes":[{"reason":"FieldManagerConflict","message":"conflict with \"kubectl-edit\" using v1","field":".spec.replicas"}]}}`,
			kube.Conflict, `"kubectl-edit" owns spec.replicas`},
		{410, `{"kind":"Status","code":410,"message":"old"}`, kube.Expired, "old"},
		{422, `{"kind":"Status","code":422,"message":"spec.selector: field is immutable"}`, kube.Immutable, "immutable"},
		{422, `{"kind":"Status","code":422,"message":"wrong"}`, kube.Invalid, "wrong"},
		{500, `{"kind":"Status","code":500,"message":"failed to create typed patch object (x): .spec.y: field not declared in schema"}`, kube.Invalid, "not declared"},
		{404, "<html>proxy</html>", kube.NotFound, "proxy"},
	} {
		t.Run(fmt.Sprint(tt.code, tt.want), func(t *testing.T) {
			var calls atomic.Int32
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				w.WriteHeader(tt.code)
				fmt.Fprint(w, tt.status)
			})
			err := c.Ping(t.Context())
			if kube.ReasonOf(err) != tt.want || !strings.Contains(fmt.Sprint(err), tt.text) {
				t.Errorf("%s: %v", kube.ReasonOf(err), err)
			}
			if calls.Load() != 1 {
				t.Errorf("asked %d times", calls.Load())
			}
			if strings.Contains(fmt.Sprint(err), "secret-token") {
				t.Error("the token is told")
			}
		})
	}
}

func TestCancelEndsARequest(t *testing.T) {
	c := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	if err := c.Ping(ctx); !errors.Is(err, cause) || !kube.Is(err, kube.Cancelled) {
		t.Errorf("%v", err)
	}
}

// TestOldDiscovery answers as servers before 1.26 do.
func TestOldDiscovery(t *testing.T) {
	answers := map[string]any{
		"/version": map[string]any{"gitVersion": "v1.24.0"},
		"/api":     map[string]any{"kind": "APIVersions", "versions": []string{"v1"}},
		"/apis": map[string]any{"kind": "APIGroupList", "groups": []any{
			map[string]any{"name": "apps", "versions": []any{map[string]any{"groupVersion": "apps/v1", "version": "v1"}}},
			map[string]any{"name": "gone.example.com", "versions": []any{map[string]any{"groupVersion": "gone.example.com/v1", "version": "v1"}}},
		}},
		"/api/v1": map[string]any{"kind": "APIResourceList", "groupVersion": "v1", "resources": []any{
			map[string]any{"name": "pods", "kind": "Pod", "namespaced": true}, map[string]any{"name": "pods/log", "kind": "Pod", "namespaced": true},
			map[string]any{"name": "nodes", "kind": "Node"},
		}},
		"/apis/apps/v1": map[string]any{"kind": "APIResourceList", "resources": []any{map[string]any{"name": "deployments", "kind": "Deployment", "namespaced": true}}},
	}
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		a, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(a)
	})
	caps, err := c.Capabilities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := kube.Capabilities{KubeVersion: "v1.24.0", APIVersions: []string{"apps/v1", "apps/v1/Deployment", "v1", "v1/Node", "v1/Pod"}}
	if diff := cmp.Diff(want, caps); diff != "" {
		t.Error(diff)
	}
	r, err := c.Resource(t.Context(), "v1", "Node")
	if diff := cmp.Diff(kube.Resource{Version: "v1", Kind: "Node", Plural: "nodes"}, r); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for _, name := range []string{"", "web"} {
		if found, err := c.Lookup(t.Context(), "apps/v1", "Gadget", "default", name); err != nil || found == nil || len(found) > 0 {
			t.Errorf("a kind that a served group lacks, name %q: %v %v", name, found, err)
		}
	}
	if _, err := c.Lookup(t.Context(), "no.example.com/v1", "Gadget", "default", "web"); !kube.Is(err, kube.NoKind) {
		t.Errorf("a group that is not served: %v", err)
	}
}

func TestDiscoveryOfARealCluster(t *testing.T) {
	c := kubetest.Connect(t, nil)
	caps, err := c.Capabilities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	has := strings.Join(caps.APIVersions, "\n") + "\n"
	for _, w := range []string{"v1\n", "v1/Pod\n", "apps/v1/Deployment\n", "networking.k8s.io/v1/Ingress\n", "apiextensions.k8s.io/v1/CustomResourceDefinition\n"} {
		if !strings.Contains(has, w) {
			t.Errorf("%s is missing", w)
		}
	}
	if _, err := c.Resource(t.Context(), "extensions/v1beta1", "Ingress"); !kube.Is(err, kube.NoKind) {
		t.Errorf("a removed version: %v", err)
	}
	found, err := c.Lookup(t.Context(), "v1", "Namespace", "", "kube-system")
	if err != nil || (&unstructured.Unstructured{Object: found}).GetName() != "kube-system" {
		t.Errorf("%v %v", found, err)
	}
	if found, err := c.Lookup(t.Context(), "v1", "Secret", "default", "no-such"); err != nil || len(found) > 0 {
		t.Errorf("absent: %v %v", found, err)
	}
	if found, err := c.Lookup(t.Context(), "apps/v1", "Gadget", "default", "web"); err != nil || found == nil || len(found) > 0 {
		t.Errorf("a kind that a served group lacks: %v %v", found, err)
	}
	list, err := c.Lookup(t.Context(), "v1", "Namespace", "", "")
	if items, _ := list["items"].([]any); err != nil || len(items) < 4 {
		t.Errorf("%v %v", list["kind"], err)
	}
}

func TestExpiredTokenIsSaid(t *testing.T) {
	real, _ := kubetest.Cluster(t)
	data, err := os.ReadFile(real)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "config")
	lines := strings.Split(string(data), "\n")
	for i, l := range lines {
		if before, _, ok := strings.Cut(l, "token:"); ok {
			lines[i] = before + "token: expired"
		}
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := kube.Connect(kube.Config{Kubeconfig: path})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Capabilities(t.Context())
	if !kube.Is(err, kube.Unauthorized) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
}
