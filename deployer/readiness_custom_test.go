package deployer

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/expression"
	"github.com/pintle-ci/pintle/deployer/kube"
)

func TestCustomReadiness(t *testing.T) {
	for _, tt := range []struct {
		name, apiVersion, kind, text string
		want                         state
		message                      string
	}{
		{"rollout new", "argoproj.io/v1alpha1", "Rollout", `{}`, progressing, "not yet seen"},
		{"rollout stale", "argoproj.io/v1alpha1", "Rollout", `{status: {observedGeneration: "1", phase: Healthy}}`, progressing, "not yet seen"},
		{"rollout", "argoproj.io/v1alpha1", "Rollout", `{status: {observedGeneration: "2", phase: Healthy}}`, ready, ""},
		{"rollout going", "argoproj.io/v1alpha1", "Rollout", `{status: {observedGeneration: "2", phase: Progressing, message: more replicas need to be updated}}`, progressing, "more replicas"},
		{"rollout degraded", "argoproj.io/v1alpha1", "Rollout", `{status: {observedGeneration: "2", phase: Degraded, message: aborted}}`, dead, "aborted"},
		{"rollout timed pause", "argoproj.io/v1alpha1", "Rollout", `{spec: {strategy: {canary: {steps: [{setWeight: 5}, {pause: {duration: 1h}}]}}}, status: {currentStepIndex: 1, phase: Paused, message: CanaryPauseStep}}`, progressing, "CanaryPauseStep"},
		{"rollout held", "argoproj.io/v1alpha1", "Rollout", `{spec: {strategy: {canary: {steps: [{setWeight: 5}, {pause: {}}]}}}, status: {currentStepIndex: 1, phase: Paused}}`, ready, "promotion"},
		{"application", "argoproj.io/v1alpha1", "Application", `{status: {sync: {status: Synced}, health: {status: Progressing}}}`, progressing, "Progressing"},
		{"application well", "argoproj.io/v1alpha1", "Application", `{status: {sync: {status: Synced}, health: {status: Healthy}}}`, ready, ""},
		{"certificate new", "cert-manager.io/v1", "Certificate", `{}`, progressing, "Ready is not set"},
		{"certificate old word", "cert-manager.io/v1", "Certificate", `{status: {conditions: [{type: Ready, status: "True", observedGeneration: 1}]}}`, progressing, "not yet seen"},
		{"certificate", "cert-manager.io/v1", "Certificate", `{status: {conditions: [{type: Ready, status: "True", observedGeneration: 2}]}}`, ready, ""},
		{"issuer", "cert-manager.io/v1", "ClusterIssuer", `{status: {conditions: [{type: Ready, status: "False", message: account not registered}]}}`, progressing, "account not registered"},
		{"external secret new", "external-secrets.io/v1", "ExternalSecret", `{}`, progressing, "not set"},
		{"external secret", "external-secrets.io/v1", "ExternalSecret", `{status: {conditions: [{type: Ready, status: "True", reason: SecretSynced}]}}`, ready, ""},
		{"sealed secret new", "bitnami.com/v1alpha1", "SealedSecret", `{}`, progressing, "Synced is not set"},
		{"sealed secret", "bitnami.com/v1alpha1", "SealedSecret", `{status: {observedGeneration: 2, conditions: [{type: Synced, status: "True"}]}}`, ready, ""},
		{"knative", "serving.knative.dev/v1", "Service", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: Unknown, message: deploying}]}}`, progressing, "deploying"},
		{"knative up", "serving.knative.dev/v1", "Service", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}}`, ready, ""},
		{"prometheus half", "monitoring.coreos.com/v1", "Prometheus", `{status: {conditions: [{type: Available, status: "True"}]}}`, progressing, "Reconciled"},
		{"alertmanager", "monitoring.coreos.com/v1", "Alertmanager", `{status: {conditions: [{type: Available, status: "True"}, {type: Reconciled, status: "True"}]}}`, ready, ""},
		{"monitor", "monitoring.coreos.com/v1", "ServiceMonitor", `{}`, ready, ""},
		{"helm release", "helm.toolkit.fluxcd.io/v2", "HelmRelease", `{status: {observedGeneration: 2, conditions: [{type: Reconciling, status: "True", message: fetching}, {type: Ready, status: Unknown}]}}`, progressing, "fetching"},
		{"helm release stalled", "helm.toolkit.fluxcd.io/v2", "HelmRelease", `{status: {observedGeneration: 2, conditions: [{type: Stalled, status: "True", message: retries exhausted}, {type: Ready, status: "False"}]}}`, dead, "retries exhausted"},
		{"kustomization", "kustomize.toolkit.fluxcd.io/v1", "Kustomization", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}}`, ready, ""},
		{"crossplane unsynced", "rds.aws.upbound.io/v1beta1", "Instance", `{status: {conditions: [{type: Synced, status: "False", message: cannot assume role}, {type: Ready, status: "False"}]}}`, progressing, "cannot assume role"},
		{"crossplane", "rds.aws.upbound.io/v1beta1", "Instance", `{status: {conditions: [{type: Synced, status: "True"}, {type: Ready, status: "True"}]}}`, ready, ""},
		{"crossplane half", "database.example.crossplane.io/v1", "Database", `{status: {conditions: [{type: Synced, status: "True"}]}}`, progressing, "Ready is not set"},
		{"provider", "pkg.crossplane.io/v1", "Provider", `{status: {conditions: [{type: Installed, status: "True"}, {type: Healthy, status: Unknown, message: unpacking}]}}`, progressing, "unpacking"},
		{"composition", "apiextensions.crossplane.io/v1", "Composition", `{}`, ready, ""},
		{"kafka", "kafka.strimzi.io/v1beta2", "Kafka", `{status: {observedGeneration: 2, conditions: [{type: NotReady, status: "True", reason: Creating, message: cluster is being deployed}]}}`, progressing, "being deployed"},
		{"kafka up", "kafka.strimzi.io/v1beta2", "Kafka", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}}`, ready, ""},
		{"node pool", "kafka.strimzi.io/v1", "KafkaNodePool", `{status: {observedGeneration: 2, nodeIds: [0, 1], replicas: 2}}`, ready, ""},
		{"node pool old word", "kafka.strimzi.io/v1", "KafkaNodePool", `{status: {observedGeneration: 1, nodeIds: [0, 1]}}`, progressing, "not yet seen"},
		{"rebalance", "kafka.strimzi.io/v1", "KafkaRebalance", `{status: {observedGeneration: 2, conditions: [{type: Rebalancing, status: "True"}]}}`, progressing, "Ready is not set"},
		{"rebalance proposed", "kafka.strimzi.io/v1", "KafkaRebalance", `{status: {observedGeneration: 2, conditions: [{type: ProposalReady, status: "True"}]}}`, ready, "approval"},
		{"scaled object new", "keda.sh/v1alpha1", "ScaledObject", `{}`, progressing, "Ready is not set"},
		{"scaled object unknown", "keda.sh/v1alpha1", "ScaledObject", `{status: {conditions: [{type: Ready, status: Unknown}, {type: Active, status: Unknown}]}}`, progressing, "Ready=Unknown"},
		{"scaled object wrong", "keda.sh/v1alpha1", "ScaledObject", `{status: {conditions: [{type: Ready, status: "False", reason: ScaledObjectCheckFailed, message: target is missing}]}}`, progressing, "target is missing"},
		{"scaled object idle", "keda.sh/v1alpha1", "ScaledObject", `{status: {conditions: [{type: Ready, status: "True"}, {type: Active, status: "False"}, {type: Fallback, status: "False"}]}}`, ready, ""},
		{"scaled object paused", "keda.sh/v1alpha1", "ScaledObject", `{status: {conditions: [{type: Ready, status: "True"}, {type: Active, status: Unknown}, {type: Paused, status: "True"}]}}`, ready, ""},
		{"scaled job", "keda.sh/v1alpha1", "ScaledJob", `{status: {conditions: [{type: Ready, status: "True"}]}}`, ready, ""},
		{"trigger authentication", "keda.sh/v1alpha1", "TriggerAuthentication", `{}`, ready, ""},
		{"bundle new", "trust.cert-manager.io/v1alpha1", "Bundle", `{}`, progressing, "Synced is not set"},
		{"bundle", "trust.cert-manager.io/v1alpha1", "Bundle", `{status: {conditions: [{type: Synced, status: "True", observedGeneration: 2}]}}`, ready, ""},
		{"bundle without its source", "trust.cert-manager.io/v1alpha1", "Bundle", `{status: {conditions: [{type: Synced, status: "False", reason: SourceNotFound, message: no such source, observedGeneration: 2}]}}`, progressing, "no such source"},
		{"ping source new", "sources.knative.dev/v1", "PingSource", `{}`, progressing, "Ready is not set"},
		{"subscription", "messaging.knative.dev/v1", "Subscription", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "False", message: no channel}]}}`, progressing, "no channel"},
		{"sequence", "flows.knative.dev/v1", "Sequence", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}}`, ready, ""},
		{"kustomization suspended", "kustomize.toolkit.fluxcd.io/v1", "Kustomization", `{spec: {suspend: true}, status: {observedGeneration: 1, conditions: [{type: Ready, status: "False"}]}}`, ready, "suspended"},
		{"kustomization resumed", "kustomize.toolkit.fluxcd.io/v1", "Kustomization", `{spec: {suspend: false}, status: {observedGeneration: 1, conditions: [{type: Ready, status: "True"}]}}`, progressing, "not yet seen"},
		{"crossplane paused", "rds.aws.upbound.io/v1beta1", "Instance", `{status: {conditions: [{type: Synced, status: "False", reason: ReconcilePaused}]}}`, ready, "paused"},
		{"virtual service", "networking.istio.io/v1", "VirtualService", `{}`, ready, ""},
		{"gateway", "gateway.networking.k8s.io/v1", "Gateway", `{status: {conditions: [{type: Accepted, status: "True"}, {type: Programmed, status: "False", message: no address}]}}`, progressing, "no address"},
		{"gateway up", "gateway.networking.k8s.io/v1", "Gateway", `{status: {conditions: [{type: Accepted, status: "True"}, {type: Programmed, status: "True"}]}}`, ready, ""},
		{"route new", "gateway.networking.k8s.io/v1", "HTTPRoute", `{spec: {parentRefs: [{name: edge}]}}`, progressing, "0 of 1"},
		{"route refused", "gateway.networking.k8s.io/v1", "HTTPRoute", `{spec: {parentRefs: [{name: edge}]}, status: {parents: [{parentRef: {name: edge}, conditions: [{type: Accepted, status: "True"}, {type: ResolvedRefs, status: "False", reason: BackendNotFound, message: no service web}]}]}}`, progressing, "gateway edge: ResolvedRefs=False: BackendNotFound: no service web"},
		{"route old word", "gateway.networking.k8s.io/v1", "HTTPRoute", `{spec: {parentRefs: [{name: edge}]}, status: {parents: [{parentRef: {name: edge}, conditions: [{type: Accepted, status: "True", observedGeneration: 1}]}]}}`, progressing, "not yet seen"},
		{"route", "gateway.networking.k8s.io/v1", "HTTPRoute", `{spec: {parentRefs: [{name: edge}]}, status: {parents: [{parentRef: {name: edge}, conditions: [{type: Accepted, status: "True"}, {type: ResolvedRefs, status: "True"}]}]}}`, ready, ""},
		{"api service", "apiregistration.k8s.io/v1", "APIService", `{status: {conditions: [{type: Available, status: "False", message: no endpoints}]}}`, progressing, "no endpoints"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := readiness(status(t, tt.apiVersion, tt.kind, tt.text), false)
			if got.state != tt.want || !strings.Contains(got.message, tt.message) {
				t.Errorf("%d %q, want %d %q", got.state, got.message, tt.want, tt.message)
			}
		})
	}
}

func TestRebalanceByItsAnnotations(t *testing.T) {
	for annotation, want := range map[string]verdict{
		"strimzi.io/rebalance-template":      {ready, "a template"},
		"strimzi.io/rebalance-auto-approval": {progressing, "condition Ready is not set"},
		"example.com/else":                   {ready, "waits for its approval"},
	} {
		o := status(t, "kafka.strimzi.io/v1", "KafkaRebalance", `{status: {observedGeneration: 2, conditions: [{type: ProposalReady, status: "True"}]}}`)
		o.SetAnnotations(map[string]string{annotation: "true"})
		if got := readiness(o, false); got != want {
			t.Errorf("%s: %+v, want %+v", annotation, got, want)
		}
	}
}

func TestCustomTroubleIsGivenTime(t *testing.T) {
	o := status(t, "bitnami.com/v1alpha1", "SealedSecret", `{status: {observedGeneration: 2, conditions: [{type: Synced, status: "False", reason: Undecryptable, message: no key could decrypt secret}]}}`)
	w := alone(toBeReady(o, Create, true, Criteria{}))
	now := time.Now()
	for _, tt := range []struct {
		after time.Duration
		fails bool
	}{{0, false}, {29 * time.Second, false}, {31 * time.Second, true}} {
		err := w.assess(now.Add(tt.after))
		if (err != nil) != tt.fails {
			t.Errorf("after %s: %v", tt.after, err)
		}
		if err != nil && !strings.Contains(err.Error(), "no key could decrypt") {
			t.Error(err)
		}
	}
}

// alone is a waiter for one item, without watches.
func alone(a *awaited) *waiter {
	return &waiter{
		items: []*awaited{a}, patience: patience{}, events: map[string]kube.Event{}, began: time.Now(),
		pods: map[string]*unstructured.Unstructured{}, sets: map[string]*unstructured.Unstructured{},
	}
}

func compiled(t *testing.T, text string) *expression.Expression {
	t.Helper()
	if text == "" {
		return nil
	}
	e, err := expression.Compile(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestCriteria(t *testing.T) {
	for _, tt := range []struct {
		name, ready, failed, text string
		want                      state
		message                   string
	}{
		{"no status", `status.phase == 'Up'`, "", `{}`, progressing, "no such key: phase"},
		{"not yet", `status.phase == 'Up'`, "", `{status: {phase: Pending, message: pulling}}`, progressing, "not yet status.phase == 'Up'; phase Pending: pulling"},
		{"ready", `status.phase == 'Up'`, "", `{status: {phase: Up}}`, ready, "phase Up"},
		{"ready whatever the condition", `status.phase == 'Up'`, "", `{status: {phase: Up, conditions: [{type: Ready, status: "False"}]}}`, ready, ""},
		{"of an older generation", `status.phase == 'Up'`, `status.phase == 'Up'`, `{status: {observedGeneration: 1, phase: Up}}`, progressing, "not yet seen"},
		{"failed", `status.phase == 'Up'`, `status.phase == 'Broken'`, `{status: {phase: Broken, message: no disk}}`, dead, "failed, as status.phase == 'Broken'; phase Broken: no disk"},
		{"only failed", "", `has(status.error)`, `{status: {conditions: [{type: Ready, status: "False", message: soon}]}}`, progressing, "soon"},
		{"failed cannot say", "", `status.error != ''`, `{status: {conditions: [{type: Ready, status: "True"}]}}`, ready, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Criteria{Ready: compiled(t, tt.ready), Failed: compiled(t, tt.failed)}
			got := c.judge(status(t, "example.com/v1", "Widget", tt.text), false)
			if got.state != tt.want || !strings.Contains(got.message, tt.message) {
				t.Errorf("%d %q, want %d %q", got.state, got.message, tt.want, tt.message)
			}
		})
	}
	req := Request{Readiness: map[string]Criteria{"example.com/Widget": {Tolerate: []string{"a"}}, "Pod": {Tolerate: []string{"b"}}}}
	for _, tt := range []struct{ apiVersion, kind, want string }{{"example.com/v2", "Widget", "a"}, {"v1", "Pod", "b"}, {"apps/v1", "Pod", ""}} {
		if got := strings.Join(req.criteria(status(t, tt.apiVersion, tt.kind, "{}")).Tolerate, ""); got != tt.want {
			t.Errorf("%s/%s: %q", tt.apiVersion, tt.kind, got)
		}
	}
}

// A custom resource is not ready before its controller has said something, as
// long as one may be expected to.
func TestUnheard(t *testing.T) {
	widget := func(version, text string) *unstructured.Unstructured {
		o := status(t, "example.com/v1", "Widget", text)
		o.SetResourceVersion(version)
		return o
	}
	for _, tt := range []struct {
		name    string
		applied *unstructured.Unstructured
		change  Action
		now     *unstructured.Unstructured
		after   time.Duration
		want    state
	}{
		{"fresh", widget("1", `{}`), Create, nil, 0, progressing},
		{"fresh, an empty list", widget("1", `{status: {conditions: []}}`), Create, nil, 5 * time.Second, progressing},
		{"fresh, spoken", widget("1", `{}`), Create, widget("2", `{status: {phase: x}}`), time.Second, ready},
		{"fresh, silent", widget("1", `{}`), Create, nil, quietAfterCreation, ready},
		{"changed, old word", widget("5", `{status: {conditions: [{type: Ready, status: "True"}]}}`), Modify, nil, time.Second, progressing},
		{"changed, new word", widget("5", `{status: {conditions: [{type: Ready, status: "True"}]}}`), Modify, widget("6", `{status: {conditions: [{type: Ready, status: "True"}]}}`), 0, ready},
		{"changed, silent", widget("5", `{status: {conditions: [{type: Ready, status: "True"}]}}`), Modify, nil, quietAfterChange, ready},
		{"changed, counted", widget("5", `{status: {observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}}`), Modify, nil, 0, ready},
		{"unchanged", widget("5", `{}`), Unchanged, nil, 0, ready},
		{"built in", status(t, "networking.k8s.io/v1", "Ingress", `{}`), Create, nil, 0, ready},
		{"silent kind", status(t, "security.istio.io/v1", "AuthorizationPolicy", `{}`), Create, nil, 0, ready},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := toBeReady(tt.applied, tt.change, true, Criteria{})
			w := alone(a)
			if tt.now != nil {
				a.object = tt.now
			}
			if got := w.judge(a, w.began.Add(tt.after)); got.state != tt.want {
				t.Errorf("%d %q, want %d", got.state, got.message, tt.want)
			}
		})
	}
}

func TestClaimThatWaitsForItsPod(t *testing.T) {
	claim := status(t, "v1", "PersistentVolumeClaim", `{spec: {storageClassName: lazy}, status: {phase: Pending}}`)
	a := toBeReady(claim, Create, true, Criteria{})
	w := alone(a)
	if v := w.judge(a, w.began); v.state != progressing {
		t.Errorf("%v", v)
	}
	w.consumers = map[string]bool{"lazy": true}
	if v := w.judge(a, w.began); v.state != ready || !strings.Contains(v.message, "first pod") {
		t.Errorf("%v", v)
	}
}

func TestNotes(t *testing.T) {
	for _, tt := range []struct{ key, value, err string }{
		{waitNote, "ignore", ""},
		{waitNote, "never", `"never" is unknown; write ignore`},
		{timeoutNote, "20m", ""},
		{timeoutNote, "20", "write it as 90s or 20m"},
		{timeoutNote, "-1s", "no time"},
		{timeoutNote, "200h", "up to 24h"},
		{tolerateNote, "CrashLoopBackOff, ErrImagePull", ""},
		{tolerateNote, "*", ""},
		{tolerateNote, "Crashing", `"Crashing" is no reason`},
	} {
		o := status(t, "apps/v1", "Deployment", "{}")
		o.SetAnnotations(map[string]string{tt.key: tt.value})
		_, err := notesOf(o)
		if (err == nil) != (tt.err == "") || err != nil && (!strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), tt.key)) {
			t.Errorf("%s: %q: %v, want %q", tt.key, tt.value, err, tt.err)
		}
	}
}

func TestTolerated(t *testing.T) {
	pod := `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, uid: one, annotations: {pintle.dev/tolerate: %s}}
spec: {containers: [{name: web, image: web:1}]}
status:
  phase: Pending
  containerStatuses:
  - {name: web, restartCount: 3, state: {waiting: {reason: ImagePullBackOff}}}
`
	for value, fails := range map[string]bool{"CrashLoopBackOff": true, "ErrImagePull": false, `"*"`: false} {
		o := obj(t, strings.Replace(pod, "%s", value, 1))
		w := alone(toBeReady(o, Create, true, Criteria{}))
		w.pods["one"] = o
		err := w.assess(w.began)
		if err == nil {
			err = w.assess(w.began.Add(time.Minute))
		}
		if (err != nil) != fails {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// An object with a limit of its own neither ends the wait of the others nor is
// ended by them.
func TestLateItems(t *testing.T) {
	now := time.Now()
	plain := &awaited{ref: kube.Ref{Kind: "Deployment", Name: "plain"}, expires: now, verdict: verdict{progressing, "starting"}}
	patient := &awaited{ref: kube.Ref{Kind: "Widget", Name: "patient"}, expires: now.Add(time.Hour), verdict: verdict{progressing, "growing"}}
	w := &waiter{items: []*awaited{plain, patient}, began: now}
	if w.late(now.Add(-time.Second)) || !w.late(now) {
		t.Error("late at the wrong time")
	}
	err := w.ended(errTimeout)
	if !strings.Contains(err.Error(), "Deployment/plain") || strings.Contains(err.Error(), "and 1 more") {
		t.Error(err)
	}
	plain.verdict = verdict{ready, ""}
	if w.late(now) {
		t.Error("the patient one is late already")
	}
}
