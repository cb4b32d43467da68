// Command summary reads what `go test -json` prints, shows a line for each
// package and everything that a failed test printed, and at the end counts
// passed, failed and skipped tests, the skipped ones by reason. It refuses to
// judge: it ends with 1 where a test or a package failed, else with 0.
package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	r := newResult()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		r.read(lines.Bytes(), os.Stdout)
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "read the output of go test:", err)
		os.Exit(1)
	}
	r.summarize(os.Stdout)
	if r.failed > 0 || r.broken > 0 {
		os.Exit(1)
	}
}
