package render_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/test/peer"
)

var (
	randomCharts = flag.Int("charts", 30, "how many random umbrella charts to compare with Helm")
	randomSeed   = flag.Uint64("seed", 1, "the first one's seed")
)

// TestRandomValuesLikeHelm compares the values that reach every template of random umbrella charts, with nulls, globals
// and imported values at every level, with those of Helm. Most of its quirks were found so.
func TestRandomValuesLikeHelm(t *testing.T) {
	helm := peer.Helm(t)
	refused := 0
	for i := range *randomCharts {
		seed := *randomSeed + uint64(i)
		dir := t.TempDir()
		randomUmbrella(t, rand.New(rand.NewPCG(seed, 0)), dir)
		cmd := exec.CommandContext(t.Context(), helm, "template", "rel", ".", "--namespace=ns", "--values=given.json")
		cmd.Dir = dir
		var want, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &want, &stderr
		helmErr := cmd.Run()
		got, err := template(t, dir, []string{"--values=given.json"})
		switch {
		case helmErr != nil && err != nil:
			refused++
		case helmErr != nil:
			t.Errorf("seed %d: Helm refuses, we do not: %s", seed, stderr.Bytes())
		case err != nil:
			t.Errorf("seed %d: we refuse, Helm does not: %v", seed, err)
		default:
			if diff := gocmp.Diff(want.String(), got); diff != "" {
				t.Errorf("seed %d: differs from Helm (-helm +ours):\n%s", seed, diff)
			}
		}
	}
	if refused*2 > *randomCharts {
		t.Errorf("%d of %d charts were refused: the test compares too little", refused, *randomCharts)
	}
}

// randomUmbrella writes a chart of three levels and the values that are given for it, given.json.
func randomUmbrella(t *testing.T, r *rand.Rand, dir string) {
	t.Helper()
	subcharts := randomChart(t, r, dir, "root", 0)
	writeJSON(t, filepath.Join(dir, "given.json"), randomValues(r, subcharts))
}

func randomChart(t *testing.T, r *rand.Rand, dir, name string, depth int) (subcharts []string) {
	t.Helper()
	var dependencies []any
	if depth < 2 {
		for i := range 1 + r.IntN(2) {
			sub := fmt.Sprintf("%ss%d", name, i)
			randomChart(t, r, filepath.Join(dir, "charts", sub), sub, depth+1)
			subcharts = append(subcharts, sub)
			dependency := map[string]any{"name": sub, "version": "1.0.0"}
			if r.IntN(5) < 3 {
				dependency["import-values"] = randomImport(r)
			}
			dependencies = append(dependencies, dependency)
		}
	}
	metadata := map[string]any{"apiVersion": "v2", "name": name, "version": "1.0.0"}
	if r.IntN(5) > 0 {
		metadata["dependencies"] = dependencies
	}
	writeJSON(t, filepath.Join(dir, "Chart.yaml"), metadata)
	writeJSON(t, filepath.Join(dir, "values.yaml"), randomValues(r, subcharts))
	template := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\nvalues: {{ toJson .Values }}\n"
	writeFile(t, filepath.Join(dir, "templates", "a.yaml"), []byte(template))
	return subcharts
}

func randomImport(r *rand.Rand) []any {
	table := map[string]any{"child": randomKey(r), "parent": []string{"a", "b", ".", "imp.x"}[r.IntN(4)]}
	global := map[string]any{"child": "a", "parent": "global.z"}
	return [][]any{{"data"}, {table}, {"data", global}}[r.IntN(3)]
}

func randomValues(r *rand.Rand, subcharts []string) map[string]any {
	values := randomTable(r, 3, 0)
	if r.IntN(5) > 0 {
		values["global"] = randomTable(r, 3, 0)
	}
	if r.IntN(2) > 0 {
		values["exports"] = map[string]any{"data": randomTable(r, 2, 0)}
	}
	for _, sub := range subcharts {
		if r.IntN(3) == 0 {
			continue
		}
		section := map[string]any{}
		for range 3 {
			key := []string{"a", "b", "c", "d", "global"}[r.IntN(5)]
			section[key] = randomTable(r, 2, 0)
		}
		values[sub] = section
	}
	return values
}

func randomTable(r *rand.Rand, keys, depth int) map[string]any {
	table := map[string]any{}
	for range keys {
		table[randomKey(r)] = randomValue(r, depth)
	}
	return table
}

func randomValue(r *rand.Rand, depth int) any {
	switch n := r.IntN(20); {
	case n < 9 && depth < 3:
		return randomTable(r, r.IntN(4), depth+1)
	case n < 12:
		return nil
	case n < 14:
		return []any{1, nil}
	}
	return r.IntN(3)
}

func randomKey(r *rand.Rand) string { return string("abcd"[r.IntN(4)]) }

func writeJSON(t *testing.T, path string, value any) {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, data)
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
