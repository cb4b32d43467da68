package docs_test

import (
	"os"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/internal/exitcode"
)

// TestExitCodesAreToldOnce holds every table of exit codes against the list that it is made of.
func TestExitCodesAreToldOnce(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), exitcode.Markdown()) {
		t.Errorf("README.md does not hold the table of exit codes: run \"make docs\"")
	}
}
