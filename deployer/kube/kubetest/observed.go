package kubetest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/deployer/kube"
)

// maxLine bounds what is shown of one object.
const maxLine = 3000

// kinds are what is shown of a failed test's namespace, by path.
var kinds = []string{
	"/apis/apps/v1/deployments", "/apis/apps/v1/replicasets", "/apis/apps/v1/statefulsets", "/apis/apps/v1/daemonsets",
	"/apis/batch/v1/jobs", "/api/v1/pods", "/api/v1/services", "/api/v1/persistentvolumeclaims", "/api/v1/configmaps",
	"/apis/coordination.k8s.io/v1/leases",
}

// showObserved writes into a failed test's log what its namespace holds: objects with their status, and events, so that
// one failure is enough to find the cause. Secrets are named only.
func showObserved(ctx context.Context, t testing.TB, c *kube.Client, namespace string) {
	var out strings.Builder
	fmt.Fprintf(&out, "observed in namespace %s at the end:\n", namespace)
	for _, kind := range kinds {
		for _, o := range list(ctx, &out, c, kind, namespace) {
			fmt.Fprintf(&out, "%s/%s %s\n", kind[strings.LastIndex(kind, "/")+1:], nameOf(o), brief(o))
		}
	}
	for _, o := range list(ctx, &out, c, "/api/v1/secrets", namespace) {
		labels, _ := json.Marshal(meta(o)["labels"])
		fmt.Fprintf(&out, "secrets/%s labels %s\n", nameOf(o), labels)
	}
	for _, o := range list(ctx, &out, c, "/api/v1/events", namespace) {
		about, _ := o["involvedObject"].(map[string]any)
		fmt.Fprintf(&out, "event %v %v/%v %v: %v (x%v)\n", o["lastTimestamp"], about["kind"], about["name"], o["reason"], o["message"], o["count"])
	}
	t.Log(out.String())
}

func list(ctx context.Context, out *strings.Builder, c *kube.Client, path, namespace string) []map[string]any {
	group, kind := path[:strings.LastIndex(path, "/")], path[strings.LastIndex(path, "/")+1:]
	var found struct {
		Items []map[string]any `json:"items"`
	}
	if err := c.Do(ctx, http.MethodGet, group+"/namespaces/"+namespace+"/"+kind, nil, &found); err != nil {
		fmt.Fprintf(out, "%s: %v\n", kind, err)
	}
	return found.Items
}

func meta(o map[string]any) map[string]any {
	m, _ := o["metadata"].(map[string]any)
	return m
}

func nameOf(o map[string]any) string { return fmt.Sprint(meta(o)["name"]) }

// brief is an object in a line, without its managed fields.
func brief(o map[string]any) string {
	delete(meta(o), "managedFields")
	data, err := json.Marshal(o)
	if err != nil {
		return err.Error()
	}
	if len(data) > maxLine {
		return string(data[:maxLine]) + "..."
	}
	return string(data)
}
