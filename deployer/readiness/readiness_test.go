package readiness

import (
	"strings"
	"testing"

	kstatus "github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/internal/object/objecttest"
)

func TestReadiness(t *testing.T) {
	for _, tt := range []struct {
		name, apiVersion, kind, text string
		want                         State
		message                      string
		unlike                       bool // differs from kstatus on purpose
	}{
		{"deployment new", "apps/v1", "Deployment", `spec: {replicas: 2}`, Progressing, "not yet seen", false},
		{"deployment stale", "apps/v1", "Deployment", `{spec: {replicas: 1}, status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1}}`, Progressing, "not yet seen", false},
		{"deployment rolling", "apps/v1", "Deployment", `{spec: {replicas: 3}, status: {observedGeneration: 2, replicas: 4, updatedReplicas: 1, availableReplicas: 3, readyReplicas: 3, conditions: [{type: Progressing, status: "True", reason: ReplicaSetUpdated}]}}`, Progressing, "0 of 3 ready, 1 of 3 updated", false},
		{"deployment old pods", "apps/v1", "Deployment", `{spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 2, updatedReplicas: 1, availableReplicas: 2, readyReplicas: 2, conditions: [{type: Progressing, status: "True", reason: ReplicaSetUpdated}]}}`, Progressing, "1 old to stop", false},
		{"deployment ready", "apps/v1", "Deployment", `{spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1, conditions: [{type: Available, status: "True"}, {type: Progressing, status: "True", reason: NewReplicaSetAvailable}]}}`, Ready, "1 of 1 ready", false},
		{"deployment late", "apps/v1", "Deployment", `{spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 1, updatedReplicas: 1, conditions: [{type: Progressing, status: "False", reason: ProgressDeadlineExceeded, message: too slow}]}}`, Failed, "too slow", false},
		{"deployment to zero", "apps/v1", "Deployment", `{spec: {replicas: 0}, status: {observedGeneration: 2, conditions: [{type: Available, status: "True"}, {type: Progressing, status: "True", reason: NewReplicaSetAvailable}]}}`, Ready, "0 of 0", false},
		{"statefulset", "apps/v1", "StatefulSet", `{spec: {replicas: 2}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 1, currentReplicas: 2, updatedReplicas: 2, currentRevision: a, updateRevision: a}}`, Progressing, "1 of 2 ready", false},
		{"statefulset rolling", "apps/v1", "StatefulSet", `{spec: {replicas: 2}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 2, currentReplicas: 1, updatedReplicas: 1, currentRevision: a, updateRevision: b}}`, Progressing, "1 of 2 updated", false},
		{"statefulset ready", "apps/v1", "StatefulSet", `{spec: {replicas: 2}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 2, currentReplicas: 2, updatedReplicas: 2, currentRevision: b, updateRevision: b}}`, Ready, "2 of 2", false},
		{"statefulset by hand", "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 0}}`, Ready, "0 of 2 updated: updates on delete", false},
		{"statefulset by hand, first", "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 1}}`, Progressing, "1 of 2 ready", true}, // kstatus never waits
		{"statefulset by hand, no pods", "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2}}`, Progressing, "0 of 2 ready", true},
		{"statefulset by hand, grown", "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, replicas: 1, readyReplicas: 1}}`, Progressing, "1 of 2 ready", true},
		{"statefulset by hand, shrunk", "apps/v1", "StatefulSet", `{spec: {replicas: 1, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 1}}`, Progressing, "1 to stop", true},
		{"statefulset by hand, half", "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, replicas: 2, updatedReplicas: 1, readyReplicas: 2}}`, Ready, "1 of 2 updated: updates on delete", false},
		{"statefulset by hand, half up", "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, replicas: 2, updatedReplicas: 1, readyReplicas: 1}}`, Progressing, "1 of 2 ready", true},
		{"statefulset shrinks", "apps/v1", "StatefulSet", `{spec: {replicas: 0}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 0, currentRevision: a, updateRevision: a}}`, Progressing, "0 of 0 ready, 2 to stop", false},
		{"statefulset shrinks below a partition", "apps/v1", "StatefulSet", `{spec: {replicas: 1, updateStrategy: {rollingUpdate: {partition: 1}}}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 2, currentReplicas: 2}}`, Progressing, "1 to stop", false},
		{"deployment shrinks", "apps/v1", "Deployment", `{spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3, readyReplicas: 3, conditions: [{type: Available, status: "True"}, {type: Progressing, status: "True", reason: NewReplicaSetAvailable}]}}`, Progressing, "2 to stop", false},
		{"deployment paused", "apps/v1", "Deployment", `{spec: {replicas: 1, paused: true}, status: {observedGeneration: 2}}`, Ready, "paused", true},
		{"deployment paused shrinks", "apps/v1", "Deployment", `{spec: {replicas: 1, paused: true}, status: {observedGeneration: 2, replicas: 3, updatedReplicas: 3}}`, Progressing, "2 to stop", false},
		{"deployment paused grows", "apps/v1", "Deployment", `{spec: {replicas: 4, paused: true}, status: {observedGeneration: 2, replicas: 3}}`, Progressing, "3 of 4 pods", false},
		{"deployment paused, old pods down", "apps/v1", "Deployment", `{spec: {replicas: 3, paused: true}, status: {observedGeneration: 2, replicas: 3}}`, Ready, "paused", true},
		{"replicaset shrinks", "apps/v1", "ReplicaSet", `{spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 2, availableReplicas: 2, fullyLabeledReplicas: 2}}`, Progressing, "1 to stop", false},
		{"replicaset fresh", "apps/v1", "ReplicaSet", `{spec: {replicas: 0}}`, Progressing, "not yet seen", true},
		{"controller shrinks", "v1", "ReplicationController", `{spec: {replicas: 0}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 2}}`, Progressing, "2 to stop", true}, // kstatus has no rule
		{"controller ready", "v1", "ReplicationController", `{spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 1, readyReplicas: 1, availableReplicas: 1}}`, Ready, "1 of 1 ready", false},
		{"daemonset", "apps/v1", "DaemonSet", `{spec: {}, status: {observedGeneration: 2, desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 2, numberAvailable: 3, numberReady: 3}}`, Progressing, "2 of 3 updated", false},
		{"daemonset ready", "apps/v1", "DaemonSet", `{spec: {}, status: {observedGeneration: 2, desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3, numberReady: 3}}`, Ready, "3 of 3", false},
		{"daemonset by hand, first", "apps/v1", "DaemonSet", `{spec: {updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 0}}`, Progressing, "0 of 3 ready", false},
		{"daemonset by hand, no pods", "apps/v1", "DaemonSet", `{spec: {updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, desiredNumberScheduled: 3}}`, Progressing, "0 of 3 ready", false},
		{"daemonset by hand, old pods", "apps/v1", "DaemonSet", `{spec: {updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 0, numberAvailable: 2}}`, Ready, "0 of 3 updated: updates on delete", true}, // kstatus waits for ever
		{"pod", "v1", "Pod", `{status: {phase: Running, conditions: [{type: Ready, status: "False"}]}}`, Progressing, "Running", false},
		{"pod ready", "v1", "Pod", `{status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}`, Ready, "", false},
		{"pod done", "v1", "Pod", `{status: {phase: Succeeded}}`, Ready, "succeeded", false},
		{"pod failed", "v1", "Pod", `{status: {phase: Failed, reason: Evicted, message: disk full}}`, Failed, "Evicted", true},
		{"job starting", "batch/v1", "Job", `{spec: {}}`, Progressing, "0 active", false},
		{"job started", "batch/v1", "Job", `{spec: {}, status: {startTime: "2026-01-01T00:00:00Z", active: 1}}`, Ready, "1 active", false},
		{"job failed", "batch/v1", "Job", `{spec: {}, status: {startTime: "2026-01-01T00:00:00Z", failed: 1, conditions: [{type: Failed, status: "True", reason: BackoffLimitExceeded, message: reached}]}}`, Failed, "BackoffLimitExceeded: reached", false},
		{"claim", "v1", "PersistentVolumeClaim", `{status: {phase: Pending}}`, Progressing, "Pending", false},
		{"claim bound", "v1", "PersistentVolumeClaim", `{status: {phase: Bound}}`, Ready, "", false},
		{"claim lost", "v1", "PersistentVolumeClaim", `{status: {phase: Lost}}`, Failed, "lost", true}, // kstatus waits for what cannot come back
		{"service", "v1", "Service", `{spec: {type: ClusterIP}}`, Ready, "", false},
		{"balancer", "v1", "Service", `{spec: {type: LoadBalancer}}`, Progressing, "address", false},
		{"balancer with address", "v1", "Service", `{spec: {type: LoadBalancer, clusterIP: 10.0.0.1}, status: {loadBalancer: {}}}`, Ready, "", false},
		{"crd", "apiextensions.k8s.io/v1", "CustomResourceDefinition", `{spec: {}, status: {conditions: [{type: NamesAccepted, status: "True"}]}}`, Progressing, "Established", false},
		{"crd refused", "apiextensions.k8s.io/v1", "CustomResourceDefinition", `{spec: {}, status: {conditions: [{type: NamesAccepted, status: "False", message: taken}]}}`, Failed, "taken", false},
		{"crd ready", "apiextensions.k8s.io/v1", "CustomResourceDefinition", `{spec: {}, status: {conditions: [{type: NamesAccepted, status: "True"}, {type: Established, status: "True"}]}}`, Ready, "", false},
		{"config map", "v1", "ConfigMap", `{}`, Ready, "", false},
		{"custom without status", "example.com/v1", "Widget", `{spec: {}}`, Ready, "", false},
		{"custom stale", "example.com/v1", "Widget", `{status: {observedGeneration: 1, conditions: [{type: Ready, status: "True"}]}}`, Progressing, "", false},
		{"custom waiting", "example.com/v1", "Widget", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "False", message: pulling}]}}`, Progressing, "pulling", false},
		{"custom ready", "example.com/v1", "Widget", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}}`, Ready, "", false},
		{"custom stalled", "example.com/v1", "Widget", `{status: {conditions: [{type: Stalled, status: "True", message: no way}]}}`, Failed, "no way", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := objecttest.Of(t, tt.apiVersion, tt.kind, tt.text)
			got := Of(o, false)
			if got.State != tt.want || !strings.Contains(got.Message, tt.message) {
				t.Errorf("%d %q, want %d %q", got.State, got.Message, tt.want, tt.message)
			}
			if k := compute(t, o); (k != got.State) != tt.unlike {
				t.Errorf("kstatus says %d, we say %d", k, got.State)
			}
		})
	}
}

// compute is what the community's library says of an object.
func compute(t *testing.T, o *unstructured.Unstructured) State {
	t.Helper()
	result, err := kstatus.Compute(o)
	if err != nil {
		t.Fatal(err)
	}
	switch result.Status {
	case kstatus.CurrentStatus:
		return Ready
	case kstatus.FailedStatus:
		return Failed
	}
	return Progressing
}

func TestJobReadinessWhenAwaited(t *testing.T) {
	started := objecttest.Of(t, "batch/v1", "Job", `{status: {startTime: "2026-01-01T00:00:00Z", active: 1}}`)
	if v := Of(started, true); v.State != Progressing {
		t.Errorf("a running job counts as done: %v", v)
	}
	done := objecttest.Of(t, "batch/v1", "Job", `{status: {startTime: "2026-01-01T00:00:00Z", succeeded: 1, conditions: [{type: Complete, status: "True"}]}}`)
	if v := Of(done, true); v.State != Ready {
		t.Errorf("%v", v)
	}
}
