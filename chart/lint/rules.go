package lint

import "slices"

// Rule is one thing that is looked for. IDs are stable: they stand in users'
// configurations.
type Rule struct {
	ID       string
	Severity Severity
	Title    string // what it finds
	Fix      string // what to do
	Why      string // what happens otherwise; may be empty
	Bad      string // lines of YAML that it finds; may be empty
	Good     string // what to write in their place
}

// Rules lists all rules by id.
func Rules() []Rule {
	list := slices.Clone(rules)
	for i := range list {
		e := examples[list[i].ID]
		list[i].Bad, list[i].Good = e.bad, e.good
	}
	return list
}

// ruleOf is the rule with that id. An id that another room made, such as a
// finding of the renderer, is a warning.
func ruleOf(id string) Rule {
	for _, r := range rules {
		if r.ID == id {
			return r
		}
	}
	return Rule{ID: id, Severity: Warning}
}

// rules are sorted by id.
var rules = []Rule{
	{ID: "api/deprecated", Severity: Warning, Title: "an API version that a later Kubernetes removes", Fix: "write the newer apiVersion",
		Why: "The chart works until the cluster is upgraded; then neither it nor an older revision of it can be applied."},
	{ID: "api/removed", Severity: Error, Title: "an API version that this Kubernetes does not serve any more", Fix: "write the newer apiVersion, or name the cluster's Kubernetes version",
		Why: "The API server refuses the object."},
	{ID: "api/unknown", Severity: Error, Title: "a kind that this Kubernetes does not have", Fix: "correct apiVersion and kind",
		Why: "The API server refuses the object. Kinds of groups that are not Kubernetes' own are custom resources; without a cluster nobody knows them, so they are left alone."},
	{ID: "autoscaler/replicas", Severity: Warning, Title: "replicas in a workload that an autoscaler scales", Fix: "leave replicas out while the autoscaler is on",
		Why: "Every deploy sets the number back to the chart's, in the middle of the day's load."},
	{ID: "autoscaler/target", Severity: Warning, Title: "an autoscaler of a workload that the chart does not make", Fix: "correct scaleTargetRef",
		Why: "It scales nothing, and says so only in its status."},
	{ID: "budget/blocks-drain", Severity: Warning, Title: "a disruption budget that lets no pod go", Fix: "set maxUnavailable: 1, or more replicas than minAvailable",
		Why: "A node with such a pod cannot be drained: the upgrade of the cluster hangs until somebody deletes the budget."},
	{ID: "budget/selects-nothing", Severity: Warning, Title: "a disruption budget that selects no pod", Fix: "use the labels of the pods",
		Why: "It protects nothing."},
	{ID: "chart/api-version", Severity: Error, Title: "apiVersion is neither v1 nor v2", Fix: "write apiVersion: v2",
		Why: "Helm refuses the chart."},
	{ID: "chart/app-version-type", Severity: Error, Title: "appVersion is no text", Fix: "put quotes around appVersion",
		Why: "YAML reads 1.10 as the number 1.1."},
	{ID: "chart/dependencies-v1", Severity: Error, Title: "dependencies in a Chart.yaml of apiVersion v1", Fix: "write apiVersion: v2",
		Why: "In apiVersion v1 they stand in requirements.yaml; those in Chart.yaml are not looked at."},
	{ID: "chart/folder", Severity: Error, Title: "templates or crds is a file", Fix: "make it a folder",
		Why: "What is in it is not a part of the release."},
	{ID: "chart/icon", Severity: Info, Title: "no icon", Fix: "add icon with a URL",
		Why: "Catalogues show it."},
	{ID: "chart/load", Severity: Error, Title: "a chart that cannot be loaded", Fix: "correct the file that the message names",
		Why: "Nothing else can be said about it."},
	{ID: "chart/maintainers", Severity: Error, Title: "a maintainer without a name, or with a wrong email or URL", Fix: "correct maintainers in Chart.yaml",
		Why: "Helm refuses the chart."},
	{ID: "chart/name-format", Severity: Warning, Title: "a name that an OCI registry or Kubernetes does not take", Fix: "use lower-case letters, digits and - in the name",
		Why: "The name becomes a part of a registry's path and of labels."},
	{ID: "chart/type-v1", Severity: Error, Title: "type in a Chart.yaml of apiVersion v1", Fix: "write apiVersion: v2",
		Why: "The field came with apiVersion v2."},
	{ID: "chart/unknown-field", Severity: Warning, Title: "a field that Helm does not know", Fix: "remove it, or move it into annotations",
		Why: "It is ignored, and lost when the chart is packaged."},
	{ID: "chart/url", Severity: Error, Title: "a source or icon that is no URL", Fix: "write a whole URL, with https://",
		Why: "Helm refuses the chart."},
	{ID: "chart/version-semver", Severity: Warning, Title: "a version that is not strictly semantic", Fix: "write MAJOR.MINOR.PATCH without a leading v",
		Why: "OCI registries and version ranges need one."},
	{ID: "chart/version-type", Severity: Error, Title: "version is no text", Fix: "put quotes around version",
		Why: "YAML reads 1.10 as the number 1.1."},
	{ID: "config/no-rollout", Severity: Info, Title: "pods that keep an old ConfigMap", Fix: "add an annotation with a checksum of the ConfigMap to the pods' template",
		Why: "The deploy succeeds and nothing changes, until the pods restart for another reason. A program that reads its files again needs no restart."},
	{ID: "container/duplicate", Severity: Error, Title: "two containers of a pod, or two ports of a container, with one name", Fix: "give each its own name",
		Why: "The API server refuses the pods."},
	{ID: "crd/api-version", Severity: Error, Title: "a file in crds/ that is not of apiextensions.k8s.io", Fix: "move it to templates/",
		Why: "crds/ is only for CustomResourceDefinitions."},
	{ID: "crd/kind", Severity: Error, Title: "a file in crds/ that is no CustomResourceDefinition", Fix: "move it to templates/",
		Why: "crds/ is installed once and never upgraded."},
	{ID: "crd/yaml", Severity: Error, Title: "a file in crds/ that is no YAML", Fix: "correct the file; crds/ is not templated",
		Why: "Files of crds/ are applied as they are."},
	{ID: "dependency/missing", Severity: Warning, Title: "a dependency that charts/ lacks", Fix: "fetch the dependencies of Chart.yaml into charts/",
		Why: "The chart cannot be installed."},
	{ID: "dependency/undeclared", Severity: Error, Title: "a chart in charts/ that Chart.yaml does not name", Fix: "add it to dependencies in Chart.yaml, or remove it",
		Why: "It is installed all the same, and nothing can disable it."},
	{ID: "hook/delete-policy", Severity: Info, Title: "a Job or Pod of a hook without a delete policy", Fix: "add the annotation helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded",
		Why: "It stays in the cluster until the hook runs again; a kept Pod can hold a volume, a kept Job raises alarms."},
	{ID: "image/invalid", Severity: Error, Title: "an image that no registry can have", Fix: "set the image's repository and tag in the values",
		Why: "The pod can never start."},
	{ID: "image/latest", Severity: Warning, Title: "an image with the tag latest, which changes under the release", Fix: "set a version as the tag",
		Why: "Two pods of one release run different programs, and a rollback changes nothing."},
	{ID: "image/untagged", Severity: Warning, Title: "an image without a tag, which means latest", Fix: "set a version as the tag",
		Why: "Two pods of one release run different programs, and a rollback changes nothing."},
	{ID: "ingress/port", Severity: Error, Title: "an ingress that sends to a port that its service does not have", Fix: "use a port of the service",
		Why: "Requests are answered with 503."},
	{ID: "lint/unknown-id", Severity: Warning, Title: "a comment that ignores a rule which does not exist", Fix: "correct the id",
		Why: "The finding that it was meant for shows, or the rule has gone and so can the comment."},
	{ID: "manifest/unknown-hook", Severity: Warning, Title: "a hook that Helm does not know; the object is left out", Fix: "correct the annotation helm.sh/hook",
		Why: "The object is neither a hook nor a part of the release."},
	{ID: "object/fields", Severity: Error, Title: "an object without apiVersion, kind or name", Fix: "complete the object in its template",
		Why: "The API server refuses the object."},
	{ID: "object/label", Severity: Error, Title: "a label that Kubernetes does not take", Fix: "use at most 63 letters, digits, -, _ and ., with a letter or digit at both ends",
		Why: "The API server refuses the object."},
	{ID: "object/list-annotations", Severity: Error, Title: "helm.sh/resource-policy inside a List, where Helm does not look", Fix: "make each item a document of its own",
		Why: "The object is deleted with the release in spite of the annotation."},
	{ID: "object/long-release", Severity: Warning, Title: "a name or label that gets too long with a long release name", Fix: `cut it: trunc 63 and trimSuffix "-"`,
		Why: "A preview environment named after a branch has a long name; the API server refuses the object."},
	{ID: "object/name-format", Severity: Warning, Title: "a name that Kubernetes does not take", Fix: "use lower-case letters, digits, - and .; cut long names",
		Why: "The API server refuses the object, or a controller fails to make its pods."},
	{ID: "pod/host", Severity: Info, Title: "pods that use their node's network, processes or files", Fix: "leave it out where the program can do without",
		Why: `It breaks the walls between pods; the Pod Security level "baseline" refuses it, and two such pods cannot share a node's port.`},
	{ID: "pod/privileged", Severity: Warning, Title: "a privileged container", Fix: "ask for the capabilities that are needed",
		Why: "It may do on its node what root may."},
	{ID: "pod/volume", Severity: Error, Title: "a mount of a volume that the pod does not have", Fix: "add the volume, or correct the name",
		Why: "The API server refuses the pods."},
	{ID: "probe/port", Severity: Error, Title: "a probe of a port name that the container does not have", Fix: "use a name from the container's ports, or the number",
		Why: "The probe fails always: the pod is never ready, or is killed again and again."},
	{ID: "rbac/namespace", Severity: Error, Title: "a service account as a subject without its namespace", Fix: "write namespace: {{ .Release.Namespace }}",
		Why: "The API server refuses the binding."},
	{ID: "rbac/role", Severity: Warning, Title: "a binding to a role that the chart does not make", Fix: "correct roleRef, or make the role",
		Why: "The binding grants nothing until the role exists."},
	{ID: "rbac/subject", Severity: Warning, Title: "a binding for a service account that the chart does not make", Fix: "correct the subject's name",
		Why: "The pods run without the rights that the chart meant them to have."},
	{ID: "reference/key", Severity: Error, Title: "a key that a ConfigMap or Secret of the chart does not have", Fix: "use a key of it, or write optional: true",
		Why: "The container does not start: CreateContainerConfigError."},
	{ID: "reference/service-account", Severity: Warning, Title: "pods that run as a service account which the chart does not make", Fix: "correct serviceAccountName, or make the account",
		Why: "The pods are not created until the account exists."},
	{ID: "schema/duplicate", Severity: Error, Title: "two items of a list that must differ", Fix: "remove one",
		Why: "Server-side apply refuses the object; without it one of the two silently wins."},
	{ID: "schema/enum", Severity: Error, Title: "a value that is none of those allowed", Fix: "write one of the values in the message",
		Why: "The API server refuses the object."},
	{ID: "schema/missing-field", Severity: Error, Title: "a required field is missing", Fix: "add the field",
		Why: "The API server refuses the object."},
	{ID: "schema/quantity", Severity: Error, Title: "an amount that is no quantity", Fix: "write a number with m, k, M, G, Ki, Mi or Gi",
		Why: "The API server refuses the object."},
	{ID: "schema/type", Severity: Error, Title: "a value of the wrong type", Fix: "quote text that looks like a number or a switch; take quotes off numbers",
		Why: `The API server refuses the object. Most often a template lacks "| quote", and a value such as 8080, 1.10, on or 1e3 became a number or a switch.`},
	{ID: "schema/unavailable", Severity: Warning, Title: "the schemas of Kubernetes cannot be read", Fix: "report this as a fault of pintle",
		Why: "Objects were not held against their schemas."},
	{ID: "schema/unknown-field", Severity: Error, Title: "a field that the kind does not have", Fix: "correct the name or the indent of the field",
		Why: "The API server refuses the object, or drops the field: what it should do does not happen."},
	{ID: "secret/literal", Severity: Warning, Title: "a secret written into a template", Fix: "take it from the values or from a Secret that exists",
		Why: "Everybody who can read the chart has the secret."},
	{ID: "selector/mismatch", Severity: Error, Title: "a selector that does not match the pods' own labels", Fix: "use the same labels in selector and template",
		Why: "The API server refuses the object."},
	{ID: "selector/missing", Severity: Error, Title: "a workload without a selector", Fix: "add spec.selector.matchLabels",
		Why: "The API server refuses the object."},
	{ID: "selector/version", Severity: Error, Title: "a selector that changes with the version; Kubernetes refuses such an upgrade", Fix: "leave version labels out of the selector",
		Why: "A selector cannot change: the first upgrade fails."},
	{ID: "service/port", Severity: Warning, Title: "a service that sends to a port name which no pod has", Fix: "use a name from the pods' ports",
		Why: "Connections are refused."},
	{ID: "service/port-number", Severity: Info, Title: "a service that sends to a port which no container names", Fix: "correct targetPort, or add the port to the container",
		Why: "Ports need not be named to work, but a number that stands nowhere else is often wrong."},
	{ID: "service/selects-nothing", Severity: Warning, Title: "a service that selects no pod of the chart", Fix: "use the labels of the pods",
		Why: "Connections are refused."},
	{ID: "template/duplicate-key", Severity: Warning, Title: "a key that stands twice in a rendered mapping; the last one wins", Fix: "write the key once",
		Why: "What the first one said is silently lost: often labels or annotations that were included twice."},
	{ID: "template/exponent", Severity: Warning, Title: "a whole number that is printed with an exponent", Fix: "write {{ .Values.size | int64 }}",
		Why: "Numbers of values are floating point numbers: 1000000 becomes 1e+06, which most programs do not read as an integer."},
	{ID: "template/extension", Severity: Error, Title: "a file in templates/ that is neither .yaml, .yml, .tpl nor .txt", Fix: "rename it, or move it out of templates/",
		Why: "It is rendered as a manifest whatever its name is."},
	{ID: "template/fail", Severity: Warning, Title: "the chart refuses these values", Fix: "set the values that the message asks for",
		Why: ""},
	{ID: "template/missing", Severity: Warning, Title: "no templates", Fix: "add templates/, or write type: library",
		Why: "The chart deploys nothing."},
	{ID: "template/nil", Severity: Warning, Title: "a value that is missing shows in the output", Fix: "set the value, or give it a default in the template",
		Why: ""},
	{ID: "template/render", Severity: Error, Title: "the chart does not render", Fix: "",
		Why: ""},
	{ID: "template/required", Severity: Warning, Title: "a required value is missing", Fix: "set the value",
		Why: ""},
	{ID: "template/yaml", Severity: Error, Title: "a template renders to something that is no YAML", Fix: "look at the indents and quotes of the template",
		Why: ""},
	{ID: "values/ambiguous", Severity: Warning, Title: "a value that YAML reads as something else than it looks", Fix: "put quotes around it",
		Why: "YAML 1.1 reads on and no as switches, 0755 as 493, 1e3 as 1000 and 1.10 as 1.1."},
	{ID: "values/duplicate-key", Severity: Warning, Title: "a key that stands twice; the last one wins", Fix: "remove one",
		Why: "What the first one says is silently lost."},
	{ID: "values/missing", Severity: Info, Title: "no values.yaml", Fix: "add values.yaml with the defaults",
		Why: "It is where users look for what they can set."},
	{ID: "values/no-default", Severity: Info, Title: "a value that a template uses and values.yaml does not have", Fix: "add it to values.yaml, if only as a comment",
		Why: "Nobody who reads values.yaml learns that it can be set. What a template guards by if, with, default, hasKey and the like is left out."},
	{ID: "values/schema", Severity: Error, Title: "values that do not fit the schema", Fix: "correct the values, or values.schema.json",
		Why: "Helm refuses the values."},
	{ID: "values/secret", Severity: Warning, Title: "a password or token as a default", Fix: "leave it empty and take it from outside",
		Why: "Everybody who can read the chart has the secret, and every installation the same."},
	{ID: "values/unused", Severity: Warning, Title: "a value that no template uses", Fix: "remove it, or correct its name",
		Why: "Whoever sets it waits for something that does not happen; often it was renamed in the templates alone. Nothing is said of values that a template may reach in a way that cannot be read."},
	{ID: "workload/limit-below-request", Severity: Error, Title: "a limit that is lower than the request", Fix: "raise the limit",
		Why: "The API server refuses the pods."},
	{ID: "workload/probes", Severity: Warning, Title: "pods without a readiness probe get traffic before they can serve", Fix: "add readinessProbe to the container that serves",
		Why: ""},
	{ID: "workload/resources", Severity: Warning, Title: "a container without resources can starve its node", Fix: "set resources.requests and limits",
		Why: "It is also the first to be killed when memory runs out."},
}
