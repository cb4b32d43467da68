// Package bump writes versions and images into the files of a chart in place: comments,
// order and quotation marks stay. It writes no file, loads no chart, and refuses an edit
// that would change anything else.
package bump

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/yaml/edit"
)

// Options say what a bump writes. An empty field leaves its value alone.
type Options struct {
	Version      string       // of Chart.yaml
	AppVersion   string       // of Chart.yaml; the line is inserted below version when there is none
	Image        *Image       // the service's own, in values.yaml
	Images       []Reference  // others, in values.yaml
	Dependencies []Dependency // on charts that are bumped too, in Chart.yaml and Chart.lock
}

// Image is the image that values.yaml names.
type Image struct {
	Repository     string
	Tag            string
	RepositoryPath []string // default image.repository
	TagPath        []string // default image.tag
}

// Files edits Chart.yaml, values.yaml and Chart.lock of the chart in files and returns what
// changed; nothing is written, and a second bump of the result changes nothing.
// A path that values.yaml lacks is an *edit.Error with ErrNoSuchKey.
func Files(files fs.FS, o Options) ([]chart.FileChange, error) {
	var names []string
	if o.Version != "" || o.AppVersion != "" || len(o.Dependencies) > 0 {
		names = append(names, "Chart.yaml")
	}
	if o.wantsImages() {
		names = append(names, "values.yaml")
	}
	var changes []chart.FileChange
	for _, name := range names {
		old, err := readBounded(files, name)
		if err != nil {
			return nil, err
		}
		edited, err := File(name, old, o)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(old, edited) {
			changes = append(changes, chart.FileChange{Name: name, Old: old, New: edited})
		}
		if name != "Chart.yaml" {
			continue
		}
		lock, err := lockChange(files, old, edited, o)
		if err != nil {
			return nil, err
		}
		if lock != nil {
			changes = append(changes, *lock)
		}
	}
	return changes, nil
}

// File returns what Files makes of one file of a chart, of which src is the
// content. Other files than Chart.yaml and values.yaml stay as they are.
func File(name string, src []byte, o Options) ([]byte, error) {
	var err error
	switch name {
	case "Chart.yaml":
		if src, err = chart.SetVersions(src, o.Version, o.AppVersion); err == nil {
			src, err = bumpDependencies(src, o.Dependencies)
		}
	case "values.yaml":
		src, err = bumpImages(src, o)
	}
	if err != nil {
		return nil, fmt.Errorf("bump %s: %w", name, err)
	}
	return src, nil
}

func pathOr(path []string, otherwise ...string) []string {
	if len(path) == 0 {
		return otherwise
	}
	return path
}

func readBounded(files fs.FS, name string) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read chart: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, edit.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read chart: %w", err)
	}
	return data, nil // one byte too many is refused by the parser
}
