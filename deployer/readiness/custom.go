package readiness

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/text"
)

// rule is how a well-known kind of custom resource tells that it is ready, where the conditions Ready, Reconciling and
// Stalled alone do not say it.
type rule struct {
	needs    []string // conditions that must all be True
	failed   []string // conditions that are final when True
	barred   []string // conditions that, when False for a while, are final: see customTrouble
	silent   bool     // nobody writes a status: it is ready once it exists
	evaluate func(*unstructured.Unstructured) Status
}

// customRules are keyed by "group/Kind", or by "group/*" for all other kinds of a group. The conditions are those that
// the projects document.
var customRules = map[string]rule{
	"argoproj.io/Rollout":              {evaluate: rolloutReady},
	"argoproj.io/Application":          {evaluate: applicationReady},
	"argoproj.io/AppProject":           {silent: true},
	"cert-manager.io/*":                {needs: []string{"Ready"}},
	"trust.cert-manager.io/Bundle":     {needs: []string{"Synced"}},
	"external-secrets.io/*":            {needs: []string{"Ready"}},
	"generators.external-secrets.io/*": {silent: true},
	"bitnami.com/SealedSecret":         {needs: []string{"Synced"}, barred: []string{"Synced"}},
	"serving.knative.dev/*":            {needs: []string{"Ready"}, barred: []string{"Ready"}},
	"eventing.knative.dev/*":           {needs: []string{"Ready"}},
	"sources.knative.dev/*":            {needs: []string{"Ready"}},
	"messaging.knative.dev/*":          {needs: []string{"Ready"}},
	"flows.knative.dev/*":              {needs: []string{"Ready"}},
	"kafka.strimzi.io/*":               {evaluate: strimziReady},
	"kafka.strimzi.io/KafkaNodePool":   {evaluate: customReady}, // it has no condition: its Kafka tells
	"kafka.strimzi.io/KafkaRebalance":  {evaluate: rebalanceReady},
	"postgresql.cnpg.io/Cluster":       {needs: []string{"Ready"}},
	"rabbitmq.com/RabbitmqCluster":     {needs: []string{"AllReplicasReady", "ClusterAvailable"}},

	"keda.sh/ScaledObject":                 {needs: []string{"Ready"}},
	"keda.sh/ScaledJob":                    {needs: []string{"Ready"}},
	"keda.sh/TriggerAuthentication":        {silent: true}, // its status says who uses it
	"keda.sh/ClusterTriggerAuthentication": {silent: true},

	"monitoring.coreos.com/Prometheus":      {needs: []string{"Available", "Reconciled"}},
	"monitoring.coreos.com/PrometheusAgent": {needs: []string{"Available", "Reconciled"}},
	"monitoring.coreos.com/Alertmanager":    {needs: []string{"Available", "Reconciled"}},
	"monitoring.coreos.com/ThanosRuler":     {needs: []string{"Available", "Reconciled"}},
	"monitoring.coreos.com/*":               {silent: true}, // monitors and rules

	"gateway.networking.k8s.io/GatewayClass": {needs: []string{"Accepted"}},
	"gateway.networking.k8s.io/Gateway":      {needs: []string{"Accepted", "Programmed"}},
	"gateway.networking.k8s.io/HTTPRoute":    {evaluate: routeReady},
	"gateway.networking.k8s.io/GRPCRoute":    {evaluate: routeReady},
	"gateway.networking.k8s.io/TLSRoute":     {evaluate: routeReady},
	"gateway.networking.k8s.io/TCPRoute":     {evaluate: routeReady},
	"gateway.networking.k8s.io/UDPRoute":     {evaluate: routeReady},
	"gateway.networking.k8s.io/*":            {silent: true}, // ReferenceGrant

	"networking.istio.io/*": {silent: true},
	"security.istio.io/*":   {silent: true},
	"telemetry.istio.io/*":  {silent: true},
	"extensions.istio.io/*": {silent: true},

	"pkg.crossplane.io/Provider":                              {needs: []string{"Installed", "Healthy"}},
	"pkg.crossplane.io/Configuration":                         {needs: []string{"Installed", "Healthy"}},
	"pkg.crossplane.io/Function":                              {needs: []string{"Installed", "Healthy"}},
	"apiextensions.crossplane.io/CompositeResourceDefinition": {needs: []string{"Established"}},
	"apiextensions.crossplane.io/*":                           {silent: true}, // Composition
}

// ruleFor finds the rule of a kind. The groups of Crossplane's managed resources are as many as its providers.
func ruleFor(group, kind string) (rule, bool) {
	if r, ok := customRules[group+"/"+kind]; ok {
		return r, true
	}
	if r, ok := customRules[group+"/*"]; ok {
		return r, true
	}
	if strings.HasSuffix(group, ".crossplane.io") || strings.HasSuffix(group, ".upbound.io") {
		return rule{evaluate: managedReady}, true
	}
	return rule{}, false
}

func (r rule) ready(o *unstructured.Unstructured) Status {
	for _, name := range r.failed {
		if c, ok := object.ConditionOf(o, name); ok && c.Status == "True" {
			return Status{Failed, strings.ToLower(name) + ": " + c.Message}
		}
	}
	switch {
	case r.silent:
		return Status{Ready, ""}
	case r.evaluate != nil:
		return r.evaluate(o)
	}
	for _, name := range r.needs {
		if v := conditionReady(o, name); v.State != Ready {
			return v
		}
	}
	return Status{Ready, ""}
}

// CustomTrouble is a condition that its controller sets to False when it has given up, yet may take back: it is given
// some time.
func CustomTrouble(o *unstructured.Unstructured) (Trouble, bool) {
	r, _ := ruleFor(o.GroupVersionKind().Group, o.GetKind())
	for _, name := range r.barred {
		if c, ok := object.ConditionOf(o, name); ok && c.Status == "False" {
			cause := strings.TrimSuffix(fmt.Sprintf("%s=False, %s: %s", name, c.Reason, text.Brief(c.Message)), ": ")
			return Trouble{Reason: givenUp, Cause: cause, key: string(o.GetUID()) + "/" + name, episode: givenUp}, true
		}
	}
	return Trouble{}, false
}

// rolloutReady reads Argo Rollouts' own phase. A pause that only a person ends is as far as a deploy can come.
func rolloutReady(o *unstructured.Unstructured) Status {
	phase, message := object.String(o, "status", "phase"), object.String(o, "status", "message")
	said := strings.TrimSuffix("phase "+phase+": "+message, ": ")
	switch phase {
	case "Healthy":
		return Status{Ready, said}
	case "Degraded":
		return Status{Failed, said}
	case "Paused":
		if timedPause(o) {
			return Status{Progressing, said}
		}
		return Status{Ready, "paused, waits for its promotion"}
	case "":
		return Status{Progressing, "not yet seen by its controller"}
	}
	return Status{Progressing, said}
}

// timedPause reports that the canary step at which a Rollout stands ends by itself.
func timedPause(o *unstructured.Unstructured) bool {
	steps, _, _ := unstructured.NestedSlice(o.Object, "spec", "strategy", "canary", "steps")
	i := object.Int(o, "status", "currentStepIndex")
	if i < 0 || i >= int64(len(steps)) {
		return false
	}
	step, _ := steps[i].(map[string]any)
	pause, _ := step["pause"].(map[string]any)
	return pause["duration"] != nil
}

func applicationReady(o *unstructured.Unstructured) Status {
	sync, health := object.String(o, "status", "sync", "status"), object.String(o, "status", "health", "status")
	message := object.String(o, "status", "health", "message")
	said := strings.TrimSuffix(fmt.Sprintf("sync %q, health %q: %s", sync, health, message), ": ")
	return reached(sync == "Synced" && (health == "Healthy" || health == "Suspended"), said)
}

// strimziReady waits for Ready; while that is missing, NotReady says why.
func strimziReady(o *unstructured.Unstructured) Status {
	if c, ok := object.ConditionOf(o, "NotReady"); ok && c.Status == "True" {
		return Status{Progressing, strings.TrimSuffix("not ready: "+c.Reason+": "+c.Message, ": ")}
	}
	return conditionReady(o, "Ready")
}

// rebalanceReady waits for the end of a rebalancing, but not for a person who must approve its proposal, and not for
// what only configures others.
func rebalanceReady(o *unstructured.Unstructured) Status {
	notes := o.GetAnnotations()
	if notes["strimzi.io/rebalance-template"] == "true" {
		return Status{Ready, "a template"}
	}
	approved := notes["strimzi.io/rebalance-auto-approval"] == "true"
	if c, ok := object.ConditionOf(o, "ProposalReady"); ok && c.Status == "True" && !approved {
		return Status{Ready, "waits for its approval"}
	}
	return strimziReady(o)
}

// SuspendedByFlux reports an object of Flux that its controller has been told to leave alone: it will never see a
// change.
func SuspendedByFlux(o *unstructured.Unstructured) bool {
	on, _, _ := unstructured.NestedBool(o.Object, "spec", "suspend")
	return on && strings.HasSuffix(o.GroupVersionKind().Group, ".toolkit.fluxcd.io")
}

// managedReady is for Crossplane's managed resources. Kinds such as ProviderConfig have neither condition and are
// ready, and so is what is paused by its annotation.
func managedReady(o *unstructured.Unstructured) Status {
	sync, synced := object.ConditionOf(o, "Synced")
	if sync.Reason == "ReconcilePaused" {
		return Status{Ready, "paused"}
	}
	_, isReady := object.ConditionOf(o, "Ready")
	if !synced && !isReady {
		return Status{Ready, ""}
	}
	for _, name := range []string{"Synced", "Ready"} {
		if v := conditionReady(o, name); v.State != Ready {
			return v
		}
	}
	return Status{Ready, ""}
}

// routeReady wants every gateway that a route names to have taken it.
func routeReady(o *unstructured.Unstructured) Status {
	parents, _, _ := unstructured.NestedSlice(o.Object, "status", "parents")
	wants, _, _ := unstructured.NestedSlice(o.Object, "spec", "parentRefs")
	if len(parents) < len(wants) {
		return Status{Progressing, fmt.Sprintf("taken by %d of %d gateways", len(parents), len(wants))}
	}
	for _, p := range parents {
		m, _ := p.(map[string]any)
		parent := &unstructured.Unstructured{Object: m}
		list, _, _ := unstructured.NestedSlice(m, "conditions")
		for _, name := range []string{"Accepted", "ResolvedRefs"} {
			c, ok := object.ConditionIn(list, name)
			at := "gateway " + object.String(parent, "parentRef", "name") + ": "
			switch {
			case !ok:
				return Status{Progressing, at + "condition " + name + " is not set"}
			case c.Observed > 0 && c.Observed < o.GetGeneration():
				return Status{Progressing, at + "the last change is not yet seen"}
			case c.Status != "True":
				return Status{Progressing, at + strings.TrimSuffix(name+"="+c.Status+": "+c.Reason+": "+c.Message, ": ")}
			}
		}
	}
	return Status{Ready, ""}
}

// builtinGroups are the groups with a dot that belong to Kubernetes itself: the kinds in them that have a status are
// judged by rules or by nobody.
var builtinGroups = map[string]bool{
	"admissionregistration.k8s.io": true, "apiextensions.k8s.io": true, "apiregistration.k8s.io": true,
	"authentication.k8s.io": true, "authorization.k8s.io": true, "certificates.k8s.io": true, "coordination.k8s.io": true,
	"discovery.k8s.io": true, "events.k8s.io": true, "flowcontrol.apiserver.k8s.io": true, "internal.apiserver.k8s.io": true,
	"networking.k8s.io": true, "node.k8s.io": true, "rbac.authorization.k8s.io": true, "resource.k8s.io": true,
	"scheduling.k8s.io": true, "storage.k8s.io": true, "storagemigration.k8s.io": true,
}

// IsCustom reports whether objects of a group are made from a CRD.
func IsCustom(group string) bool { return strings.Contains(group, ".") && !builtinGroups[group] }

// HasStatus reports whether some controller has written a status that says anything.
func HasStatus(o *unstructured.Unstructured) bool {
	status, _, _ := unstructured.NestedMap(o.Object, "status")
	for _, v := range status {
		if list, ok := v.([]any); ok && len(list) == 0 {
			continue
		}
		return true
	}
	return false
}

// ExpectsStatus reports whether a controller is to be expected that writes the status of an object: it is a custom
// resource of a kind that is not known to have none.
func ExpectsStatus(o *unstructured.Unstructured) bool {
	group := o.GroupVersionKind().Group
	r, _ := ruleFor(group, o.GetKind())
	return IsCustom(group) && !r.silent
}
