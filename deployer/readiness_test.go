package deployer

import (
	"strings"
	"testing"

	kstatus "github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestReadiness(t *testing.T) {
	for _, tt := range []struct {
		name, apiVersion, kind, text string
		want                         state
		message                      string
		unlike                       bool // differs from kstatus on purpose
	}{
		{"deployment new", "apps/v1", "Deployment", `spec: {replicas: 2}`, progressing, "not yet seen", false},
		{"deployment stale", "apps/v1", "Deployment", `{spec: {replicas: 1}, status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1}}`, progressing, "not yet seen", false},
		{"deployment rolling", "apps/v1", "Deployment", `{spec: {replicas: 3}, status: {observedGeneration: 2, replicas: 4, updatedReplicas: 1, availableReplicas: 3, readyReplicas: 3, conditions: [{type: Progressing, status: "True", reason: ReplicaSetUpdated}]}}`, progressing, "0 of 3 ready, 1 of 3 updated", false},
		{"deployment old pods", "apps/v1", "Deployment", `{spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 2, updatedReplicas: 1, availableReplicas: 2, readyReplicas: 2, conditions: [{type: Progressing, status: "True", reason: ReplicaSetUpdated}]}}`, progressing, "1 old to stop", false},
		{"deployment ready", "apps/v1", "Deployment", `{spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1, conditions: [{type: Available, status: "True"}, {type: Progressing, status: "True", reason: NewReplicaSetAvailable}]}}`, ready, "1 of 1 ready", false},
		{"deployment late", "apps/v1", "Deployment", `{spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 1, updatedReplicas: 1, conditions: [{type: Progressing, status: "False", reason: ProgressDeadlineExceeded, message: too slow}]}}`, dead, "too slow", false},
		{"deployment to zero", "apps/v1", "Deployment", `{spec: {replicas: 0}, status: {observedGeneration: 2, conditions: [{type: Available, status: "True"}, {type: Progressing, status: "True", reason: NewReplicaSetAvailable}]}}`, ready, "0 of 0", false},
		{"statefulset", "apps/v1", "StatefulSet", `{spec: {replicas: 2}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 1, currentReplicas: 2, updatedReplicas: 2, currentRevision: a, updateRevision: a}}`, progressing, "1 of 2 ready", false},
		{"statefulset rolling", "apps/v1", "StatefulSet", `{spec: {replicas: 2}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 2, currentReplicas: 1, updatedReplicas: 1, currentRevision: a, updateRevision: b}}`, progressing, "1 of 2 updated", false},
		{"statefulset ready", "apps/v1", "StatefulSet", `{spec: {replicas: 2}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 2, currentReplicas: 2, updatedReplicas: 2, currentRevision: b, updateRevision: b}}`, ready, "2 of 2", false},
		{"statefulset by hand", "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 0}}`, ready, "0 of 2 updated: updates on delete", false},
		{"statefulset by hand, first", "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 1}}`, progressing, "1 of 2 ready", true}, // kstatus never waits
		{"statefulset by hand, no pods", "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2}}`, progressing, "0 of 2 ready", true},
		{"statefulset by hand, grown", "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, replicas: 1, readyReplicas: 1}}`, progressing, "1 of 2 ready", true},
		{"statefulset by hand, shrunk", "apps/v1", "StatefulSet", `{spec: {replicas: 1, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 1}}`, progressing, "1 to stop", true},
		{"statefulset by hand, half", "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, replicas: 2, updatedReplicas: 1, readyReplicas: 2}}`, ready, "1 of 2 updated: updates on delete", false},
		{"statefulset by hand, half up", "apps/v1", "StatefulSet", `{spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, replicas: 2, updatedReplicas: 1, readyReplicas: 1}}`, progressing, "1 of 2 ready", true},
		{"statefulset shrinks", "apps/v1", "StatefulSet", `{spec: {replicas: 0}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 0, currentRevision: a, updateRevision: a}}`, progressing, "0 of 0 ready, 2 to stop", false},
		{"statefulset shrinks below a partition", "apps/v1", "StatefulSet", `{spec: {replicas: 1, updateStrategy: {rollingUpdate: {partition: 1}}}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 2, currentReplicas: 2}}`, progressing, "1 to stop", false},
		{"deployment shrinks", "apps/v1", "Deployment", `{spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3, readyReplicas: 3, conditions: [{type: Available, status: "True"}, {type: Progressing, status: "True", reason: NewReplicaSetAvailable}]}}`, progressing, "2 to stop", false},
		{"deployment paused", "apps/v1", "Deployment", `{spec: {replicas: 1, paused: true}, status: {observedGeneration: 2}}`, ready, "paused", true},
		{"deployment paused shrinks", "apps/v1", "Deployment", `{spec: {replicas: 1, paused: true}, status: {observedGeneration: 2, replicas: 3, updatedReplicas: 3}}`, progressing, "2 to stop", false},
		{"deployment paused grows", "apps/v1", "Deployment", `{spec: {replicas: 4, paused: true}, status: {observedGeneration: 2, replicas: 3}}`, progressing, "3 of 4 pods", false},
		{"deployment paused, old pods down", "apps/v1", "Deployment", `{spec: {replicas: 3, paused: true}, status: {observedGeneration: 2, replicas: 3}}`, ready, "paused", true},
		{"replicaset shrinks", "apps/v1", "ReplicaSet", `{spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 2, availableReplicas: 2, fullyLabeledReplicas: 2}}`, progressing, "1 to stop", false},
		{"replicaset fresh", "apps/v1", "ReplicaSet", `{spec: {replicas: 0}}`, progressing, "not yet seen", true},
		{"controller shrinks", "v1", "ReplicationController", `{spec: {replicas: 0}, status: {observedGeneration: 2, replicas: 2, readyReplicas: 2}}`, progressing, "2 to stop", true}, // kstatus has no rule
		{"controller ready", "v1", "ReplicationController", `{spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 1, readyReplicas: 1, availableReplicas: 1}}`, ready, "1 of 1 ready", false},
		{"daemonset", "apps/v1", "DaemonSet", `{spec: {}, status: {observedGeneration: 2, desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 2, numberAvailable: 3, numberReady: 3}}`, progressing, "2 of 3 updated", false},
		{"daemonset ready", "apps/v1", "DaemonSet", `{spec: {}, status: {observedGeneration: 2, desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3, numberReady: 3}}`, ready, "3 of 3", false},
		{"daemonset by hand, first", "apps/v1", "DaemonSet", `{spec: {updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 0}}`, progressing, "0 of 3 ready", false},
		{"daemonset by hand, no pods", "apps/v1", "DaemonSet", `{spec: {updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, desiredNumberScheduled: 3}}`, progressing, "0 of 3 ready", false},
		{"daemonset by hand, old pods", "apps/v1", "DaemonSet", `{spec: {updateStrategy: {type: OnDelete}}, status: {observedGeneration: 2, desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 0, numberAvailable: 2}}`, ready, "0 of 3 updated: updates on delete", true}, // kstatus waits for ever
		{"pod", "v1", "Pod", `{status: {phase: Running, conditions: [{type: Ready, status: "False"}]}}`, progressing, "Running", false},
		{"pod ready", "v1", "Pod", `{status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}`, ready, "", false},
		{"pod done", "v1", "Pod", `{status: {phase: Succeeded}}`, ready, "succeeded", false},
		{"pod failed", "v1", "Pod", `{status: {phase: Failed, reason: Evicted, message: disk full}}`, dead, "Evicted", true},
		{"job starting", "batch/v1", "Job", `{spec: {}}`, progressing, "0 active", false},
		{"job started", "batch/v1", "Job", `{spec: {}, status: {startTime: "2026-01-01T00:00:00Z", active: 1}}`, ready, "1 active", false},
		{"job failed", "batch/v1", "Job", `{spec: {}, status: {startTime: "2026-01-01T00:00:00Z", failed: 1, conditions: [{type: Failed, status: "True", reason: BackoffLimitExceeded, message: reached}]}}`, dead, "BackoffLimitExceeded: reached", false},
		{"claim", "v1", "PersistentVolumeClaim", `{status: {phase: Pending}}`, progressing, "Pending", false},
		{"claim bound", "v1", "PersistentVolumeClaim", `{status: {phase: Bound}}`, ready, "", false},
		{"claim lost", "v1", "PersistentVolumeClaim", `{status: {phase: Lost}}`, dead, "lost", true}, // kstatus waits for what cannot come back
		{"service", "v1", "Service", `{spec: {type: ClusterIP}}`, ready, "", false},
		{"balancer", "v1", "Service", `{spec: {type: LoadBalancer}}`, progressing, "address", false},
		{"balancer with address", "v1", "Service", `{spec: {type: LoadBalancer, clusterIP: 10.0.0.1}, status: {loadBalancer: {}}}`, ready, "", false},
		{"crd", "apiextensions.k8s.io/v1", "CustomResourceDefinition", `{spec: {}, status: {conditions: [{type: NamesAccepted, status: "True"}]}}`, progressing, "Established", false},
		{"crd refused", "apiextensions.k8s.io/v1", "CustomResourceDefinition", `{spec: {}, status: {conditions: [{type: NamesAccepted, status: "False", message: taken}]}}`, dead, "taken", false},
		{"crd ready", "apiextensions.k8s.io/v1", "CustomResourceDefinition", `{spec: {}, status: {conditions: [{type: NamesAccepted, status: "True"}, {type: Established, status: "True"}]}}`, ready, "", false},
		{"config map", "v1", "ConfigMap", `{}`, ready, "", false},
		{"custom without status", "example.com/v1", "Widget", `{spec: {}}`, ready, "", false},
		{"custom stale", "example.com/v1", "Widget", `{status: {observedGeneration: 1, conditions: [{type: Ready, status: "True"}]}}`, progressing, "", false},
		{"custom waiting", "example.com/v1", "Widget", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "False", message: pulling}]}}`, progressing, "pulling", false},
		{"custom ready", "example.com/v1", "Widget", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}}`, ready, "", false},
		{"custom stalled", "example.com/v1", "Widget", `{status: {conditions: [{type: Stalled, status: "True", message: no way}]}}`, dead, "no way", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := status(t, tt.apiVersion, tt.kind, tt.text)
			got := readiness(o, false)
			if got.state != tt.want || !strings.Contains(got.message, tt.message) {
				t.Errorf("%d %q, want %d %q", got.state, got.message, tt.want, tt.message)
			}
			if k := compute(t, o); (k != got.state) != tt.unlike {
				t.Errorf("kstatus says %d, we say %d", k, got.state)
			}
		})
	}
}

// compute is what the community's library says of an object.
func compute(t *testing.T, o *unstructured.Unstructured) state {
	t.Helper()
	result, err := kstatus.Compute(o)
	if err != nil {
		t.Fatal(err)
	}
	switch result.Status {
	case kstatus.CurrentStatus:
		return ready
	case kstatus.FailedStatus:
		return dead
	}
	return progressing
}

func TestJobReadinessWhenAwaited(t *testing.T) {
	started := status(t, "batch/v1", "Job", `{status: {startTime: "2026-01-01T00:00:00Z", active: 1}}`)
	if v := readiness(started, true); v.state != progressing {
		t.Errorf("a running job counts as done: %v", v)
	}
	done := status(t, "batch/v1", "Job", `{status: {startTime: "2026-01-01T00:00:00Z", succeeded: 1, conditions: [{type: Complete, status: "True"}]}}`)
	if v := readiness(done, true); v.state != ready {
		t.Errorf("%v", v)
	}
}

func TestContainerTrouble(t *testing.T) {
	for _, tt := range []struct {
		name, text, reason, cause string
		none                      bool
	}{
		{"running", `{name: a, state: {running: {}}}`, "", "", true},
		{"creating", `{name: a, state: {waiting: {reason: ContainerCreating}}}`, "", "", true},
		{"pull", `{name: a, image: "web:9", state: {waiting: {reason: ErrImagePull, message: 'failed to resolve reference "r/web:9": r/web:9: not found'}}}`, "ErrImagePull", "image web:9 of container a: ErrImagePull: r/web:9: not found", false},
		{"config", `{name: a, state: {waiting: {reason: CreateContainerConfigError, message: configmap "x" not found}}}`, "CreateContainerConfigError", `configmap "x" not found`, false},
		{"first crash", `{name: a, restartCount: 0, state: {terminated: {exitCode: 3}}}`, "", "exited with code 3, once so far", false},
		{"second crash", `{name: a, restartCount: 1, state: {terminated: {exitCode: 137, reason: OOMKilled}}}`, crashed, "exited with code 137 (OOMKilled), 2 times", false},
		{"back-off", `{name: a, restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1}}}`, "CrashLoopBackOff", "exited with code 1, 2 times", false},
		{"done", `{name: a, state: {terminated: {exitCode: 0}}}`, "", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pod := status(t, "v1", "Pod", "status: {containerStatuses: ["+tt.text+"]}")
			got := podTroubles(pod, false)
			if tt.none {
				if len(got) > 0 {
					t.Errorf("%v", got)
				}
				return
			}
			if len(got) != 1 || got[0].reason != tt.reason || !strings.Contains(got[0].cause, tt.cause) {
				t.Errorf("%+v", got)
			}
		})
	}
	pod := status(t, "v1", "Pod", `status: {containerStatuses: [{name: a, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}}]}`)
	if got := podTroubles(pod, true); len(got) > 0 {
		t.Errorf("a Job's crashes are the Job's: %v", got)
	}
}
