package jsonschema_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/internal/jsonschema"
)

// TestCharts compares us with the oracle for the schemas of the charts below
// PINTLE_CHARTS, with their values and each of them changed in many ways.
func TestCharts(t *testing.T) {
	root := os.Getenv("PINTLE_CHARTS")
	if root == "" {
		t.Skip("PINTLE_CHARTS is not set")
	}
	schemas, values, fit := 0, 0, 0
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != "values.schema.json" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		ours, err := jsonschema.Compile(t.Context(), text, jsonschema.Options{URL: home, Load: load})
		theirs, theirErr := newOracle(text, nil, false, load)
		if (err != nil) != (theirErr != nil) {
			t.Errorf("%s: compiling says %v, the oracle says %v", path, err, theirErr)
		}
		if ours == nil || theirErr != nil {
			t.Logf("%s: %v", path, err)
			return nil //nolint:nilerr // both refuse it
		}
		schemas++
		b := both{[]byte(path), ours, theirs}
		changes(readValues(t, path), func(v any) {
			values++
			if b.compare(t, v) {
				fit++
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d schemas, %d values, of which %d fit", schemas, values, fit)
}

func readValues(t *testing.T, path string) any {
	text, err := os.ReadFile(filepath.Join(filepath.Dir(path), "values.yaml"))
	if err != nil {
		return map[string]any{}
	}
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

// changes calls use with a value, and with it changed at each place in turn.
func changes(v any, use func(any)) {
	use(v)
	left := 400
	var walk func(at any)
	walk = func(at any) {
		switch at := at.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(at)) {
				was := at[k]
				for _, to := range []any{"x", 1.5, 70000.0, nil, true, []any{"a"}, map[string]any{"a": 1.0}} {
					if left--; left > 0 {
						at[k] = to
						use(v)
					}
				}
				delete(at, k)
				at[k+"Odd"] = was
				use(v)
				delete(at, k+"Odd")
				at[k] = was
				walk(was)
			}
		case []any:
			for i, was := range at {
				at[i] = 7.0
				use(v)
				at[i] = was
				walk(was)
			}
		}
	}
	walk(v)
}
