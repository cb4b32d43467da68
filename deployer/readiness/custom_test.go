package readiness

import (
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/internal/object/objecttest"
)

func TestCustomReadiness(t *testing.T) {
	for _, tt := range []struct {
		name, apiVersion, kind, text string
		want                         State
		message                      string
	}{
		{"rollout new", "argoproj.io/v1alpha1", "Rollout", `{}`, Progressing, "not yet seen"},
		{"rollout stale", "argoproj.io/v1alpha1", "Rollout", `{status: {observedGeneration: "1", phase: Healthy}}`, Progressing, "not yet seen"},
		{"rollout", "argoproj.io/v1alpha1", "Rollout", `{status: {observedGeneration: "2", phase: Healthy}}`, Ready, ""},
		{"rollout going", "argoproj.io/v1alpha1", "Rollout", `{status: {observedGeneration: "2", phase: Progressing, message: more replicas need to be updated}}`, Progressing, "more replicas"},
		{"rollout degraded", "argoproj.io/v1alpha1", "Rollout", `{status: {observedGeneration: "2", phase: Degraded, message: aborted}}`, Failed, "aborted"},
		{"rollout timed pause", "argoproj.io/v1alpha1", "Rollout", `{spec: {strategy: {canary: {steps: [{setWeight: 5}, {pause: {duration: 1h}}]}}}, status: {currentStepIndex: 1, phase: Paused, message: CanaryPauseStep}}`, Progressing, "CanaryPauseStep"},
		{"rollout held", "argoproj.io/v1alpha1", "Rollout", `{spec: {strategy: {canary: {steps: [{setWeight: 5}, {pause: {}}]}}}, status: {currentStepIndex: 1, phase: Paused}}`, Ready, "promotion"},
		{"application", "argoproj.io/v1alpha1", "Application", `{status: {sync: {status: Synced}, health: {status: Progressing}}}`, Progressing, "Progressing"},
		{"application well", "argoproj.io/v1alpha1", "Application", `{status: {sync: {status: Synced}, health: {status: Healthy}}}`, Ready, ""},
		{"certificate new", "cert-manager.io/v1", "Certificate", `{}`, Progressing, "Ready is not set"},
		{"certificate old word", "cert-manager.io/v1", "Certificate", `{status: {conditions: [{type: Ready, status: "True", observedGeneration: 1}]}}`, Progressing, "not yet seen"},
		{"certificate", "cert-manager.io/v1", "Certificate", `{status: {conditions: [{type: Ready, status: "True", observedGeneration: 2}]}}`, Ready, ""},
		{"issuer", "cert-manager.io/v1", "ClusterIssuer", `{status: {conditions: [{type: Ready, status: "False", message: account not registered}]}}`, Progressing, "account not registered"},
		{"external secret new", "external-secrets.io/v1", "ExternalSecret", `{}`, Progressing, "not set"},
		{"external secret", "external-secrets.io/v1", "ExternalSecret", `{status: {conditions: [{type: Ready, status: "True", reason: SecretSynced}]}}`, Ready, ""},
		{"sealed secret new", "bitnami.com/v1alpha1", "SealedSecret", `{}`, Progressing, "Synced is not set"},
		{"sealed secret", "bitnami.com/v1alpha1", "SealedSecret", `{status: {observedGeneration: 2, conditions: [{type: Synced, status: "True"}]}}`, Ready, ""},
		{"knative", "serving.knative.dev/v1", "Service", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: Unknown, message: deploying}]}}`, Progressing, "deploying"},
		{"knative up", "serving.knative.dev/v1", "Service", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}}`, Ready, ""},
		{"prometheus half", "monitoring.coreos.com/v1", "Prometheus", `{status: {conditions: [{type: Available, status: "True"}]}}`, Progressing, "Reconciled"},
		{"alertmanager", "monitoring.coreos.com/v1", "Alertmanager", `{status: {conditions: [{type: Available, status: "True"}, {type: Reconciled, status: "True"}]}}`, Ready, ""},
		{"monitor", "monitoring.coreos.com/v1", "ServiceMonitor", `{}`, Ready, ""},
		{"helm release", "helm.toolkit.fluxcd.io/v2", "HelmRelease", `{status: {observedGeneration: 2, conditions: [{type: Reconciling, status: "True", message: fetching}, {type: Ready, status: Unknown}]}}`, Progressing, "fetching"},
		{"helm release stalled", "helm.toolkit.fluxcd.io/v2", "HelmRelease", `{status: {observedGeneration: 2, conditions: [{type: Stalled, status: "True", message: retries exhausted}, {type: Ready, status: "False"}]}}`, Failed, "retries exhausted"},
		{"kustomization", "kustomize.toolkit.fluxcd.io/v1", "Kustomization", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}}`, Ready, ""},
		{"crossplane unsynced", "rds.aws.upbound.io/v1beta1", "Instance", `{status: {conditions: [{type: Synced, status: "False", message: cannot assume role}, {type: Ready, status: "False"}]}}`, Progressing, "cannot assume role"},
		{"crossplane", "rds.aws.upbound.io/v1beta1", "Instance", `{status: {conditions: [{type: Synced, status: "True"}, {type: Ready, status: "True"}]}}`, Ready, ""},
		{"crossplane half", "database.example.crossplane.io/v1", "Database", `{status: {conditions: [{type: Synced, status: "True"}]}}`, Progressing, "Ready is not set"},
		{"provider", "pkg.crossplane.io/v1", "Provider", `{status: {conditions: [{type: Installed, status: "True"}, {type: Healthy, status: Unknown, message: unpacking}]}}`, Progressing, "unpacking"},
		{"composition", "apiextensions.crossplane.io/v1", "Composition", `{}`, Ready, ""},
		{"kafka", "kafka.strimzi.io/v1beta2", "Kafka", `{status: {observedGeneration: 2, conditions: [{type: NotReady, status: "True", reason: Creating, message: cluster is being deployed}]}}`, Progressing, "being deployed"},
		{"kafka up", "kafka.strimzi.io/v1beta2", "Kafka", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}}`, Ready, ""},
		{"node pool", "kafka.strimzi.io/v1", "KafkaNodePool", `{status: {observedGeneration: 2, nodeIds: [0, 1], replicas: 2}}`, Ready, ""},
		{"node pool old word", "kafka.strimzi.io/v1", "KafkaNodePool", `{status: {observedGeneration: 1, nodeIds: [0, 1]}}`, Progressing, "not yet seen"},
		{"rebalance", "kafka.strimzi.io/v1", "KafkaRebalance", `{status: {observedGeneration: 2, conditions: [{type: Rebalancing, status: "True"}]}}`, Progressing, "Ready is not set"},
		{"rebalance proposed", "kafka.strimzi.io/v1", "KafkaRebalance", `{status: {observedGeneration: 2, conditions: [{type: ProposalReady, status: "True"}]}}`, Ready, "approval"},
		{"scaled object new", "keda.sh/v1alpha1", "ScaledObject", `{}`, Progressing, "Ready is not set"},
		{"scaled object unknown", "keda.sh/v1alpha1", "ScaledObject", `{status: {conditions: [{type: Ready, status: Unknown}, {type: Active, status: Unknown}]}}`, Progressing, "Ready=Unknown"},
		{"scaled object wrong", "keda.sh/v1alpha1", "ScaledObject", `{status: {conditions: [{type: Ready, status: "False", reason: ScaledObjectCheckFailed, message: target is missing}]}}`, Progressing, "target is missing"},
		{"scaled object idle", "keda.sh/v1alpha1", "ScaledObject", `{status: {conditions: [{type: Ready, status: "True"}, {type: Active, status: "False"}, {type: Fallback, status: "False"}]}}`, Ready, ""},
		{"scaled object paused", "keda.sh/v1alpha1", "ScaledObject", `{status: {conditions: [{type: Ready, status: "True"}, {type: Active, status: Unknown}, {type: Paused, status: "True"}]}}`, Ready, ""},
		{"scaled job", "keda.sh/v1alpha1", "ScaledJob", `{status: {conditions: [{type: Ready, status: "True"}]}}`, Ready, ""},
		{"trigger authentication", "keda.sh/v1alpha1", "TriggerAuthentication", `{}`, Ready, ""},
		{"bundle new", "trust.cert-manager.io/v1alpha1", "Bundle", `{}`, Progressing, "Synced is not set"},
		{"bundle", "trust.cert-manager.io/v1alpha1", "Bundle", `{status: {conditions: [{type: Synced, status: "True", observedGeneration: 2}]}}`, Ready, ""},
		{"bundle without its source", "trust.cert-manager.io/v1alpha1", "Bundle", `{status: {conditions: [{type: Synced, status: "False", reason: SourceNotFound, message: no such source, observedGeneration: 2}]}}`, Progressing, "no such source"},
		{"ping source new", "sources.knative.dev/v1", "PingSource", `{}`, Progressing, "Ready is not set"},
		{"subscription", "messaging.knative.dev/v1", "Subscription", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "False", message: no channel}]}}`, Progressing, "no channel"},
		{"sequence", "flows.knative.dev/v1", "Sequence", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}}`, Ready, ""},
		{"kustomization suspended", "kustomize.toolkit.fluxcd.io/v1", "Kustomization", `{spec: {suspend: true}, status: {observedGeneration: 1, conditions: [{type: Ready, status: "False"}]}}`, Ready, "suspended"},
		{"kustomization resumed", "kustomize.toolkit.fluxcd.io/v1", "Kustomization", `{spec: {suspend: false}, status: {observedGeneration: 1, conditions: [{type: Ready, status: "True"}]}}`, Progressing, "not yet seen"},
		{"crossplane paused", "rds.aws.upbound.io/v1beta1", "Instance", `{status: {conditions: [{type: Synced, status: "False", reason: ReconcilePaused}]}}`, Ready, "paused"},
		{"virtual service", "networking.istio.io/v1", "VirtualService", `{}`, Ready, ""},
		{"gateway", "gateway.networking.k8s.io/v1", "Gateway", `{status: {conditions: [{type: Accepted, status: "True"}, {type: Programmed, status: "False", message: no address}]}}`, Progressing, "no address"},
		{"gateway up", "gateway.networking.k8s.io/v1", "Gateway", `{status: {conditions: [{type: Accepted, status: "True"}, {type: Programmed, status: "True"}]}}`, Ready, ""},
		{"route new", "gateway.networking.k8s.io/v1", "HTTPRoute", `{spec: {parentRefs: [{name: edge}]}}`, Progressing, "0 of 1"},
		{"route refused", "gateway.networking.k8s.io/v1", "HTTPRoute", `{spec: {parentRefs: [{name: edge}]}, status: {parents: [{parentRef: {name: edge}, conditions: [{type: Accepted, status: "True"}, {type: ResolvedRefs, status: "False", reason: BackendNotFound, message: no service web}]}]}}`, Progressing, "gateway edge: ResolvedRefs=False: BackendNotFound: no service web"},
		{"route old word", "gateway.networking.k8s.io/v1", "HTTPRoute", `{spec: {parentRefs: [{name: edge}]}, status: {parents: [{parentRef: {name: edge}, conditions: [{type: Accepted, status: "True", observedGeneration: 1}]}]}}`, Progressing, "not yet seen"},
		{"route", "gateway.networking.k8s.io/v1", "HTTPRoute", `{spec: {parentRefs: [{name: edge}]}, status: {parents: [{parentRef: {name: edge}, conditions: [{type: Accepted, status: "True"}, {type: ResolvedRefs, status: "True"}]}]}}`, Ready, ""},
		{"api service", "apiregistration.k8s.io/v1", "APIService", `{status: {conditions: [{type: Available, status: "False", message: no endpoints}]}}`, Progressing, "no endpoints"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Of(objecttest.Of(t, tt.apiVersion, tt.kind, tt.text), false)
			if got.State != tt.want || !strings.Contains(got.Message, tt.message) {
				t.Errorf("%d %q, want %d %q", got.State, got.Message, tt.want, tt.message)
			}
		})
	}
}

func TestRebalanceByItsAnnotations(t *testing.T) {
	for annotation, want := range map[string]Status{
		"strimzi.io/rebalance-template":      {Ready, "a template"},
		"strimzi.io/rebalance-auto-approval": {Progressing, "condition Ready is not set"},
		"example.com/else":                   {Ready, "waits for its approval"},
	} {
		o := objecttest.Of(t, "kafka.strimzi.io/v1", "KafkaRebalance", `{status: {observedGeneration: 2, conditions: [{type: ProposalReady, status: "True"}]}}`)
		o.SetAnnotations(map[string]string{annotation: "true"})
		if got := Of(o, false); got != want {
			t.Errorf("%s: %+v, want %+v", annotation, got, want)
		}
	}
}
