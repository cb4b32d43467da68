package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// line is one of `go test -json`: go doc test2json.
type line struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// result is what the lines so far say.
type result struct {
	passed, failed, broken int
	skips                  map[string][]string // reason -> tests
	output                 map[string][]string // package and test -> what it printed
}

func newResult() *result {
	return &result{skips: map[string][]string{}, output: map[string][]string{}}
}

// read takes in a line, and prints what has to be seen at once.
func (r *result) read(data []byte, w io.Writer) {
	var l line
	if json.Unmarshal(data, &l) != nil {
		fmt.Fprintf(w, "%s\n", data) // of the compiler, or of make
		return
	}
	id := l.Package + " " + l.Test
	switch l.Action {
	case "output", "build-output":
		if l.Test != "" {
			r.output[id] = append(r.output[id], l.Output)
		} else if l.Action == "build-output" || shown(l.Output) {
			fmt.Fprint(w, l.Output)
		}
		return
	case "pass":
		if l.Test != "" {
			r.passed++
		}
	case "fail":
		r.fail(l, id, w)
	case "skip":
		if l.Test != "" {
			reason := reasonOf(r.output[id])
			r.skips[reason] = append(r.skips[reason], l.Test)
		}
	default:
		return
	}
	delete(r.output, id)
}

func (r *result) fail(l line, id string, w io.Writer) {
	if l.Test == "" {
		r.broken++
		return
	}
	r.failed++
	fmt.Fprintf(w, "FAILED %s %s\n", l.Package, l.Test)
	for _, o := range r.output[id] {
		fmt.Fprint(w, o)
	}
}

// shown reports whether a package's output is more than "PASS" and coverage.
func shown(output string) bool {
	return output != "PASS\n" && !strings.Contains(output, "[no test files]") && !strings.HasPrefix(output, "coverage:")
}

// position is how testing begins a line: "    file_test.go:12: ".
var position = regexp.MustCompile(`^\s*\w+\.go:\d+: `)

// scriptSkip is the line of a testscript that skips it.
var scriptSkip = regexp.MustCompile(`> \[.*\] skip '(.*)'`)

// reasonOf returns what a skipped test printed last, or what its script says.
func reasonOf(output []string) string {
	for _, o := range slices.Backward(output) {
		if skip := scriptSkip.FindStringSubmatch(o); skip != nil {
			return skip[1]
		}
		if at := position.FindString(o); at != "" {
			return strings.TrimSpace(o[len(at):])
		}
	}
	return "no reason"
}

// summarize prints the counts, the skipped tests by reason, most first.
func (r *result) summarize(w io.Writer) {
	skipped := 0
	reasons := slices.SortedFunc(maps.Keys(r.skips), func(a, b string) int {
		if d := len(r.skips[b]) - len(r.skips[a]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, reason := range reasons {
		skipped += len(r.skips[reason])
	}
	fmt.Fprintf(w, "\n%d passed, %d failed, %d skipped", r.passed, r.failed, skipped)
	if r.broken > 0 {
		fmt.Fprintf(w, ", %d packages failed", r.broken)
	}
	fmt.Fprintln(w)
	for _, reason := range reasons {
		tests := r.skips[reason]
		if len(tests) > 3 {
			fmt.Fprintf(w, "  skipped %3d: %s\n", len(tests), reason)
			continue
		}
		fmt.Fprintf(w, "  skipped %3d: %s (%s)\n", len(tests), reason, strings.Join(tests, ", "))
	}
}
