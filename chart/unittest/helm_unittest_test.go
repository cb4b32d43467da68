package unittest_test

import (
	"testing"

	"github.com/pintle-ci/pintle/chart/unittest"
)

// TestWordsOfOthers holds what helm-unittest 1.1.2 says and decides: suites that
// pass there pass here. The resourceVersion of its lists, a count of writes, is
// empty here, as it was in 1.0.
func TestWordsOfOthers(t *testing.T) {
	dir := unpack(t, `
-- Chart.yaml --
apiVersion: v2
name: c
version: 1.0.0
-- values.yaml --
mode: none
-- templates/a.yaml --
{{- if eq .Values.mode "include" }}{{ include "nowhere" . }}{{ end }}
{{- if eq .Values.mode "tplexec" }}{{ tpl "x: {{ .Values.a.b.c }}" . }}{{ end }}
{{- if eq .Values.mode "tplfail" }}{{ tpl "x: {{ fail \"no way\" }}" . }}{{ end }}
{{- if eq .Values.mode "tplparse" }}{{ tpl "x: {{ if }}" . }}{{ end }}
{{- if eq .Values.mode "tplinclude" }}{{ tpl "x: {{ include \"nowhere\" . }}" . }}{{ end }}
pods: {{ lookup "v1" "Pod" "" "" | toJson }}
kind: A
metadata: {name: a}
---
kind: C
metadata: {name: c}
-- templates/b.yaml --
kind: B
metadata: {name: b}
-- tests/words_test.yaml --
templates: [a.yaml]
tests:
  - it: include
    set: {mode: include}
    asserts:
      - failedTemplate: {errorMessage: 'executing "c/templates/a.yaml" at <include "nowhere" .>: error calling include: template: no template "nowhere" associated with template "gotpl"'}
  - it: tplexec
    set: {mode: tplexec}
    asserts:
      - failedTemplate: {errorMessage: 'executing "c/templates/a.yaml" at <tpl "x: {{ .Values.a.b.c }}" .>: error calling tpl: error during tpl function execution for "x: {{ .Values.a.b.c }}": template: gotpl:1:13: executing "gotpl" at <.Values.a.b.c>: nil pointer evaluating interface {}.b'}
  - it: tplfail
    set: {mode: tplfail}
    asserts:
      - failedTemplate: {errorMessage: no way}
  - it: tplparse
    set: {mode: tplparse}
    asserts:
      - failedTemplate: {errorMessage: 'executing "c/templates/a.yaml" at <tpl "x: {{ if }}" .>: error calling tpl: cannot parse template "x: {{ if }}": template: gotpl:1: missing value for if'}
  - it: tplinclude
    set: {mode: tplinclude}
    asserts:
      - failedTemplate: {errorMessage: 'executing "c/templates/a.yaml" at <tpl "x: {{ include \"nowhere\" . }}" .>: error calling tpl: error during tpl function execution for "x: {{ include \"nowhere\" . }}": template: gotpl:1:6: executing "gotpl" at <include "nowhere" .>: error calling include: template: no template "nowhere" associated with template "gotpl"'}
-- tests/lookup_test.yaml --
templates: [a.yaml]
kubernetesProvider:
  scheme:
    v1/Pod: {gvr: {version: v1, resource: pods}, namespaced: true}
  objects:
    - {apiVersion: v1, kind: Pod, metadata: {name: p, namespace: default}}
tests:
  - it: list
    documentIndex: 0
    asserts:
      - equal: {path: pods.metadata, value: {continue: "", resourceVersion: ""}}
-- tests/selector_test.yaml --
templates: [a.yaml, b.yaml]
tests:
  - it: one of the templates has it
    documentSelector: {path: kind, value: B}
    asserts:
      - equal: {path: metadata.name, value: b}
  - it: the assertion selects
    asserts:
      - equal: {path: metadata.name, value: c}
        documentSelector: {path: kind, value: C}
  - it: all of them
    documentSelector: {path: kind, matchMany: true}
    asserts:
      - exists: {path: metadata.name}
`)
	for _, s := range run(t, dir, unittest.Options{}).Suites {
		for _, test := range s.Tests {
			if test.Status != unittest.Passed {
				t.Errorf("%s: %s %v", test.Name, test.Status, test.Failures)
			}
		}
	}
}

// Where no template has the document, a selector fails, unless it may be so.
func TestSelectorWithoutMatch(t *testing.T) {
	dir := unpack(t, twoDocuments+`
-- tests/a_test.yaml --
templates: [web.yaml]
tests:
  - it: fails
    documentSelector: {path: kind, value: Nothing}
    asserts: [{exists: {path: metadata}}]
`)
	for _, s := range run(t, dir, unittest.Options{}).Suites {
		for _, test := range s.Tests {
			if test.Status != unittest.Failed {
				t.Errorf("%s: %s", test.Name, test.Status)
			}
		}
	}
}
