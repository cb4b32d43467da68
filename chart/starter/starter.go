// Package starter makes new charts: from the starter that is built in, or from
// a chart that serves as one, by Helm's rule for starters. It refuses to write
// over anything and to leave half a chart behind.
package starter

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
	"github.com/pintle-ci/pintle/internal/yaml/edit"
)

// placeholder stands for the chart's name in starters.
const placeholder = "<CHARTNAME>"

// firstVersion is what a new chart begins with, as Helm's do.
const firstVersion = "0.1.0"

//go:embed all:web
var builtin embed.FS

// maxName leaves room in the 63 characters of an object's name for a suffix.
const maxName = 53

var nameFormat = lazyregexp.New(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

// Create writes a new chart into the folder dir, whose last part is its name, or
// the part above when the last is "chart" (services/web/chart is the chart of
// web), and makes the folders above. from is a folder or an archive of a chart to
// start with; empty means the built-in one. A folder that exists must be empty.
// The chart is complete, and was loaded, before it appears.
func Create(ctx context.Context, dir, from string) error {
	if err := create(ctx, dir, from); err != nil {
		return fmt.Errorf("create chart %s: %w", dir, err)
	}
	return nil
}

func create(ctx context.Context, dir, from string) (err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return err
	}
	parent, name := filepath.Split(dir)
	if name == "chart" {
		name = filepath.Base(parent)
	}
	if err := checkName(name); err != nil {
		return err
	}
	if err := checkFree(dir); err != nil {
		return err
	}
	content, err := starterFiles(ctx, from)
	if err != nil {
		return err
	}
	if content, err = named(content, name); err != nil {
		return err
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(parent, "."+name+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temp))
		}
	}()
	if err := write(ctx, temp, content); err != nil {
		return err
	}
	if _, err := chart.Load(ctx, temp); err != nil {
		return fmt.Errorf("the starter does not make a chart: %w", errors.Unwrap(err))
	}
	return place(temp, dir)
}

// place moves the finished chart to dir. A folder that exists is kept, because
// somebody may be in it, and gets the entries.
func place(temp, dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(temp, dir)
	}
	entries, err := os.ReadDir(temp)
	if err != nil {
		return err
	}
	for i, e := range entries {
		if err := os.Rename(filepath.Join(temp, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			for _, moved := range entries[:i] {
				err = errors.Join(err, os.RemoveAll(filepath.Join(dir, moved.Name())))
			}
			return err
		}
	}
	return os.Remove(temp)
}

// checkName holds a name against the rules for the names of Kubernetes objects,
// which are stricter than those for charts.
func checkName(name string) error {
	switch {
	case nameFormat.MatchString(name) && len(name) <= maxName:
		return nil
	case len(name) > maxName:
		return &NameError{name, fmt.Sprintf("has more than %d characters", maxName)}
	}
	reason := "may have lower-case letters, digits and -, and begins with a letter"
	if s := suggest(name); s != "" {
		reason += ": " + s + ", perhaps?"
	}
	return &NameError{name, reason}
}

// NameError says that a chart cannot be called so.
type NameError struct{ Name, Reason string }

// Error names both.
func (e *NameError) Error() string { return fmt.Sprintf("the name %q %s", e.Name, e.Reason) }

// suggest makes a name of what is allowed in one.
func suggest(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case r == '_', r == '.', r == ' ':
			return '-'
		}
		return -1
	}, name)
	name = strings.TrimLeft(name, "-0123456789")
	return strings.TrimRight(name[:min(len(name), maxName)], "-")
}

// ErrExists says that there is something where the chart should go.
var ErrExists = errors.New("it exists already")

func checkFree(dir string) error {
	if info, err := os.Lstat(dir); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%w, as a link: choose another name, or remove it first", ErrExists)
	}
	if tree, err := files.Around("."); err == nil {
		if err := tree.Check(dir); errors.Is(err, files.ErrLink) || errors.Is(err, files.ErrGit) {
			return err // a link of the repository chooses no place
		}
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return nil
	case err != nil && !isFile(dir):
		return err
	}
	return fmt.Errorf("%w: choose another name, or remove it first", ErrExists)
}

func isFile(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && !info.IsDir()
}

// starterFiles are the files of the starter, with placeholders.
func starterFiles(ctx context.Context, from string) ([]*chart.File, error) {
	if from == "" {
		return builtinFiles()
	}
	c, err := chart.Load(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("read the starter: %w", err)
	}
	return c.Raw, nil
}

func builtinFiles() ([]*chart.File, error) {
	var files []*chart.File
	err := fs.WalkDir(builtin, "web", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := builtin.ReadFile(path)
		files = append(files, &chart.File{Name: strings.TrimPrefix(path, "web/"), Data: data})
		return err
	})
	return files, err
}

// named puts name for the placeholder into every text, and into Chart.yaml with
// the first version. Helm writes Chart.yaml anew, without its dependencies, and
// replaces in templates and values only.
func named(files []*chart.File, name string) ([]*chart.File, error) {
	list := make([]*chart.File, 0, len(files))
	for _, f := range files {
		data := f.Data
		if utf8.Valid(data) {
			data = bytes.ReplaceAll(data, []byte(placeholder), []byte(name))
		}
		if f.Name == "Chart.yaml" {
			var err error
			data, err = edit.Set(data, []edit.Change{{Path: []string{"name"}, Value: name}, {Path: []string{"version"}, Value: firstVersion}})
			if err != nil {
				return nil, fmt.Errorf("the starter's Chart.yaml: %w", err)
			}
		}
		list = append(list, &chart.File{Name: f.Name, Data: data})
	}
	return list, nil
}

func write(ctx context.Context, dir string, files []*chart.File) error {
	if err := os.Chmod(dir, 0o755); err != nil { // MkdirTemp gives 0700
		return err
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
