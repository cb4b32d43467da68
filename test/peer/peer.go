// Package peer finds the programs of other projects that tests compare with:
// Helm 4, Helm 3. It refuses to install them (`make check-peers` does) and to
// be used outside of tests.
package peer

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Helm returns the path of Helm 4: $HELM, what `make check-peers` has built, or
// what is on PATH. It skips the test where there is none. The test has "Helm" in
// its name: by that `make check-peers` finds it.
func Helm(t testing.TB) string {
	t.Helper()
	return find(t, "helm", "HELM")
}

// Helm3 is Helm for Helm 3, which $HELM3 names.
func Helm3(t testing.TB) string {
	t.Helper()
	return find(t, "helm3", "HELM3")
}

func find(t testing.TB, program, variable string) string {
	t.Helper()
	test, _, _ := strings.Cut(t.Name(), "/")
	if strings.HasPrefix(test, "Test") && !strings.Contains(test, "Helm") {
		t.Fatalf("%s compares with %s: put Helm into its name, by which `make check-peers` finds it", test, program)
	}
	path := os.Getenv(variable)
	if path == "" {
		path = built(program)
	}
	path, err := exec.LookPath(path)
	if err != nil {
		t.Skipf("no %s: `make check-peers` builds it, or set $%s", program, variable)
	}
	if path, err = filepath.Abs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// built returns the path of a program that make has built in this checkout, and
// the mere name of one that it has not. Tests run in their package's folder.
func built(program string) string {
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "bin", "tools", program)
		if _, missing := os.Stat(path); missing == nil {
			return path
		}
	}
	return program
}
