package walk_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/test/long"
	"github.com/pintle-ci/pintle/test/workbench"
)

const walkLength = 20 // operations of one sequence

// TestWalkLikeHelm lets Helm 4, Helm 3 and pintle work on one release in turn, at random, and after every operation
// compares what they say about it, the record with what Helm's rules make of it, and the objects with what the record
// says. $PINTLE_WALK is the number of sequences, $PINTLE_WALK_SEED the seed of the first: "make walk".
func TestWalkLikeHelm(t *testing.T) {
	first := long.Seed(t, "PINTLE_WALK_SEED")
	for seed := first; seed < first+long.Rounds(t, "PINTLE_WALK", 1, 20); seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(seed), 0))
			w := &walker{Bench: workbench.New(t, []string{"secret", "configmap"}[r.IntN(2)]), r: r, asks: rand.New(rand.NewPCG(uint64(seed), 1)), left: map[string]bool{}}
			w.addHooks()
			defer w.tellOnFailure()
			for range walkLength {
				w.step()
			}
			t.Logf("seed %d: %d operations, records in %ss: %s", seed, len(w.done), w.Driver, w.tally())
		})
	}
}

// walker is one sequence under way.
type walker struct {
	*workbench.Bench
	r       *rand.Rand
	asks    *rand.Rand                            // chooses among views, so that the operations of a seed stay the same
	done    []string                              // the operations so far, and how they ended
	names   []string                              // of the operations so far
	history []workbench.Revision                  // before the next one
	records []*release.Record                     // of the release, before the next one
	live    map[string]*unstructured.Unstructured // the release's objects, before the next one
	left    map[string]bool                       // objects that Helm has left behind, which nobody knows any more
}

func (w *walker) tellOnFailure() {
	if w.T.Failed() {
		w.T.Logf("%s: records in %ss:\n%s", w.T.Name(), w.Driver, strings.Join(w.done, "\n"))
	}
}

// tally counts the operations by tool and name.
func (w *walker) tally() string {
	counts, order := map[string]int{}, []string{}
	for _, name := range w.names {
		if counts[name]++; counts[name] == 1 {
			order = append(order, name)
		}
	}
	for i, name := range order {
		order[i] = fmt.Sprintf("%d %s", counts[name], name)
	}
	return strings.Join(order, ", ")
}

func (w *walker) step() {
	w.T.Helper()
	who := []string{"pintle", "helm4", "helm3"}[w.r.IntN(3)]
	op := w.choose(who)
	line := fmt.Sprintf("%2d %-6s %s", len(w.done)+1, who, strings.Join(op.args, " "))
	for version, path := range w.Charts {
		line = strings.ReplaceAll(line, path, version)
	}
	for how, ref := range w.Images {
		line = strings.ReplaceAll(line, ref, how)
	}
	want := w.foretell(who, op)
	w.live = w.LiveObjects()
	began := time.Now()
	s := w.by(who, op.args...)
	w.done, w.names = append(w.done, fmt.Sprintf("%s -> %d, %.1f s", line, s.Code, time.Since(began).Seconds())), append(w.names, who+" "+op.name)
	if (s.Code != 0) != op.fails {
		w.T.Fatalf("%s: exit code %d\n%s%s", line, s.Code, s.Stdout, s.Stderr)
	}
	w.checkRecords(who, op, began, want)
	w.compareViews()
	w.checkHistory(op)
	w.checkObjects(who, op)
}

// by lets one of the tools do something.
func (w *walker) by(who string, args ...string) workbench.Result {
	w.T.Helper()
	switch who {
	case "pintle":
		return w.Pintle(args...)
	case "helm4":
		return w.Helm4(args...)
	}
	return w.Helm3(args...)
}

func (w *walker) decode(s workbench.Result, into any) {
	w.T.Helper()
	if err := json.Unmarshal([]byte(w.Must(s)), into); err != nil {
		w.T.Fatal(err)
	}
}

// compareViews asks Helm and pintle the same questions.
func (w *walker) compareViews() {
	w.T.Helper()
	lines := []string{"list -o json", "history web -o json", "get values web -o json", "get manifest web", "get all web", "status web -o json"}
	others := []string{"history web", "get values web -a", "get notes web", "get hooks web", "get metadata web", "get metadata web -o json"}
	if len(w.history) > 0 { // an older revision, as Helm or somebody else has left it
		n := strconv.Itoa(w.history[w.asks.IntN(len(w.history))].Revision)
		others = append(others, "get metadata web -o json --revision "+n, "get all web --revision "+n)
	}
	for _, line := range append(lines, others[w.asks.IntN(len(others))]) {
		args := strings.Fields(line)
		w.compare(line, w.Helm4(args...), w.Pintle(args...))
	}
	w.compare("list of helm3", w.Helm3("list", "-a"), w.Pintle("list"))
	line := []string{"get hooks web", "get manifest web", "get values web -a -o json"}[w.asks.IntN(3)]
	args := strings.Fields(line)
	w.compare(line+" of helm3", w.Helm3(args...), w.Pintle(args...))
}

// compare holds that two answers are the same, and that both tools refuse to answer where there is nothing of what is
// asked for, and nowhere else.
func (w *walker) compare(line string, theirs, ours workbench.Result) {
	w.T.Helper()
	if there := w.hasAnswer(line); (theirs.Code == 0) != there || (ours.Code == 0) != there {
		w.T.Fatalf("%s: Helm ends with %d, pintle with %d; is there an answer? %t\n%s%s", line, theirs.Code, ours.Code, there, theirs.Stderr, ours.Stderr)
	}
	if strings.HasPrefix(line, "status") { // the objects move
		theirs.Stdout, ours.Stdout = w.still(theirs), w.still(ours)
	}
	if diff := gocmp.Diff(theirs.Stdout, ours.Stdout); diff != "" {
		w.T.Fatalf("%s: -helm +pintle\n%s", line, diff)
	}
}

// hasAnswer reports whether the cluster has what a question is about.
func (w *walker) hasAnswer(line string) bool {
	_, number, older := strings.Cut(line, "--revision ")
	return strings.HasPrefix(line, "list") || slices.ContainsFunc(w.records, func(r *release.Record) bool {
		return !older || strconv.Itoa(r.Version) == number
	})
}

// still is a status without the live objects.
func (w *walker) still(s workbench.Result) string {
	w.T.Helper()
	if s.Code != 0 {
		return ""
	}
	var v map[string]any
	w.decode(s, &v)
	if info, ok := v["info"].(map[string]any); ok {
		delete(info, "resources")
	}
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		w.T.Fatal(err)
	}
	return string(text)
}

// checkHistory holds the rules of a history (facts/helm-format.md 4.3).
func (w *walker) checkHistory(op stride) {
	w.T.Helper()
	w.history = nil
	if s := w.Pintle("history", "web", "-o", "json"); s.Code == 0 {
		w.decode(s, &w.history)
	}
	if len(w.history) != len(w.records) {
		w.T.Fatalf("the history has %d revisions, %d are stored", len(w.history), len(w.records))
	}
	deployed, last := 0, 0
	for _, r := range w.history {
		if r.Status == "deployed" {
			deployed++
		}
		if strings.HasPrefix(r.Status, "pending") || r.Status == "uninstalling" || r.Description == "" {
			w.T.Fatalf("revision %d is %s: %q", r.Revision, r.Status, r.Description)
		}
		if r.Revision <= last {
			w.T.Fatalf("revision %d comes after %d", r.Revision, last)
		}
		last = r.Revision
	}
	if deployed > 1 {
		w.T.Fatalf("%d revisions are deployed: %+v", deployed, w.history)
	}
	if n := len(w.history); !op.fails && op.name != "uninstall" && (n == 0 || w.history[n-1].Status != "deployed") {
		w.T.Fatalf("after %s: %+v", op.name, w.history)
	}
}
