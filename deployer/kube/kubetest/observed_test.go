package kubetest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// recorder is a test whose log is kept.
type recorder struct {
	testing.TB
	log strings.Builder
}

func (r *recorder) Log(args ...any) { fmt.Fprintln(&r.log, args...) }

func TestAFailedTestShowsItsNamespace(t *testing.T) {
	t.Parallel()
	namespace := Namespace(t)
	c := Connect(t, nil)
	for path, object := range map[string]map[string]any{
		"/api/v1/namespaces/" + namespace + "/configmaps": {"apiVersion": "v1", "kind": "ConfigMap",
			"metadata": map[string]any{"name": "settings"}, "data": map[string]any{"color": "green"}},
		"/api/v1/namespaces/" + namespace + "/secrets": {"apiVersion": "v1", "kind": "Secret",
			"metadata": map[string]any{"name": "login"}, "stringData": map[string]any{"password": "hidden"}},
		"/api/v1/namespaces/" + namespace + "/events": {"apiVersion": "v1", "kind": "Event",
			"metadata": map[string]any{"name": "e"}, "reason": "Evicted", "message": "no room",
			"involvedObject": map[string]any{"kind": "Pod", "name": "cart", "namespace": namespace}},
	} {
		if err := c.Do(t.Context(), http.MethodPost, path, object, nil); err != nil {
			t.Fatal(err)
		}
	}
	r := &recorder{TB: t}
	showObserved(t.Context(), r, c, namespace)
	got := r.log.String()
	for _, want := range []string{"configmaps/settings", "green", "secrets/login", "Pod/cart Evicted: no room"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "hidden") || strings.Contains(got, "managedFields") {
		t.Errorf("it shows too much:\n%s", got)
	}
}
