package unittest_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pintle-ci/pintle/chart/unittest"
)

// unpack writes the files of a txtar archive into a folder and gives it.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		write(t, filepath.Join(dir, f.Name), string(f.Data))
	}
	return dir
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, dir string, opts unittest.Options) *unittest.Result {
	t.Helper()
	plan, err := unittest.Load(t.Context(), dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	result, err := plan.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func text(t *testing.T, r *unittest.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteText(&b, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const twoDocuments = `
-- Chart.yaml --
apiVersion: v2
name: web
version: 1.0.0
appVersion: "2.0"
-- values.yaml --
replicas: 2
fail: ""
-- templates/_helpers.tpl --
{{ define "web.check" }}{{ if .Values.fail }}{{ fail .Values.fail }}{{ end }}{{ end }}
-- templates/NOTES.txt --
Release {{ .Release.Name }}  
is up.
-- templates/_partial.tpl --
{{ define "partial" }}{{ fail "no partial" }}{{ end }}
-- templates/partial.yaml --
{{ template "partial" . }}
-- templates/broken.yaml --
{{ .Values.a.b.c }}
-- templates/empty.yaml --
{{- if .Values.empty }}a: 1{{ end }}
-- templates/web.yaml --
{{ include "web.check" . }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
  namespace: {{ .Release.Namespace }}
  labels: {app.kubernetes.io/name: web, tier: "front"}
spec:
  replicas: {{ .Values.replicas }}
  ratio: 1.5
  paused: false
  nothing: null
  empty: {}
  secret: aGVsbG8=
  ports:
    - {name: http, port: 80}
    - {name: metrics, port: 9090}
    - {name: http, port: 80}
  names: [a, b, c]
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}-svc
`

// assertions are one of each kind in both outcomes, about the first document of
// web.yaml unless they say otherwise.
var assertions = []struct {
	yaml string
	pass bool
}{
	{`equal: {path: spec.replicas, value: 2}`, true},
	{`equal: {path: spec.replicas, value: 3}`, false},
	{`equal: {path: spec.replicas, value: 2}, not: true`, false},
	{`equal: {path: spec.replicas, value: 2.0}`, false},
	{`equal: {path: spec.absent, value: 2}`, false},
	{`equal: {path: spec.secret, value: hello, decodeBase64: true}`, true},
	{`equal: {path: metadata.name, value: hello, decodeBase64: true}`, false},
	{`equal: {path: 'metadata.labels["app.kubernetes.io/name"]', value: web}`, true},
	{`notEqual: {path: spec.replicas, value: 3}`, true},
	{`notEqual: {path: spec.replicas, value: 2}`, false},
	{`notEqual: {path: spec.absent, value: 2}`, true},
	{`equalRaw: {value: "Release R\nis up.\n"}, template: NOTES.txt`, true},
	{`equalRaw: {value: "no"}, template: NOTES.txt`, false},
	{`notEqualRaw: {value: "no"}, template: NOTES.txt`, true},
	{`matchRegex: {path: metadata.name, pattern: -web$}`, true},
	{`matchRegex: {path: metadata.name, pattern: ^web}`, false},
	{`matchRegex: {path: spec.replicas, pattern: "2"}`, false},
	{`matchRegex: {path: spec.secret, pattern: ^hello$, decodeBase64: true}`, true},
	{`notMatchRegex: {path: metadata.name, pattern: ^web}`, true},
	{`notMatchRegex: {path: metadata.name, pattern: web}`, false},
	{`matchRegexRaw: {pattern: is up}, template: NOTES.txt`, true},
	{`matchRegexRaw: {pattern: is down}, template: NOTES.txt`, false},
	{`notMatchRegexRaw: {pattern: is down}, template: NOTES.txt`, true},
	{`contains: {path: spec.ports, content: {name: metrics, port: 9090}}`, true},
	{`contains: {path: spec.ports, content: {name: metrics}}`, false},
	{`contains: {path: spec.ports, content: {name: metrics}, any: true}`, true},
	{`contains: {path: spec.ports, content: {name: http}, any: true, count: 2}`, true},
	{`contains: {path: spec.ports, content: {name: http}, any: true, count: 1}`, false},
	{`contains: {path: spec.names, content: b}`, true},
	{`contains: {path: spec.replicas, content: b}`, false},
	{`notContains: {path: spec.names, content: d}`, true},
	{`notContains: {path: spec.names, content: a}`, false},
	{`isSubset: {path: metadata.labels, content: {tier: front}}`, true},
	{`isSubset: {path: metadata.labels, content: {tier: back}}`, false},
	{`isSubset: {path: spec.replicas, content: {tier: back}}`, false},
	{`isNotSubset: {path: metadata.labels, content: {tier: back}}`, true},
	{`isNotSubset: {path: metadata.labels, content: {tier: front}}`, false},
	{`exists: {path: spec.nothing}`, true},
	{`exists: {path: spec.absent}`, false},
	{`notExists: {path: spec.absent}`, true},
	{`notExists: {path: spec.nothing}`, false},
	{`isNotNull: {path: spec.replicas}`, true},
	{`isNull: {path: spec.absent}`, true},
	{`isNull: {path: spec.replicas}`, false},
	{`isNullOrEmpty: {path: spec.empty}`, true},
	{`isNullOrEmpty: {path: spec.nothing}`, true},
	{`isNullOrEmpty: {path: spec.paused}`, true},
	{`isNullOrEmpty: {path: spec.names}`, false},
	{`isEmpty: {path: spec.absent}`, false},
	{`isNotNullOrEmpty: {path: spec.names}`, true},
	{`isNotEmpty: {path: spec.empty}`, false},
	{`isType: {path: spec.replicas, type: int}`, true},
	{`isType: {path: spec.replicas, type: string}`, false},
	{`isType: {path: spec.ports, type: "[]interface {}"}`, true},
	{`isNotType: {path: spec.replicas, type: string}`, true},
	{`isNotType: {path: spec.nothing, type: ""}`, false},
	{`greaterOrEqual: {path: spec.replicas, value: 2}`, true},
	{`greaterOrEqual: {path: spec.replicas, value: 3}`, false},
	{`greaterOrEqual: {path: spec.replicas, value: "2"}`, false},
	{`greaterOrEqual: {path: spec.ratio, value: 1.5}`, true},
	{`greaterOrEqual: {path: metadata.name, value: A}`, true},
	{`notGreaterOrEqual: {path: spec.replicas, value: 3}`, true},
	{`notGreaterOrEqual: {path: spec.replicas, value: 1}`, true}, // with a warning
	{`notGreaterOrEqual: {path: spec.replicas, value: "1"}`, false},
	{`lessOrEqual: {path: spec.replicas, value: 2}`, true},
	{`lessOrEqual: {path: spec.replicas, value: 1}`, false},
	{`notLessOrEqual: {path: spec.replicas, value: 1}`, true},
	{`notLessOrEqual: {path: spec.replicas, value: 2}`, false},
	{`lengthEqual: {path: spec.ports, count: 3}`, true},
	{`lengthEqual: {path: spec.ports, count: 2}`, false},
	{`lengthEqual: {paths: [spec.ports, spec.names]}`, true},
	{`lengthEqual: {paths: [spec.ports, spec.replicas]}`, false},
	{`notLengthEqual: {path: spec.ports, count: 2}`, true},
	{`notLengthEqual: {path: spec.ports, count: 3}`, false},
	{`isKind: {of: Deployment}`, true},
	{`isKind: {of: Service}`, false},
	{`isKind: {of: Service}, documentIndex: 1`, false}, // the test's index wins
	{`isAPIVersion: {of: apps/v1}`, true},
	{`isAPIVersion: {of: v1}`, false},
	{`containsDocument: {kind: Deployment, apiVersion: apps/v1, name: R-web, namespace: NAMESPACE}`, true},
	{`containsDocument: {kind: Deployment, apiVersion: apps/v1, name: other}`, false},
	{`containsDocument: {kind: Service, apiVersion: v1}, not: true`, true},
	{`hasDocuments: {count: 2}`, true},
	{`hasDocuments: {count: 1}`, false},
	{`hasDocuments: {count: 1, filterAware: true}`, true},
	{`hasDocuments: {count: 1}, not: true`, true},
	{`isKind: {of: Deployment}, template: absent.yaml`, false},
	{`equal: {path: kind, value: Service}, documentSelector: {path: metadata.name, value: R-svc}`, true},
	{`equal: {path: kind, value: Service}, documentSelector: {path: metadata.name, value: R-no}`, false},
	{`exists: {path: kind}, documentSelector: {path: metadata.name}`, false}, // matches two
	{`exists: {path: kind}, documentSelector: {path: metadata.name, matchMany: true}`, true},
	{`notFailedTemplate: {}`, true},
	{`failedTemplate: {}`, false},
	{`matchSnapshot: {path: spec.names}`, true},
	{`matchSnapshot: {path: spec.names, matchRegex: {pattern: "- z"}}`, false},
	{`matchSnapshot: {path: spec.names, notMatchRegex: {pattern: "- a"}}`, false},
}

func TestAssertions(t *testing.T) {
	dir := unpack(t, twoDocuments)
	var suite strings.Builder
	suite.WriteString("templates: [web.yaml, NOTES.txt]\nrelease: {name: R}\ntests:\n")
	for i, a := range assertions {
		index := "\n    documentIndex: 0"
		if strings.Contains(a.yaml, "documentSelector") {
			index = ""
		}
		fmt.Fprintf(&suite, "  - it: %d\n    template: web.yaml%s\n    asserts:\n      - {%s}\n", i, index, a.yaml)
	}
	write(t, filepath.Join(dir, "tests/web_test.yaml"), suite.String())
	result := run(t, dir, unittest.Options{})
	for i, test := range result.Suites[0].Tests {
		want := unittest.Failed
		if assertions[i].pass {
			want = unittest.Passed
		}
		if test.Status != want {
			t.Errorf("%s: %s, want %s: %s", assertions[i].yaml, test.Status, want, strings.Join(test.Details(), "\n"))
		}
		if test.Status == unittest.Failed && (test.Err != nil || len(test.Failures) == 0 || test.Failures[0].Line != test.Line+len(strings.Split(test.Summary(), "never"))-1+assertLine(assertions[i].yaml)) {
			t.Errorf("%s: failure %+v of the test at line %d", assertions[i].yaml, test.Failures, test.Line)
		}
	}
	if len(result.Warnings) != 1 || !strings.Contains(result.Warnings[0].Message, "2 must not be at least 1") {
		t.Errorf("warnings %v", result.Warnings)
	}
}

// assertLine is how many lines an assertion stands below its test.
func assertLine(yaml string) int {
	if strings.Contains(yaml, "documentSelector") {
		return 3
	}
	return 4
}

func TestFailedTemplates(t *testing.T) {
	dir := unpack(t, twoDocuments+`
-- tests/a_test.yaml --
templates: [web.yaml]
tests:
  - it: message
    set: {fail: "no [way]"}
    asserts: [{failedTemplate: {errorMessage: "no [way]"}}, {failedTemplate: {errorPattern: "no [way]"}}, {failedTemplate: {}}]
  - it: other message
    set: {fail: "no way"}
    asserts: [{failedTemplate: {errorMessage: "way"}}]
  - it: lines
    set: {fail: "first\nsecond"}
    asserts: [{failedTemplate: {errorMessage: second}}]
  - it: unexpected
    set: {fail: boom}
    asserts: [{isKind: {of: Deployment}}]
  - it: both
    set: {fail: boom}
    asserts: [{failedTemplate: {}}, {isKind: {of: Deployment}}]
---
templates: [web.yaml, partial.yaml]
tests:
  - it: partial
    asserts: [{failedTemplate: {errorMessage: no partial}}]
---
templates: [broken.yaml]
tests:
  - it: nil
    asserts: [{failedTemplate: {errorPattern: nil pointer evaluating}}]
  - it: not this one
    asserts: [{failedTemplate: {}, template: web.yaml}]
---
excludeTemplates: [partial.yaml]
tests:
  - it: all
    asserts: [{failedTemplate: {errorPattern: "<.Values.a.b.c>"}}]
`)
	var got []string
	for _, s := range run(t, dir, unittest.Options{}).Suites {
		for _, test := range s.Tests {
			got = append(got, test.Name+" "+string(test.Status))
		}
	}
	want := []string{"message passed", "other message failed", "lines passed", "unexpected failed", "both failed", "partial passed", "nil passed", "not this one failed", "all passed"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSettings(t *testing.T) {
	dir := unpack(t, `
-- Chart.yaml --
apiVersion: v2
name: web
version: 1.0.0
dependencies: [{name: db, version: "*", condition: db.enabled}]
-- values.yaml --
db: {enabled: true}
-- charts/db/Chart.yaml --
apiVersion: v2
name: db
version: 1.0.0
-- charts/db/values.yaml --
size: 1
list: [x]
-- charts/db/templates/db.yaml --
size: {{ .Values.size }}
list: {{ toJson .Values.list }}
global: {{ .Values.global.zone }}
-- charts/db/tests/db_test.yaml --
set: {size: 2}
tests:
  - it: has the values of the subchart
    set: {"list[1]": y, global.zone: eu}
    asserts:
      - {equal: {path: size, value: 2}}
      - {equal: {path: list, value: [null, y]}, template: templates/db.yaml}
      - {equal: {path: global, value: eu}}
-- crds/crd.yaml --
kind: CustomResourceDefinition
-- templates/web.yaml --
kube: {{ .Capabilities.KubeVersion.Version }}
apis: {{ .Capabilities.APIVersions | toJson }}
release: {{ .Release.Name }}/{{ .Release.Namespace }}/{{ .Release.Revision }}/{{ .Release.IsUpgrade }}
chart: {{ .Chart.Version }}/{{ .Chart.AppVersion }}
pod: {{ (lookup "v1" "Pod" "ns" "p").metadata | default dict | toJson }}
pods: {{ len ((lookup "v1" "Pod" "ns" "").items | default list) }}
who: {{ .Values.who }}
-- tests/values/who.yaml --
who: file
-- tests/web_test.yaml --
suite: settings
templates: [web.yaml]
capabilities: {minorVersion: 30, apiVersions: [a/v1]}
release: {name: suite, revision: 3}
chart: {version: 9.0.0}
values: [values/who.yaml]
kubernetesProvider:
  scheme: {"v1/Pod": {gvr: {version: v1, resource: pods}, namespaced: true}}
  objects: [{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: ns, n: 1}}]
tests:
  - it: of the suite
    asserts:
      - {equal: {path: kube, value: v1.30.0}}
      - {equal: {path: apis, value: [a/v1]}}
      - {equal: {path: release, value: suite/NAMESPACE/3/false}}
      - {equal: {path: chart, value: 9.0.0/}}
      - {equal: {path: pod.n, value: 1}}
      - {equal: {path: pods, value: 1}}
      - {equal: {path: who, value: file}}
  - it: of the test
    capabilities: {majorVersion: "2", apiVersions: [b/v1]}
    release: {name: test, namespace: prod, upgrade: true}
    chart: {appVersion: "7"}
    set: {who: test}
    asserts:
      - {equal: {path: kube, value: v2.30.0}}
      - {equal: {path: apis, value: [b/v1, a/v1]}}
      - {equal: {path: release, value: test/prod/3/true}}
      - {equal: {path: chart, value: 9.0.0/7}}
      - {equal: {path: who, value: test}}
  - it: has no versions
    capabilities: {apiVersions: }
    asserts: [{isNullOrEmpty: {path: apis}}]
  - it: is not run
    skip: {reason: later}
    asserts: [{isKind: {of: Nothing}}]
  - it: is refused
    postRenderer: {cmd: yq}
    asserts: [{isKind: {of: Nothing}}]
---
suite: of a later format
skip: {minimumVersion: 99.0.0}
tests: [{it: is skipped, asserts: [{isKind: {of: Nothing}}]}]
---
suite: CRDs
includeCrds: true
templates: ["crds/*", web.yaml]
tests:
  - it: are there
    asserts: [{isKind: {of: CustomResourceDefinition}, template: crds/crd.yaml}]
`)
	result := run(t, dir, unittest.Options{})
	got := strings.ReplaceAll(text(t, result), dir+"/", "")
	const want = `FAIL  tests/web_test.yaml: settings: 1 of 4 tests failed
  tests/web_test.yaml:37: is refused
    postRenderer is not supported, because tests run no programs; assert what the templates render
skip  tests/web_test.yaml: of a later format: it needs version 99.0.0 of the format, and this is 1.1.2
ok    tests/web_test.yaml: CRDs: 1 test
ok    charts/db/tests/db_test.yaml: 1 test
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(run(t, dir, unittest.Options{SkipSubs: true}).Suites); n != 3 {
		t.Errorf("%d suites without subcharts, want 3", n)
	}
}

func TestTestChart(t *testing.T) {
	dir := unpack(t, twoDocuments+`
-- .helmignore --
suites/
-- suites/Chart.yaml --
apiVersion: v2
name: suites
version: 1.0.0
-- suites/values.yaml --
replicas: [1, 2]
-- suites/templates/web.yaml --
{{- range .Values.replicas }}
---
suite: with {{ . }}
templates: [web.yaml]
tests:
  - it: has {{ . }}
    set: {replicas: {{ . }}}
    asserts: [{equal: {path: spec.replicas, value: {{ . }}}, documentIndex: 0}]
{{- end }}
`)
	result := run(t, dir, unittest.Options{TestChart: "suites"})
	if len(result.Suites) != 2 || result.Count(unittest.Passed) != 2 {
		t.Error(text(t, result))
	}
}

func TestFailFast(t *testing.T) {
	dir := unpack(t, twoDocuments+`
-- tests/a_test.yaml --
templates: [web.yaml]
tests:
  - {it: one, asserts: [{hasDocuments: {count: 2}}]}
  - {it: two, asserts: [{hasDocuments: {count: 3}}]}
  - {it: three, asserts: [{hasDocuments: {count: 2}}]}
`)
	result := run(t, dir, unittest.Options{FailFast: true})
	if result.Count(unittest.Passed) != 1 || result.Count(unittest.Failed) != 1 || result.Count(unittest.Skipped) != 1 {
		t.Error(text(t, result))
	}
}

// The order in which tests end must not show.
func TestParallel(t *testing.T) {
	dir := unpack(t, twoDocuments)
	for i := range 20 {
		var suite strings.Builder
		fmt.Fprintf(&suite, "suite: %d\ntemplates: [web.yaml]\ntests:\n", i)
		for n := range 5 {
			fmt.Fprintf(&suite, "  - {it: %d, set: {replicas: %d}, asserts: [{equal: {path: spec.replicas, value: 3}, documentIndex: 0}, {matchSnapshot: {}}]}\n", n, n)
		}
		write(t, filepath.Join(dir, fmt.Sprintf("tests/s%02d_test.yaml", i)), suite.String())
	}
	outputs := map[string]bool{}
	for _, procs := range []int{1, 8, 8} {
		old := runtime.GOMAXPROCS(procs)
		outputs[text(t, run(t, dir, unittest.Options{}))] = true
		runtime.GOMAXPROCS(old)
	}
	if len(outputs) != 1 {
		t.Error("the output depends on how many tests run at a time")
	}
}

func TestNullDefaults(t *testing.T) {
	dir := unpack(t, `
-- Chart.yaml --
apiVersion: v2
name: web
version: 1.0.0
-- values.yaml --
probe: {delay: }
-- templates/web.yaml --
probe: {{ toJson .Values.probe }}
-- tests/a_test.yaml --
tests:
  - {it: keeps nulls, asserts: [{equal: {path: probe, value: {delay: null}}}]}
  - {it: drops nulls, asserts: [{equal: {path: probe, value: {}}}]}
  - {it: neither, asserts: [{equal: {path: probe, value: 1}}]}
`)
	result := run(t, dir, unittest.Options{})
	if result.Count(unittest.Passed) != 2 || len(result.Warnings) != 1 {
		t.Error(text(t, result), result.Warnings)
	}
}
