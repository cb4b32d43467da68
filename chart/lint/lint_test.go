package lint

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart"
)

// clean is a chart without findings. Tests replace files of it.
var clean = map[string]string{
	"Chart.yaml": `apiVersion: v2
name: web
version: 1.2.3
appVersion: "4.5"
icon: https://example.com/icon.svg
`,
	"values.yaml": "image: {repository: example.com/web, tag: \"4.5\"}\n",
	"templates/deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: {{ .Values.image.repository }}:{{ .Values.image.tag }}
        resources: {requests: {cpu: 10m}}
        readinessProbe: {httpGet: {port: 80}}
`,
}

func load(t *testing.T, files map[string]string) *chart.Chart {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := chart.Load(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// with is clean with files added, or changed: a content "old => new" replaces
// text of the file, an empty one removes the file.
func with(changes map[string]string) map[string]string {
	files := maps.Clone(clean)
	for name, data := range changes {
		if old, replacement, ok := strings.Cut(data, " => "); ok {
			data = strings.Replace(files[name], old, replacement, 1)
		}
		files[name] = data
		if data == "" {
			delete(files, name)
		}
	}
	return files
}

func found(findings []Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, strings.TrimSuffix(f.String(), ": "+f.Fix))
	}
	return list
}

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"

var tests = []struct {
	name    string
	changes map[string]string
	opts    Options
	want    []string
}{
	{name: "clean"},
	{
		name: "apiVersion", changes: map[string]string{"Chart.yaml": "apiVersion: v2\n => "},
		want: []string{`Chart.yaml: error: apiVersion is "", not v1 or v2 [chart/api-version]`},
	},
	{
		name: "version 1 fields", changes: map[string]string{"Chart.yaml": "apiVersion: v2 => apiVersion: v1\ntype: application\ndependencies: []"},
		want: []string{
			"Chart.yaml:2: error: type is not known in apiVersion v1 [chart/type-v1]",
			"Chart.yaml:3: error: dependencies stand in requirements.yaml in apiVersion v1 [chart/dependencies-v1]",
		},
	},
	{
		name: "numbers as versions", changes: map[string]string{"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0\nappVersion: 1.10\nicon: https://x.y\n"},
		want: []string{
			"Chart.yaml:3: warning: version 1 is no strict semantic version [chart/version-semver]",
			"Chart.yaml:3: error: version: 1.0 is read as a number and may lose digits [chart/version-type]",
			"Chart.yaml:4: error: appVersion: 1.10 is read as a number and may lose digits [chart/app-version-type]",
		},
	},
	{
		name: "metadata", changes: map[string]string{"Chart.yaml": `apiVersion: v2
name: My_Web
version: v1.2
sources: [nowhere]
maintainers:
- {email: ann@example.com}
- {name: Bob, email: "bob"}
- {name: Eve, url: here, phone: 1}
extra: 1
`},
		want: []string{
			"Chart.yaml: info: the chart has no icon [chart/icon]",
			`Chart.yaml:2: warning: the name "My_Web" has other characters than a-z, 0-9 and - [chart/name-format]`,
			"Chart.yaml:3: warning: version v1.2 is no strict semantic version [chart/version-semver]",
			`Chart.yaml:4: error: the source "nowhere" is no URL [chart/url]`,
			"Chart.yaml:5: error: a maintainer has no name [chart/maintainers]",
			`Chart.yaml:5: error: the email "bob" of maintainer Bob is wrong [chart/maintainers]`,
			`Chart.yaml:5: error: the URL "here" of maintainer Eve is wrong [chart/maintainers]`,
			"Chart.yaml:8: warning: maintainers.phone is no field of Chart.yaml [chart/unknown-field]",
			"Chart.yaml:9: warning: extra is no field of Chart.yaml [chart/unknown-field]",
		},
	},
	{
		name: "dependencies", changes: map[string]string{
			"Chart.yaml":              clean["Chart.yaml"] + "dependencies:\n- {name: redis, version: 1, repository: \"\"}\n",
			"charts/kafka/Chart.yaml": "apiVersion: v2\nname: kafka\nversion: 1.0.0\n",
			// A subchart's own faults are not reported.
			"charts/kafka/templates/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{image: x}]}\n",
		},
		want: []string{
			"Chart.yaml:6: warning: the dependency redis is not in charts/ [dependency/missing]",
			"Chart.yaml:6: error: charts/ holds kafka, but Chart.yaml does not name it [dependency/undeclared]",
		},
	},
	{
		name: "crds", changes: map[string]string{
			"crds/a.yaml": "# nothing\n---\napiVersion: v1\nkind: ConfigMap\n---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n",
			"crds/b.yaml": "a: [\n",
		},
		want: []string{
			`crds/a.yaml: error: apiVersion "v1" is not of apiextensions.k8s.io [crd/api-version]`,
			`crds/a.yaml: error: kind "ConfigMap" is not CustomResourceDefinition [crd/kind]`,
			"crds/b.yaml: error: error converting YAML to JSON: yaml: line 2: did not find expected node content [crd/yaml]",
		},
	},
	{
		name: "values", changes: map[string]string{"values.yaml": `image: {repository: example.com/web, tag: 1.10}
debug: on
mode: 0755
limit: 1e3
quoted: "on"
password: "hunter2"
apiKey: ""
token: "{{ .Values.x }}"
list:
- debug: no
debug: off
sleep: 0.50
`},
		want: []string{
			"values.yaml:1: warning: tag: 1.10 is read as a number and loses its last zero [values/ambiguous]",
			"values.yaml:2: warning: debug: on is read as true or false [values/ambiguous]",
			"values.yaml:3: warning: mode: 0755 is read as an octal number [values/ambiguous]",
			"values.yaml:4: warning: limit: 1e3 is read as a number with an exponent [values/ambiguous]",
			"values.yaml:6: warning: password has a default that everybody can read [values/secret]",
			"values.yaml:10: warning: debug: no is read as true or false [values/ambiguous]",
			"values.yaml:11: warning: debug: off is read as true or false [values/ambiguous]",
			"values.yaml:11: warning: debug stands also in line 2 [values/duplicate-key]",
		},
	},
	{
		name: "no values", changes: map[string]string{"values.yaml": "", "templates/deployment.yaml": "", "templates/cm.yaml": configMap},
		want: []string{"values.yaml: info: the chart has no values.yaml [values/missing]"},
	},
	{
		name: "no templates", changes: map[string]string{"templates/deployment.yaml": ""},
		want: []string{"templates: warning: the chart has no templates [template/missing]"},
	},
	{
		name: "schema", changes: map[string]string{"values.schema.json": `{"required": ["port"]}`},
		want: []string{"values.yaml: error: web: at '': missing property 'port' [values/schema]"},
	},
	{
		name: "schema with the user's values", changes: map[string]string{"values.schema.json": `{"required": ["port"]}`},
		opts: Options{Values: map[string]any{"port": 80}},
	},
	{
		name: "extension", changes: map[string]string{"templates/cm.json": "{{/* empty */}}"},
		want: []string{`templates/cm.json: error: the extension ".json" is not one of .yaml, .yml, .tpl and .txt [template/extension]`},
	},
	{
		name: "does not parse", changes: map[string]string{"templates/cm.yaml": configMap + "{{ nosuch }}\n"},
		want: []string{`templates/cm.yaml:4: error: render web/templates/cm.yaml:4: function "nosuch" not defined [template/render]`},
	},
	{
		name: "no YAML", changes: map[string]string{"templates/cm.yaml": configMap + "data: {{ `[` }}\n"},
		want: []string{"templates/cm.yaml: error: render web/templates/cm.yaml, rendered line 4: invalid YAML: did not find expected node content [template/yaml]"},
	},
	{
		name: "required, fail, nil, hook", changes: map[string]string{"templates/cm.yaml": configMap + `data:
  a: {{ required "set a" .Values.a }}
  {{- if not .Values.b }}{{ fail "b is needed" }}{{ end }}
  c: x{{ printf "%s" .Values.c }}
---
apiVersion: v1
kind: Pod
metadata: {name: x, annotations: {helm.sh/hook: before-all}}
`},
		want: []string{
			"templates: warning: web/templates/cm.yaml: Pod x is left out: no such hook: before-all [manifest/unknown-hook]",
			"templates: warning: the chart refuses these values: b is needed [template/fail]",
			"templates: warning: required value is missing: set a [template/required]",
			`templates/cm.yaml: warning: renders to "c: x%!s(<nil>)" [template/nil]`,
		},
	},
	{
		name: "objects", changes: map[string]string{"templates/cm.yaml": `apiVersion: v1
kind: ConfigMap
metadata: {name: Big_Name}
---
apiVersion: v1
kind: Service
metadata: {name: 1st}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: "a:b"}
---
kind: ConfigMap
metadata: {name: a}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b, annotations: {helm.sh/resource-policy: keep}}}
`},
		want: []string{
			"templates/cm.yaml: error: ConfigMap/a has no apiVersion, kind or metadata.name [object/fields]",
			"templates/cm.yaml: warning: ConfigMap/Big_Name: Kubernetes does not take this name [object/name-format]",
			"templates/cm.yaml:6: warning: Service/1st: Kubernetes does not take this name [object/name-format]",
			"templates/cm.yaml:19: error: ConfigMap/b [object/list-annotations]",
		},
	},
	{
		name: "selectors", changes: map[string]string{
			"templates/deployment.yaml": "matchLabels: {app: web} => matchLabels: {app: shop, helm.sh/chart: web-1.2.3, v: \"1.2.3\"}",
			"templates/set.yaml":        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec: {}\n",
		},
		want: []string{
			`templates/deployment.yaml:6: error: Deployment/test-release selects app=shop, but its pods have "web" [selector/mismatch]`,
			`templates/deployment.yaml:6: error: Deployment/test-release selects helm.sh/chart=web-1.2.3, but its pods have "" [selector/mismatch]`,
			`templates/deployment.yaml:6: error: Deployment/test-release selects v=1.2.3, but its pods have "" [selector/mismatch]`,
			"templates/deployment.yaml:6: error: Deployment/test-release selects helm.sh/chart=web-1.2.3 [selector/version]",
			"templates/deployment.yaml:6: error: Deployment/test-release selects v=1.2.3 [selector/version]",
			"templates/set.yaml: error: StatefulSet/a has no selector [selector/missing]",
		},
	},
	{
		name: "pods", changes: map[string]string{
			"templates/deployment.yaml": "        readinessProbe: {httpGet: {port: 80}}\n => ",
			"templates/job.yaml": `apiVersion: batch/v1
kind: CronJob
metadata: {name: a}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          initContainers:
          - {name: i, image: "busybox:latest", resources: {requests: {cpu: 1m}}}
          containers:
          - {name: a, image: "host:5000/a/b"}
          - {name: b, image: "b:1@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
          - {name: c, image: "c:"}
`,
			"templates/hook.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\nspec: {containers: [{name: a, image: \"b:1\"}]}\n",
		},
		opts: Options{Values: map[string]any{"image": map[string]any{"tag": "latest"}}},
		want: []string{
			"templates/deployment.yaml:12: warning: Deployment/test-release has no readiness probe [workload/probes]",
			"templates/deployment.yaml:14: warning: Deployment/test-release, container web: the image is example.com/web:latest [image/latest]",
			`templates/job.yaml: error: CronJob/a, container c: the image "c:" is no reference of an image [image/invalid]`,
			"templates/job.yaml: warning: CronJob/a, container i: the image is busybox:latest [image/latest]",
			"templates/job.yaml: warning: CronJob/a, container a: the image host:5000/a/b has no tag [image/untagged]",
			"templates/job.yaml:10: warning: CronJob/a, container a has no resources [workload/resources]",
			"templates/job.yaml:10: warning: CronJob/a, container b has no resources [workload/resources]",
			"templates/job.yaml:10: warning: CronJob/a, container c has no resources [workload/resources]",
		},
	},
	{
		name: "secret", changes: map[string]string{"templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  key: hunter2\n  tag: {{ .Values.image.tag }}\n"},
		want: []string{"templates/s.yaml:5: warning: Secret/a has the literal value of key [secret/literal]"},
	},
	{
		name: "removed API", changes: map[string]string{"templates/x.yaml": "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a}\n"},
		want: []string{"templates/x.yaml:1: error: PodDisruptionBudget/a: policy/v1beta1 was removed in Kubernetes 1.25; use policy/v1 [api/removed]"},
	},
	{
		name: "deprecated API", changes: map[string]string{"templates/x.yaml": "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a}\n"},
		opts: Options{KubeVersion: "v1.24.3-gke.1"},
		want: []string{"templates/x.yaml:1: warning: PodDisruptionBudget/a: policy/v1beta1 will be removed in Kubernetes 1.25; use policy/v1 [api/deprecated]"},
	},
	{
		name: "API of an old cluster", changes: map[string]string{"templates/x.yaml": "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a}\n"},
		opts: Options{KubeVersion: "1.20"},
	},
	{
		name: "disabled", changes: map[string]string{"Chart.yaml": "icon: https://example.com/icon.svg => extra: 1"},
		opts: Options{Values: map[string]any{"image": map[string]any{"tag": "latest"}}, Disabled: []string{"chart/*", "image/latest"}},
	},
}

func TestLint(t *testing.T) {
	ids := map[string]bool{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Lint(t.Context(), load(t, with(tt.changes)), tt.opts)
			if diff := cmp.Diff(tt.want, found(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, f := range got {
				ids[f.ID] = true
				if strings.Contains(f.String(), "\n") || strings.Contains(f.Message, "hunter2") {
					t.Errorf("%q is not one line, or shows a secret", f)
				}
			}
		})
	}
	for _, rule := range Rules() {
		if !ids[rule.ID] {
			t.Errorf("no test finds %s", rule.ID)
		}
		delete(ids, rule.ID)
	}
	if len(ids) > 0 {
		t.Errorf("findings without a rule: %v", ids)
	}
}

func TestRules(t *testing.T) {
	byID := func(a, b Rule) int { return strings.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(Rules(), byID) {
		t.Error("the rules are not sorted by id")
	}
	for _, r := range Rules() {
		if r.Title == "" || r.Severity == "" || r.Fix == "" && r.ID != "template/render" {
			t.Errorf("%+v is incomplete", r)
		}
	}
}

func TestLintInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := Lint(ctx, load(t, clean), Options{}); len(got) != 0 {
		t.Errorf("an interrupted render is a finding: %v", got)
	}
}
