package project_test

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pintle-ci/pintle/cmd"
)

// TestMain makes this program the one that tests find as pintle.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"pintle": func() { os.Exit(cmd.Main(os.Args)) },
	})
}
