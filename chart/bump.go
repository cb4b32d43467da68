package chart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/internal/yaml/edit"
)

// BumpOptions say what Bump writes. An empty field leaves its value alone.
type BumpOptions struct {
	Version      string           // of Chart.yaml
	AppVersion   string           // of Chart.yaml; the line is inserted below version when there is none
	Image        *BumpImage       // the service's own, in values.yaml
	Images       []BumpReference  // others, in values.yaml
	Dependencies []BumpDependency // on charts that are bumped too, in Chart.yaml and Chart.lock
}

// BumpImage is the image that values.yaml names.
type BumpImage struct {
	Repository     string
	Tag            string
	RepositoryPath []string // default image.repository
	TagPath        []string // default image.tag
}

// FileChange is a file of a chart before and after an edit.
type FileChange struct {
	Name     string // relative to the chart, with slashes
	Old, New []byte
}

// Bump edits Chart.yaml, values.yaml and Chart.lock of the chart in files and returns what
// changed; nothing is written, and a second Bump of the result changes nothing.
// A path that values.yaml lacks is an *EditError with ErrNoSuchKey.
func Bump(files fs.FS, o BumpOptions) ([]FileChange, error) {
	var names []string
	if o.Version != "" || o.AppVersion != "" || len(o.Dependencies) > 0 {
		names = append(names, "Chart.yaml")
	}
	if o.wantsImages() {
		names = append(names, "values.yaml")
	}
	var changes []FileChange
	for _, name := range names {
		old, err := readBounded(files, name)
		if err != nil {
			return nil, err
		}
		edited, err := BumpFile(name, old, o)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(old, edited) {
			changes = append(changes, FileChange{Name: name, Old: old, New: edited})
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

// BumpFile returns what Bump makes of one file of a chart, of which src is the
// content. Other files than Chart.yaml and values.yaml stay as they are.
func BumpFile(name string, src []byte, o BumpOptions) ([]byte, error) {
	var err error
	switch name {
	case "Chart.yaml":
		if src, err = bumpMetadata(src, o.Version, o.AppVersion); err == nil {
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

// bumpMetadata sets version and appVersion of a Chart.yaml, where not empty.
func bumpMetadata(src []byte, version, appVersion string) ([]byte, error) {
	docs, err := edit.Parse(src)
	if err != nil {
		return nil, err
	}
	var edits []edit.Change
	if version != "" {
		edits = append(edits, edit.Change{Path: []string{"version"}, Value: version})
	}
	missing := false
	if appVersion != "" {
		path := []string{"appVersion"}
		if _, err := edit.Find(docs, path); errors.Is(err, edit.ErrNoSuchKey) {
			missing = true
		} else {
			edits = append(edits, edit.Change{Path: path, Value: appVersion})
		}
	}
	if src, err = edit.SetIn(src, docs, edits); err != nil || !missing {
		return src, err
	}
	return insertBelow(src, "version", "appVersion", appVersion)
}

// insertBelow adds a key with a string value to the root mapping, right below
// the key sibling, in the same style.
func insertBelow(src []byte, sibling, key, value string) ([]byte, error) {
	docs, err := edit.Parse(src)
	if err != nil {
		return nil, err
	}
	f, err := edit.Find(docs, []string{sibling})
	if err != nil {
		return nil, &edit.Error{Path: sibling, Err: err}
	}
	_, at, err := edit.Range(src, edit.LineStarts(src), f.Value)
	if err != nil {
		return nil, &edit.Error{Path: sibling, Line: f.Line(), Err: err}
	}
	text := fmt.Sprintf(", %q: %s", key, edit.Quote(value))
	if f.Parents[0].Style&yaml.FlowStyle == 0 {
		at += lineLength(src[at:])
		text = lineEnd(src) + strings.Repeat(" ", f.Key.Column-1) + key + ": " + edit.Quote(value)
	}
	out := []byte(string(src[:at]) + text + string(src[at:]))
	if !insertedOnly(src, out, key, value) {
		return nil, fmt.Errorf("%s cannot be added safely; write a line %q into the file", key, key+": "+edit.Quote(value))
	}
	return out, nil
}

func lineLength(src []byte) int {
	if i := bytes.IndexAny(src, "\r\n"); i >= 0 {
		return i
	}
	return len(src)
}

func lineEnd(src []byte) string {
	if bytes.Contains(src, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

func insertedOnly(before, after []byte, key, value string) bool {
	var old, edited map[string]any
	if yaml.Unmarshal(before, &old) != nil || yaml.Unmarshal(after, &edited) != nil || edited[key] != value {
		return false
	}
	delete(edited, key)
	return reflect.DeepEqual(old, edited)
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

// LoadWith loads the chart in the folder dir as it is once changes are written
// into it; nothing is written. Errors and bounds are LoadFrom's.
func LoadWith(ctx context.Context, tree files.Tree, dir string, changes []FileChange) (*Chart, error) {
	b := newBudget()
	all, _, err := readFolder(ctx, tree, dir, b)
	if err != nil {
		return nil, fmt.Errorf("load chart %s: %w", dir, err)
	}
	for _, change := range changes {
		for _, f := range all {
			if f.Name == change.Name {
				f.Data = change.New
			}
		}
	}
	c, err := assemble(ctx, all, b, 0)
	if err != nil {
		return nil, fmt.Errorf("load chart %s: %w", dir, err)
	}
	return c, nil
}
