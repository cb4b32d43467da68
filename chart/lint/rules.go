package lint

import "slices"

// Rule is one thing that is looked for. IDs are stable: they stand in users'
// configurations.
type Rule struct {
	ID       string
	Severity Severity
	Title    string // what it finds
	Fix      string // what to do
}

// Rules lists all rules by id.
func Rules() []Rule { return slices.Clone(rules) }

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
	{"api/deprecated", Warning, "an API version that a later Kubernetes removes", "write the newer apiVersion"},
	{"api/removed", Error, "an API version that this Kubernetes does not serve any more", "write the newer apiVersion, or name the cluster's Kubernetes version"},
	{"chart/api-version", Error, "apiVersion is neither v1 nor v2", "write apiVersion: v2"},
	{"chart/app-version-type", Error, "appVersion is no text", "put quotes around appVersion"},
	{"chart/dependencies-v1", Error, "dependencies in a Chart.yaml of apiVersion v1", "write apiVersion: v2"},
	{"chart/icon", Info, "no icon", "add icon with a URL"},
	{"chart/maintainers", Error, "a maintainer without a name, or with a wrong email or URL", "correct maintainers in Chart.yaml"},
	{"chart/name-format", Warning, "a name that an OCI registry or Kubernetes does not take", "use lower-case letters, digits and - in the name"},
	{"chart/type-v1", Error, "type in a Chart.yaml of apiVersion v1", "write apiVersion: v2"},
	{"chart/unknown-field", Warning, "a field that Helm does not know", "remove it, or move it into annotations"},
	{"chart/url", Error, "a source or icon that is no URL", "write a whole URL, with https://"},
	{"chart/version-semver", Warning, "a version that is not strictly semantic", "write MAJOR.MINOR.PATCH without a leading v"},
	{"chart/version-type", Error, "version is no text", "put quotes around version"},
	{"crd/api-version", Error, "a file in crds/ that is not of apiextensions.k8s.io", "move it to templates/"},
	{"crd/kind", Error, "a file in crds/ that is no CustomResourceDefinition", "move it to templates/"},
	{"crd/yaml", Error, "a file in crds/ that is no YAML", "correct the file; crds/ is not templated"},
	{"dependency/missing", Warning, "a dependency that charts/ lacks", "fetch the dependencies of Chart.yaml into charts/"},
	{"dependency/undeclared", Error, "a chart in charts/ that Chart.yaml does not name", "add it to dependencies in Chart.yaml, or remove it"},
	{"image/invalid", Error, "an image that no registry can have", "set the image's repository and tag in the values"},
	{"image/latest", Warning, "an image with the tag latest, which changes under the release", "set a version as the tag"},
	{"image/untagged", Warning, "an image without a tag, which means latest", "set a version as the tag"},
	{"manifest/unknown-hook", Warning, "a hook that Helm does not know; the object is left out", "correct the annotation helm.sh/hook"},
	{"object/fields", Error, "an object without apiVersion, kind or name", "complete the object in its template"},
	{"object/list-annotations", Error, "helm.sh/resource-policy inside a List, where Helm does not look", "make each item a document of its own"},
	{"object/name-format", Warning, "a name that Kubernetes does not take", "use lower-case letters, digits, - and .; cut long names"},
	{"secret/literal", Warning, "a secret written into a template", "take it from the values or from a Secret that exists"},
	{"selector/mismatch", Error, "a selector that does not match the pods' own labels", "use the same labels in selector and template"},
	{"selector/missing", Error, "a workload without a selector", "add spec.selector.matchLabels"},
	{"selector/version", Error, "a selector that changes with the version; Kubernetes refuses such an upgrade", "leave version labels out of the selector"},
	{"template/extension", Error, "a file in templates/ that is neither .yaml, .yml, .tpl nor .txt", "rename it, or move it out of templates/"},
	{"template/fail", Warning, "the chart refuses these values", "set the values that the message asks for"},
	{"template/missing", Warning, "no templates", "add templates/, or write type: library"},
	{"template/nil", Warning, "a value that is missing shows in the output", "set the value, or give it a default in the template"},
	{"template/render", Error, "the chart does not render", ""},
	{"template/required", Warning, "a required value is missing", "set the value"},
	{"template/yaml", Error, "a template renders to something that is no YAML", "look at the indents and quotes of the template"},
	{"values/ambiguous", Warning, "a value that YAML reads as something else than it looks", "put quotes around it"},
	{"values/duplicate-key", Warning, "a key that stands twice; the last one wins", "remove one"},
	{"values/missing", Info, "no values.yaml", "add values.yaml with the defaults"},
	{"values/schema", Error, "values that do not fit the schema", "correct the values, or values.schema.json"},
	{"values/secret", Warning, "a password or token as a default", "leave it empty and take it from outside"},
	{"workload/probes", Warning, "pods without a readiness probe get traffic before they can serve", "add readinessProbe to the container that serves"},
	{"workload/resources", Warning, "a container without resources can starve its node", "set resources.requests and limits"},
}
