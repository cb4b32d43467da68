package unittest

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/chart"
)

// valuesFiles reads each values file once.
type valuesFiles struct {
	mu    sync.Mutex
	known map[string]func() (map[string]any, error)
}

func (f *valuesFiles) read(name string) (map[string]any, error) {
	f.mu.Lock()
	load, ok := f.known[name]
	if !ok {
		load = sync.OnceValues(func() (map[string]any, error) { return readValues(name) })
		f.known[name] = load
	}
	f.mu.Unlock()
	return load()
}

func readValues(name string) (map[string]any, error) {
	data, err := readFile(name, maxValuesFile)
	if err != nil {
		return nil, fmt.Errorf("values file %s: %w", name, err)
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(data, &values); err != nil {
		return nil, fmt.Errorf("values file %s: %w", name, err)
	}
	if values, err = jsonMap(values); err != nil {
		return nil, fmt.Errorf("values file %s: %w", name, err)
	}
	return values, nil
}

// userValues merges what a test renders with: the values files of the suite, of
// the command line and of the test, then the set sections of suite and test.
// All are those of the chart that the suite belongs to, however deep it is.
func (j *job) userValues(files *valuesFiles) (map[string]any, error) {
	values := map[string]any{}
	for _, name := range j.valuesFiles() {
		file, err := files.read(name)
		if err != nil {
			return nil, err
		}
		values = chart.MergeMaps(values, scope(file, j.suite.Route))
	}
	for _, set := range []map[string]any{j.suite.Set, j.test.Set} {
		own, err := setValues(map[string]any{}, set)
		if err != nil {
			return nil, err
		}
		values = chart.MergeMaps(values, scope(own, j.suite.Route))
	}
	return values, nil
}

// valuesFiles are the values files of a test, the last of which wins.
func (j *job) valuesFiles() []string {
	var out []string
	folder := filepath.Dir(j.suite.File)
	add := func(names []string, folder string) {
		for _, name := range names {
			if !filepath.IsAbs(name) {
				name = filepath.Join(folder, name)
			}
			out = append(out, name)
		}
	}
	add(j.suite.Values, folder)
	add(j.plan.opts.Values, "")
	add(j.test.Values, folder)
	return out
}

// scope moves the values of a subchart to where the root chart has them. Globals
// stand at the top as well.
func scope(values map[string]any, route string) map[string]any {
	names := strings.Split(route, "/charts/")
	for i := len(names) - 1; i > 0; i-- {
		outer := map[string]any{names[i]: values}
		if global, ok := values[chart.GlobalKey]; ok {
			outer[chart.GlobalKey] = global
		}
		values = outer
	}
	return values
}
