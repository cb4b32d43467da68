package deployer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

// workload is a chart of one workload that is called db.
func workload(kind, apiVersion, spec string) *chart.Chart {
	text := "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: db}\nspec:\n" + spec +
		"  template:\n    metadata: {labels: {app: db}}\n    spec: {containers: [{name: main, image: \"{{ .Values.image }}\"}]}\n"
	return service("1.0.0", map[string]string{
		"templates/deployment.yaml": "", "templates/service.yaml": "", "templates/config.yaml": "", "templates/db.yaml": text,
	})
}

// A workload that updates on delete is waited for like any other until its
// first pods are up; an upgrade does not wait for pods that nobody deletes.
func TestOnDeleteIsAwaited(t *testing.T) {
	const strategy = "  selector: {matchLabels: {app: db}}\n  updateStrategy: {type: OnDelete}\n"
	for kind, c := range map[string]*chart.Chart{
		"DaemonSet":   workload("DaemonSet", "apps/v1", strategy),
		"StatefulSet": workload("StatefulSet", "apps/v1", strategy+"  serviceName: db\n"),
	} {
		t.Run(kind, func(t *testing.T) {
			b := newHarness(t)
			_, registry := kubetest.Cluster(t)
			_, err := b.deploy(t.Context(), b.request(c, map[string]any{"image": registry + "/absent:3"}))
			if failed, ok := errors.AsType[*deployer.FailedError](err); !ok || !strings.Contains(failed.Cause, "ImagePull") {
				t.Fatalf("an install whose image is absent: %T %v", err, err)
			}
			b.mustDeploy(b.request(c, nil))
			b.mustDeploy(b.request(c, map[string]any{"image": registry + "/absent:3"}))
			if !b.told(kind+"/db", "1 of 1 ready, 0 of 1 updated: updates on delete") {
				t.Errorf("it is not told: %+v", b.events)
			}
		})
	}
}

// A workload that shrinks is ready when the pods that it has too many are gone.
func TestShrinkingIsAwaited(t *testing.T) {
	slow := kubetest.Image(t, "slow-stop:1", kubetest.Script{StopAfter: 3 * time.Second})
	const spec = "  replicas: {{ .Values.replicas }}\n"
	const selector = spec + "  selector: {matchLabels: {app: db}}\n"
	for kind, c := range map[string]*chart.Chart{
		"StatefulSet":           workload("StatefulSet", "apps/v1", selector+"  serviceName: db\n"),
		"Deployment":            workload("Deployment", "apps/v1", selector),
		"ReplicaSet":            workload("ReplicaSet", "apps/v1", selector),
		"ReplicationController": workload("ReplicationController", "v1", spec+"  selector: {app: db}\n"),
	} {
		t.Run(kind, func(t *testing.T) {
			b := newHarness(t)
			b.mustDeploy(b.request(c, map[string]any{"image": slow, "replicas": 2}))
			b.mustDeploy(b.request(c, map[string]any{"image": slow, "replicas": 0}))
			pods, _, err := b.cluster.List(t.Context(), "v1", "Pod", kube.Selection{Namespace: b.namespace, Labels: "app=db"})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range pods { // those of all but a StatefulSet may still terminate: their status does not count them
				if kind == "StatefulSet" || p.GetDeletionTimestamp() == nil {
					t.Errorf("pod %s is still there", p.GetName())
				}
			}
		})
	}
}
