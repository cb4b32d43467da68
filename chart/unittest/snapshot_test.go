package unittest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart/unittest"
)

func TestSnapshots(t *testing.T) {
	dir := unpack(t, twoDocuments+`
-- tests/a_test.yaml --
templates: [web.yaml, NOTES.txt]
tests:
  - it: looks like this
    asserts:
      - {matchSnapshot: {path: spec.ports}, template: web.yaml, documentIndex: 0}
      - {matchSnapshotRaw: {}, template: NOTES.txt}
`)
	file := filepath.Join(dir, "tests/__snapshot__/a_test.yaml.snap")
	const first = `looks like this:
  1: |
    - name: http
      port: 80
    - name: metrics
      port: 9090
    - name: http
      port: 80
  2: |
    Release RELEASE-NAME
    is up.
`
	step := func(what string, opts unittest.Options, want unittest.SnapshotCounts, status unittest.Status, snap string) {
		t.Helper()
		result := run(t, dir, opts)
		if diff := cmp.Diff(want, result.Snapshots); diff != "" || result.Suites[0].Tests[0].Status != status {
			t.Errorf("%s: %s\n%s", what, diff, text(t, result))
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(snap, strings.ReplaceAll(string(data), "|-\n", "|\n")); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	step("taken", unittest.Options{}, unittest.SnapshotCounts{Compared: 2, New: 2}, unittest.Passed, strings.Replace(first, "  2: |\n    Release RELEASE-NAME\n    is up.\n", "  2: |\n    |\n      Release RELEASE-NAME\n      is up.\n", 1))
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	taken := strings.ReplaceAll(string(data), "|-\n", "|\n")
	step("compared", unittest.Options{}, unittest.SnapshotCounts{Compared: 2}, unittest.Passed, taken)
	changed := strings.Replace(string(data), "9090", "9091", 1) + "gone:\n  1: |\n    x\n"
	write(t, file, changed)
	step("differs", unittest.Options{}, unittest.SnapshotCounts{Compared: 2, Failed: 1, Obsolete: 1}, unittest.Failed, strings.ReplaceAll(changed, "|-\n", "|\n"))
	step("updated", unittest.Options{Update: true}, unittest.SnapshotCounts{Compared: 2, Updated: 1, Obsolete: 1}, unittest.Passed, taken)
}
