package kube_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

// TestMisfitsAreNamed applies what the server cannot read: it answers each with a 500, which is not to be tried again,
// and names no field.
func TestMisfitsAreNamed(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32
	cluster := kubetest.Connect(t, func(next http.RoundTripper) http.RoundTripper {
		return counted(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPatch {
				tries.Add(1)
			}
			return next.RoundTrip(r)
		})
	})
	namespace := kubetest.Namespace(t)
	const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"a","image":"a",%s}]}}`
	for _, c := range []struct{ object, want string }{
		{fmt.Sprintf(pod, `"resources":{"limits":{"memory":"64MiB","cpu":"1"},"requests":{"cpu":"half"}}`),
			"spec.containers[0].resources.limits.memory is no quantity such as 100m, 1.5, 512Mi or 2Gi, spec.containers[0].resources.requests.cpu is no"},
		{fmt.Sprintf(pod, `"volumeMounts":[],"env":[{"name":"A","valueFrom":{"resourceFieldRef":{"resource":"a","divisor":"one"}}}]`),
			"spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor is no quantity"},
		{fmt.Sprintf(pod, `"livenessProbe":{"httpGet":{"port":{"a":1}}}`), "spec.containers[0].livenessProbe.httpGet.port must be"},
		{`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},"data":{"good":"YQ==","token":"hunter2!"}}`, "data.token is not base64"},
		{`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"binaryData":{"logo":"%"}}`, "binaryData.logo is not base64"},
	} {
		var o unstructured.Unstructured
		if err := o.UnmarshalJSON([]byte(c.object)); err != nil {
			t.Fatal(err)
		}
		o.SetNamespace(namespace)
		tries.Store(0)
		_, err := cluster.Apply(t.Context(), &o, kube.ApplyOptions{Manager: "helm", DryRun: true})
		if !kube.Is(err, kube.Invalid) || !strings.Contains(err.Error(), c.want) || tries.Load() != 1 {
			t.Errorf("%s, after %d tries: %v; want %s", kube.ReasonOf(err), tries.Load(), err, c.want)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a secret is told: %v", err)
		}
	}
}

type counted func(*http.Request) (*http.Response, error)

func (f counted) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
