package cmd

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

const walkLength = 20 // operations of one sequence

// TestReleaseWalk lets Helm 4, Helm 3 and pintle work on one release in turn, at
// random, and compares after every operation what they say about it, and the
// objects with what the record says. $PINTLE_WALK is the number of sequences,
// $PINTLE_WALK_SEED the seed of the first: "make walk".
func TestReleaseWalk(t *testing.T) {
	number := func(variable string, otherwise int) int {
		n, err := strconv.Atoi(cmp.Or(os.Getenv(variable), strconv.Itoa(otherwise)))
		if err != nil {
			t.Fatalf("$%s: %v", variable, err)
		}
		return n
	}
	first := number("PINTLE_WALK_SEED", 1)
	for seed := first; seed < first+number("PINTLE_WALK", 1); seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(seed), 0))
			w := &walker{workbench: newWorkbench(t, []string{"secret", "configmap"}[r.IntN(2)]), r: r, left: map[string]bool{}}
			defer w.tellOnFailure()
			for range walkLength {
				w.step()
			}
		})
	}
}

// walker is one sequence under way.
type walker struct {
	*workbench
	r       *rand.Rand
	done    []string        // the operations so far, and how they ended
	history []historyRow    // before the next one
	left    map[string]bool // objects that Helm has left behind, which nobody knows any more
}

func (w *walker) tellOnFailure() {
	if w.t.Failed() {
		w.t.Logf("records in %ss:\n%s", w.driver, strings.Join(w.done, "\n"))
	}
}

// stride is one thing to do to the release, and how it must end.
type stride struct {
	name  string
	args  []string
	fails bool
	limit int // revisions that may be left; 0 does not say
}

func (w *walker) step() {
	w.t.Helper()
	who := []string{"pintle", "helm4", "helm3"}[w.r.IntN(3)]
	op := w.choose(who)
	var s said
	switch who {
	case "pintle":
		s = w.pintle(op.args...)
	case "helm4":
		s = w.helm(w.helm4, op.args...)
	default:
		s = w.helm(w.helm3, op.args...)
	}
	line := fmt.Sprintf("%2d %-6s %s", len(w.done)+1, who, strings.Join(op.args, " "))
	for version, path := range w.charts {
		line = strings.ReplaceAll(line, path, version)
	}
	for how, ref := range w.images {
		line = strings.ReplaceAll(line, ref, how)
	}
	w.done = append(w.done, fmt.Sprintf("%s -> %d", line, s.code))
	if (s.code != 0) != op.fails {
		w.t.Fatalf("%s: exit code %d\n%s%s", line, s.code, s.stdout, s.stderr)
	}
	w.compareViews()
	w.checkHistory(op)
	w.checkObjects(who, op)
}

// choose takes something that the state of the release allows.
func (w *walker) choose(who string) stride {
	last := historyRow{}
	if n := len(w.history); n > 0 {
		last = w.history[n-1]
	}
	var choices []func(string) stride
	switch last.Status {
	case "":
		choices = []func(string) stride{w.install, w.install, w.upgradeInstall}
	case "uninstalled":
		choices = []func(string) stride{w.replace, w.upgradeInstall, w.uninstall, w.rollback}
	default:
		choices = []func(string) stride{w.upgrade, w.upgrade, w.upgrade, w.upgrade, w.failingUpgrade, w.failingUpgrade, w.failingUpgrade, w.rollback, w.rollback, w.test, w.uninstall}
	}
	for {
		if op := choices[w.r.IntN(len(choices))](who); op.name != "" {
			return op
		}
	}
}

func (w *walker) some(words ...string) string { return words[w.r.IntN(len(words))] }

func (w *walker) version() string { return w.charts[w.some("1.0.0", "1.1.0", "2.0.0")] }

// good are values that let everything pass, at random where they may be.
func (w *walker) good() []string {
	args := []string{"--set", "selector=one,image=" + w.images["ready"] + ",hook=" + w.images["exit0"]}
	for _, set := range []string{"greeting=" + w.some("hi", "hey", "ho"), "extra=" + w.some("true", "false"), "keep=" + w.some("true", "false"),
		"replicas=" + w.some("0", "1", "2"), "sub.enabled=" + w.some("true", "false"), "test=" + w.images[w.some("exit0", "exit1")]} {
		if w.r.IntN(2) == 0 {
			args = append(args, "--set", set)
		}
	}
	if w.r.IntN(4) == 0 {
		args = append(args, "--labels", "team="+w.some("shop", "null", "web"))
	}
	if w.r.IntN(4) == 0 {
		args = append(args, "--description", w.some("one", "two words"))
	}
	return args
}

func (w *walker) waiting() []string {
	if w.r.IntN(3) == 0 {
		return nil
	}
	return []string{"--wait", "--timeout", "90s"}
}

// side is how Helm 4 is to apply.
func (w *walker) side(who string, words ...string) []string {
	if who != "helm4" || w.r.IntN(3) > 0 {
		return nil
	}
	return []string{"--server-side=" + w.some(words...)}
}

func (w *walker) install(who string) stride {
	return stride{name: "install", args: slices.Concat([]string{"install", "web", w.version()}, w.good(), w.waiting(), w.side(who, "true", "false"))}
}

func (w *walker) replace(who string) stride {
	op := w.install(who)
	op.args = append(op.args, "--replace")
	return op
}

func (w *walker) upgradeInstall(who string) stride {
	op := w.upgrade(who)
	op.args = append(op.args, "--install")
	if who != "pintle" { // Helm's install forgets --history-max
		op.limit = 0
	}
	return op
}

func (w *walker) upgrade(who string) stride {
	op := stride{name: "upgrade", args: slices.Concat([]string{"upgrade", "web", w.version()}, w.good(), w.waiting())}
	if how := w.some("", "", "--reuse-values", "--reset-values", "--reset-then-reuse-values"); how != "" {
		op.args = append(op.args, how)
	}
	if n := len(w.history); n > 0 && w.history[n-1].Status == "deployed" {
		op.args = append(op.args, w.side(who, "true", "false", "auto")...)
	}
	return w.limited(op)
}

func (w *walker) limited(op stride) stride {
	if w.r.IntN(3) == 0 {
		op.limit = 3 + w.r.IntN(3)
		op.args = append(op.args, "--history-max", strconv.Itoa(op.limit))
	}
	return op
}

func (w *walker) failingUpgrade(who string) stride {
	how := w.some("selector=two", "image="+w.images["never"], "hook="+w.images["exit1"])
	op := stride{name: "failing upgrade", fails: true, args: slices.Concat([]string{"upgrade", "web", w.version()}, w.good(), []string{"--set", how, "--timeout", "20s"})}
	if strings.HasPrefix(how, "image=") {
		op.args[len(op.args)-1] = "4s"
		op.args = append(op.args, "--wait", "--set", "replicas=1")
	}
	deployed := slices.ContainsFunc(w.history, func(r historyRow) bool { return r.Status == "deployed" })
	switch w.r.IntN(3) {
	case 0:
		op.args = append(op.args, "--cleanup-on-fail")
	case 1:
		if deployed && who == "helm3" {
			op.args = append(op.args, "--atomic")
		} else if deployed {
			op.args = append(op.args, "--rollback-on-failure")
		}
	}
	if !deployed && strings.HasPrefix(how, "selector=") {
		return stride{} // nobody knows whether there is an object to refuse it
	}
	return op
}

func (w *walker) rollback(who string) stride {
	var good []int
	for i, r := range w.history {
		if i < len(w.history)-1 && r.Status == "superseded" || r.Status == "uninstalled" {
			good = append(good, r.Revision)
		}
	}
	if len(good) == 0 {
		return stride{}
	}
	args := slices.Concat([]string{"rollback", "web", strconv.Itoa(good[w.r.IntN(len(good))])}, w.waiting())
	return w.limited(stride{name: "rollback", args: args})
}

func (w *walker) uninstall(string) stride {
	op := stride{name: "uninstall", args: []string{"uninstall", "web"}}
	if n := len(w.history); w.r.IntN(3) > 0 && w.history[n-1].Status != "uninstalled" {
		op.args = append(op.args, "--keep-history")
	}
	if w.r.IntN(2) == 0 {
		op.args = append(op.args, "--wait")
	}
	return op
}

func (w *walker) test(string) stride {
	if w.history[len(w.history)-1].Status != "deployed" {
		return stride{}
	}
	var values struct{ Test string }
	w.decode(w.pintle("get", "values", "web", "-a", "-o", "json"), &values)
	return stride{name: "test", args: []string{"test", "web", "--timeout", "60s"}, fails: values.Test == w.images["exit1"]}
}

func (w *walker) decode(s said, into any) {
	w.t.Helper()
	if err := json.Unmarshal([]byte(w.must(s)), into); err != nil {
		w.t.Fatal(err)
	}
}

// compareViews asks Helm and pintle the same questions.
func (w *walker) compareViews() {
	w.t.Helper()
	for _, line := range []string{
		"list -o json", "history web -o json", "history web", "get values web -o json", "get values web -a", "get manifest web", "get notes web",
		"get hooks web", "get metadata web",
	} {
		args := strings.Fields(line)
		theirs, ours := w.helm(w.helm4, args...), w.pintle(args...)
		if (theirs.code == 0) != (ours.code == 0) {
			w.t.Fatalf("%s: Helm ends with %d, pintle with %d\n%s%s", line, theirs.code, ours.code, theirs.stderr, ours.stderr)
		}
		if diff := gocmp.Diff(theirs.stdout, ours.stdout); diff != "" {
			w.t.Fatalf("%s: -helm +pintle\n%s", line, diff)
		}
	}
	if theirs, ours := w.helm(w.helm3, "list", "-a"), w.pintle("list"); theirs.stdout != ours.stdout {
		w.t.Fatalf("list: -helm3 +pintle\n%s", gocmp.Diff(theirs.stdout, ours.stdout))
	}
}

// checkHistory holds the rules of a history (facts/helm-format.md 4.3).
func (w *walker) checkHistory(op stride) {
	w.t.Helper()
	w.history = nil
	if s := w.pintle("history", "web", "-o", "json"); s.code == 0 {
		w.decode(s, &w.history)
	}
	deployed, last := 0, 0
	for _, r := range w.history {
		if r.Status == "deployed" {
			deployed++
		}
		if strings.HasPrefix(r.Status, "pending") || r.Status == "uninstalling" || r.Description == "" {
			w.t.Fatalf("revision %d is %s: %q", r.Revision, r.Status, r.Description)
		}
		if r.Revision <= last {
			w.t.Fatalf("revision %d comes after %d", r.Revision, last)
		}
		last = r.Revision
	}
	if deployed > 1 {
		w.t.Fatalf("%d revisions are deployed: %+v", deployed, w.history)
	}
	if !op.fails && op.name != "uninstall" && w.history[len(w.history)-1].Status != "deployed" {
		w.t.Fatalf("after %s: %+v", op.name, w.history)
	}
	if op.limit > 0 && len(w.history) > op.limit && !op.fails {
		w.t.Fatalf("%d revisions are kept, %d were to be", len(w.history), op.limit)
	}
}
