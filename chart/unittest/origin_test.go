package unittest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart/unittest"
)

// Who gave a value that does not fit the schema: the set sections, the values
// files of the suite, or the chart.
func TestOrigins(t *testing.T) {
	dir := unpack(t, `
-- Chart.yaml --
apiVersion: v2
name: web
version: 1.0.0
-- values.yaml --
port: 80
-- values.schema.json --
{"properties": {
  "port": {"maximum": 65535},
  "list": {"items": {"type": "string"}},
  "deep": {"properties": {"a": {"properties": {"b": {"type": "string"}}}}}
}}
-- templates/web.yaml --
port: {{ .Values.port }}
-- charts/db/Chart.yaml --
apiVersion: v2
name: db
version: 1.0.0
-- charts/db/values.yaml --
size: 1
-- charts/db/values.schema.json --
{"properties": {"size": {"maximum": 9}, "global": {"properties": {"zone": {"type": "string"}}}}}
-- charts/db/templates/db.yaml --
size: {{ .Values.size }}
-- charts/db/tests/db_test.yaml --
tests:
  - it: of a subchart
    set:
      size: 10
      global: {zone: 1}
    asserts: [{exists: {path: size}}]
-- tests/values/high.yaml --
# too high
port: 70000
-- tests/a_test.yaml --
tests:
  - it: no test of interest
    asserts: [{exists: {path: port}, template: web.yaml}]
---
set: {deep.a: {b: 1}}
tests:
  - it: of the suite
    asserts: [{exists: {path: port}}]
  - it: of the test over the suite
    set:
      deep: {a: {c: 1}}
      deep.a.b: 2
    asserts: [{exists: {path: port}}]
---
values: [values/high.yaml]
tests:
  - it: of a file, and of a list
    set: {"list[1]": 1}
    asserts: [{exists: {path: port}}]
`)
	var got []string
	for _, s := range run(t, dir, unittest.Options{}).Suites {
		for _, test := range s.Tests {
			got = append(got, test.Name)
			lines := test.Details()
			if len(lines) > 1 { // the first of several and their number
				lines = slices.Sorted(slices.Values(lines[1:]))
			}
			for _, line := range lines {
				got = append(got, "  "+strings.ReplaceAll(line, dir+"/", ""))
			}
		}
	}
	want := []string{
		"no test of interest",
		"of the suite",
		"  values do not fit the schema: web: .Values.deep.a.b: got number, want string, from tests/a_test.yaml:5",
		"of the test over the suite",
		"  values do not fit the schema: web: .Values.deep.a.b: got number, want string, from tests/a_test.yaml:12",
		"of a file, and of a list",
		"    web: .Values.list.0: got null, want string",
		"    web: .Values.list.1: got number, want string, from tests/a_test.yaml:18",
		"    web: .Values.port: maximum: got 70,000, want 65,535, from tests/values/high.yaml:2",
		"of a subchart",
		"    web/charts/db: .Values.global.zone: got number, want string, from charts/db/tests/db_test.yaml:5",
		"    web/charts/db: .Values.size: maximum: got 10, want 9, from charts/db/tests/db_test.yaml:4",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A test that fails because of its suite, not of the chart, says what to change.
func TestHints(t *testing.T) {
	dir := unpack(t, `
-- Chart.yaml --
apiVersion: v2
name: web
version: 1.0.0
-- templates/config.yaml --
{{ define "sum" }}1{{ end }}
kind: ConfigMap
-- templates/deployment.yaml --
kind: Deployment
sum: {{ include (print $.Template.BasePath "/config.yaml") . | sha256sum }}
-- templates/named.yaml --
kind: {{ include "sum" . }}
-- tests/a_test.yaml --
templates: [deployment.yaml]
capabilities: {mjaorVersion: "1"}
tests:
  - {it: includes, asserts: [{isKind: {of: Deployment}}]}
---
templates: [named.yaml]
tests:
  - {it: names, asserts: [{isKind: {of: Deployment}}]}
---
excludeTemplates: [config.yaml]
tests:
  - {it: excludes, asserts: [{isKind: {of: Deployment}, template: deployment.yaml}]}
---
templates: [config.yaml, confg.yaml]
tests:
  - {it: no such template, documentIndex: 0, asserts: [{isKind: {of: ConfigMap}}]}
  - {it: not selected, asserts: [{isKind: {of: A}, template: named.yaml}]}
  - {it: counts, template: config.yaml, asserts: [{hasDocuments: {count: 2}}]}
`)
	plan, err := unittest.Load(t.Context(), dir, unittest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Warnings) != 1 || plan.Warnings[0].Message != "capabilities has no key mjaorVersion: did you mean majorVersion?" {
		t.Errorf("warnings %v", plan.Warnings)
	}
	var got []string
	for _, s := range run(t, dir, unittest.Options{}).Suites {
		for _, test := range s.Tests {
			lines := test.Details()
			got = append(got, test.Name+": "+strings.TrimSpace(lines[len(lines)-1]))
		}
	}
	want := []string{
		"includes: hint: web/templates/config.yaml is in the chart, but the suite does not select it: add templates/config.yaml to its templates",
		"names: hint: web/templates/config.yaml is in the chart, but the suite does not select it: add templates/config.yaml to its templates",
		"excludes: hint: web/templates/config.yaml is in the chart, but the suite does not select it: its excludeTemplates name it",
		"no such template: the chart has no template web/templates/confg.yaml: did you mean web/templates/config.yaml?",
		"not selected: the suite does not select this template: add templates/named.yaml to its templates",
		"counts: the template renders 1 document, not 2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNoSuites(t *testing.T) {
	dir := unpack(t, twoDocuments+`
-- tests/empty_test.yaml --
# nothing yet
`)
	plan, err := unittest.Load(t.Context(), dir, unittest.Options{Files: []string{"tests/*_test.yaml", "tests/none.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Warnings) != 1 || plan.Warnings[0].Message != "the file has no suite" {
		t.Errorf("warnings %v", plan.Warnings)
	}
	if diff := cmp.Diff([]string{"tests/none.yaml"}, plan.Unmatched); diff != "" {
		t.Error(diff)
	}
	if _, err := unittest.Load(t.Context(), dir, unittest.Options{Strict: true}); err == nil {
		t.Error("strict lets a file without a suite pass")
	}
}
