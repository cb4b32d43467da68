package unittest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart/unittest"
)

func TestProblems(t *testing.T) {
	dir := unpack(t, twoDocuments+`
-- tests/a_test.yaml --
suite: a
tests:
  - it: typo
    asserts:
      - eqal: {path: a}
      - equal: {path: "a[", value: 1}
      - isKind: {of: A}
        isAPIVersion: {of: B}
---
tests:
  - it: asserts nothing
---
suite: no tests
-- tests/b_test.yaml --
tests:
  - it: a path without quotes
    asserts:
      - exists: {path: a[0].b}
---
tests: [
-- tests/c_test.yaml --
tests:
  - it: a wrong type
    asserts:
      - hasDocuments: {count: many}
    values: file.yaml
  - it: misspelt
    assert: [{isKind: {of: A}}]
  - it: empty
    asserts: []
    set: {a..b: 1}
  - no test
  - {it: nothing to compare, asserts: [isKind, {isKind: {off: A}}]}
  -
values: file.yaml
`)
	_, err := unittest.Load(t.Context(), dir, unittest.Options{})
	wrong, ok := errors.AsType[*unittest.SuiteError](err)
	if !ok {
		t.Fatalf("%v is no *SuiteError", err)
	}
	want := []string{
		"a_test.yaml:5: there is no assertion eqal: did you mean equal?",
		"a_test.yaml:6: equal: path a[: at character 3: the closing ] is missing",
		"a_test.yaml:8: isKind and isAPIVersion are two assertions: begin each with a dash",
		`a_test.yaml:11: test 1, "asserts nothing", asserts nothing`,
		"a_test.yaml:13: the suite has no tests",
		"b_test.yaml:4: did not find expected ',' or '}'",
		"       2 |   - it: a path without quotes",
		"       3 |     asserts:",
		"  >    4 |       - exists: {path: a[0].b}",
		"       5 | ---",
		"       6 | tests: [",
		"b_test.yaml:6: did not find expected node content",
		"       4 |       - exists: {path: a[0].b}",
		"       5 | ---",
		"  >    6 | tests: [",
		"c_test.yaml:4: hasDocuments: count: many must be a int",
		"c_test.yaml:5: file.yaml must be a list",
		`c_test.yaml:6: test 2, "misspelt", asserts nothing: write asserts for assert`,
		`c_test.yaml:8: test 3, "empty", asserts nothing`,
		"c_test.yaml:10: set a..b: a key is missing",
		"c_test.yaml:11: no test must be a map",
		"c_test.yaml:12: an assertion must be a map: equal: {path: a.b, value: c}",
		"c_test.yaml:12: isKind: of is missing",
		"c_test.yaml:13: test 6 asserts nothing",
		"c_test.yaml:14: file.yaml must be a list",
	}
	var warnings []string
	for _, w := range wrong.Warnings {
		warnings = append(warnings, w.Message)
	}
	if diff := cmp.Diff([]string{"a test has no key assert: did you mean asserts?", "isKind has no key off: did you mean of?"}, warnings); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, strings.Split(strings.ReplaceAll(wrong.Error(), dir+"/tests/", ""), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestUnreadKeys(t *testing.T) {
	dir := unpack(t, twoDocuments+`
-- tests/a_test.yaml --
template: [web.yaml]
tests:
  - it: typo
    assert: []
    asserts:
      - isKind: {Of: Deployment, documentIndex: 0}
        template: web.yaml
        documentIndex: 0
`)
	plan, err := unittest.Load(t.Context(), dir, unittest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range plan.Warnings {
		got = append(got, fmt.Sprint(w.Line, " ", w.Message))
	}
	want := []string{
		"1 the suite has no key template: did you mean templates?",
		"4 a test has no key assert: did you mean asserts?",
		"6 isKind has no key documentIndex",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := unittest.Load(t.Context(), dir, unittest.Options{Strict: true}); err == nil {
		t.Error("strict lets unread keys pass")
	}
}

// TestUnreadParameters: helm-unittest's --strict reads what assertions are given
// without it, and public suites count on that.
func TestUnreadParameters(t *testing.T) {
	dir := unpack(t, twoDocuments+`
-- tests/a_test.yaml --
tests:
  - it: more than it needs
    asserts:
      - isKind: {of: Deployment, value: 1}
        template: web.yaml
        documentIndex: 0
`)
	plan, err := unittest.Load(t.Context(), dir, unittest.Options{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Warnings) != 1 || plan.Warnings[0].Message != "isKind has no key value" {
		t.Errorf("warnings %v", plan.Warnings)
	}
}
