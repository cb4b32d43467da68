package cmd_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// corrupt REVISION writes rubbish over the object of a revision, which is a file of its own.
func corrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: corrupt REVISION")
	}
	ts.Check(ts.Exec("git", "rev-parse", args[0]))
	hash := strings.TrimSpace(ts.ReadFile("stdout"))
	file := ts.MkAbs(filepath.Join(".git", "objects", hash[:2], hash[2:]))
	ts.Check(os.Remove(file))
	ts.Check(os.WriteFile(file, []byte("not zlib at all"), 0o644))
}

// lengthen FILE MEGABYTES adds so much text to a file.
func lengthen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lengthen FILE MEGABYTES")
	}
	text, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	megabytes, err := strconv.Atoi(args[1])
	ts.Check(err)
	const line = "all work and no play\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), append(text, strings.Repeat(line, megabytes<<20/len(line))...), 0o644))
}

// headIs REVISION checks that the version just printed names the commit of a revision.
func headIs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: head-is REVISION")
	}
	version := strings.TrimSpace(ts.ReadFile("stdout"))
	ts.Check(ts.Exec("git", "rev-parse", args[0]))
	if hash := strings.TrimSpace(ts.ReadFile("stdout")); !strings.HasSuffix(version, ".g"+hash[:8]) {
		ts.Fatalf("version %s is not of commit %s", version, hash)
	}
}

// setenv NAME sets a variable to what was printed last.
func setenv(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: setenv NAME")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}
