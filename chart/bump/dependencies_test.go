package bump

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart"
)

const dependentChart = `apiVersion: v2
name: cart
version: 0.0.0
dependencies:
  - name: lib          # ours
    repository: file://../../lib/chart
    version: '1.0.0'
  - {name: lib2, repository: "oci://reg/charts", version: ">=1.0.0-0"}
  - name: lib3
    repository: oci://reg/charts
    version: ~1.0
  - name: redis
    repository: oci://reg/charts
    version: 1.0.0
`

func TestBumpDependencies(t *testing.T) {
	dependencies := []Dependency{
		{"lib", "file://../../lib/chart", "2.0.0-dev.1.gabc"},
		{"lib2", "oci://reg/charts", "2.0.0-dev.1.gabc"},
		{"lib3", "oci://reg/charts", "2.0.0"},
	}
	lockText := func(lib, lib2, lib3, sum string) string {
		return fmt.Sprintf(`dependencies:
- name: lib
  repository: file://../../lib/chart
  version: %s
- name: lib2
  repository: oci://reg/charts
  version: %s
- name: lib3
  repository: oci://reg/charts
  version: %s
- name: redis
  repository: oci://reg/charts
  version: 1.0.0
digest: %s
generated: "2026-01-02T03:04:05Z"
`, lib, lib2, lib3, sum)
	}
	sum, _, err := digestOf([]byte(dependentChart), []byte(lockText("1.0.0", "1.0.0", "1.0.5", "x")))
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"Chart.yaml": {Data: []byte(dependentChart)}, "Chart.lock": {Data: []byte(lockText("1.0.0", "1.0.0", "1.0.5", sum))}}
	o := Options{Version: "3.0.0", Dependencies: dependencies}
	changes, err := Files(files, o)
	if err != nil || len(changes) != 2 {
		t.Fatal(changes, err)
	}
	want := strings.NewReplacer("version: 0.0.0", "version: 3.0.0", "'1.0.0'", "'2.0.0-dev.1.gabc'", "~1.0", "2.0.0").Replace(dependentChart)
	if diff := cmp.Diff(want, string(changes[0].New)); diff != "" {
		t.Errorf("Chart.yaml (-want +got):\n%s", diff)
	}
	newSum, locked, err := digestOf(changes[0].New, changes[1].New)
	if err != nil || newSum != locked || newSum == sum {
		t.Errorf("digest %s, the lock has %s, before %s, %v", newSum, locked, sum, err)
	}
	if diff := cmp.Diff(lockText("2.0.0-dev.1.gabc", "2.0.0-dev.1.gabc", "2.0.0", newSum), string(changes[1].New)); diff != "" {
		t.Errorf("Chart.lock (-want +got):\n%s", diff)
	}
	for _, c := range changes {
		if !sameButForBump(t, c.Name, c.Old, c.New, o) {
			t.Errorf("%s: a bump counts as an edit", c.Name)
		}
		files[c.Name].Data = c.New
	}
	if again, err := Files(files, o); err != nil || len(again) != 0 {
		t.Errorf("a second bump changes %v, %v", again, err)
	}
	o.Dependencies[0].Version = "2.1.0"
	files["Chart.lock"].Data = []byte(lockText("1.0.0", "1.0.0", "1.0.5", "sha256:stale"))
	if changes, err = Files(files, o); err != nil || len(changes) != 2 || !strings.Contains(string(changes[1].New), "digest: sha256:stale\n") {
		t.Errorf("a lock that was out of date must stay so: %v, %v", changes, err)
	}
}

func sameButForBump(t *testing.T, name string, a, b []byte, o Options) bool {
	t.Helper()
	x, errX := Neutral(name, a, o)
	y, errY := Neutral(name, b, o)
	if errX != nil || errY != nil {
		t.Fatal(errX, errY)
	}
	return string(x) == string(y)
}

// TestBumpCopies: an alias holds only where the copy has the version that Chart.yaml asks for.
func TestBumpCopies(t *testing.T) {
	copyOf := func(name string) *chart.Chart {
		file := &chart.File{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: " + name + "\nversion: 1.0.0 # ours\n")}
		return &chart.Chart{Metadata: &chart.Metadata{Name: name, Version: "1.0.0"}, Raw: []*chart.File{file}}
	}
	c := &chart.Chart{Dependencies: []*chart.Chart{copyOf("lib"), copyOf("twice"), copyOf("twice"), copyOf("redis")}}
	before := c.Dependencies[0].Raw[0]
	if err := Copies(c, []Dependency{{Name: "lib", Version: "2.0.0"}, {Name: "twice", Version: "2.0.0"}, {Name: "absent", Version: "2.0.0"}}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"2.0.0", "1.0.0", "1.0.0", "1.0.0"} {
		sub := c.Dependencies[i]
		if file := string(sub.Raw[0].Data); sub.Metadata.Version != want || !strings.Contains(file, "version: "+want+" # ours\n") {
			t.Errorf("%s: version %s, want %s: %s", sub.Name(), sub.Metadata.Version, want, file)
		}
	}
	if !strings.Contains(string(before.Data), "1.0.0") {
		t.Error("the file that was loaded has changed")
	}
}
