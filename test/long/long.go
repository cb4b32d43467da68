// Package long is the one switch of suites that take minutes or hours:
// `go test ./test/... -long`. It refuses to hide a suite: without the switch
// each still runs a few rounds, or skips and says what it would take.
package long

import (
	"flag"
	"os"
	"strconv"
	"testing"
)

// on is a flag of every test binary that imports this package.
var on = flag.Bool("long", false, "run the suites that take minutes or hours")

// Suite skips a test that has no short form, unless -long is given. takes tells
// what it needs: "some hundred processes", "ten minutes".
func Suite(t testing.TB, takes string) {
	t.Helper()
	if !*on {
		t.Skipf("takes %s: run it with -long", takes)
	}
}

// On reports whether -long is given.
func On() bool { return *on }

// Seed returns the number that a variable holds, else 1: where a random suite begins.
func Seed(t testing.TB, variable string) int {
	t.Helper()
	return number(t, variable, 1)
}

// Rounds returns how many rounds a random suite runs: the variable's number
// where it is set, else many with -long, and few without.
func Rounds(t testing.TB, variable string, few, many int) int {
	t.Helper()
	if *on {
		return number(t, variable, many)
	}
	return number(t, variable, few)
}

func number(t testing.TB, variable string, otherwise int) int {
	t.Helper()
	s := os.Getenv(variable)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("$%s is %q: it has to be a number above 0", variable, s)
	}
	return n
}
