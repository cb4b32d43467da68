package unittest

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"

	goyaml "go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/internal/yaml"
)

// valuesFiles reads each values file once.
type valuesFiles struct {
	mu    sync.Mutex
	known map[valuesFile]func() (map[string]any, error)
}

// valuesFile is a values file that the command line names, or a suite.
type valuesFile struct {
	name string
	tree *files.Tree // that it must be in; nil for one that the command line names
}

func (f *valuesFiles) read(file valuesFile) (map[string]any, error) {
	f.mu.Lock()
	load, ok := f.known[file]
	if !ok {
		load = sync.OnceValues(func() (map[string]any, error) { return readValues(file) })
		f.known[file] = load
	}
	f.mu.Unlock()
	return load()
}

func readValues(file valuesFile) (map[string]any, error) {
	name := file.name
	data, err := file.read()
	if err != nil {
		return nil, fmt.Errorf("values file %s: %w", name, err)
	}
	values := map[string]any{}
	if err := goyaml.Unmarshal(data, &values); err != nil {
		return nil, fmt.Errorf("values file %s: %w", name, err)
	}
	if values, err = yaml.JSONMap(values); err != nil {
		return nil, fmt.Errorf("values file %s: %w", name, err)
	}
	return values, nil
}

// read reads a values file of at most maxValuesFile bytes.
func (file valuesFile) read() ([]byte, error) {
	if file.tree == nil {
		data, err := files.ReadNamed(file.name, maxValuesFile)
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			err = path.Err // the name is told already
		}
		return data, err
	}
	return file.tree.ReadFile(file.name, maxValuesFile)
}

// userValues merges what a test renders with: the values files of the suite, of
// the command line and of the test, then the set sections of suite and test.
// All are those of the chart that the suite belongs to, however deep it is.
func (j *job) userValues(known *valuesFiles) (map[string]any, error) {
	values := map[string]any{}
	for _, name := range j.valuesFiles() {
		file, err := known.read(name)
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
func (j *job) valuesFiles() []valuesFile {
	var out []valuesFile
	folder, tree := filepath.Dir(j.suite.File), j.plan.treeOf(j.suite.File)
	add := func(names []string, folder string, tree *files.Tree) {
		for _, name := range names {
			if !filepath.IsAbs(name) {
				name = filepath.Join(folder, name)
			}
			out = append(out, valuesFile{name, tree})
		}
	}
	add(j.suite.Values, folder, tree)
	add(j.plan.opts.Values, "", nil)
	add(j.test.Values, folder, tree)
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
