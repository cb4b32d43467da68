package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/pintle-ci/pintle/internal/files"
)

// Names of what WriteAll writes, relative to its folder.
const (
	JUnitFile    = "junit.xml"
	JSONFile     = "report.json"
	HTMLFile     = "report/index.html"
	CSSFile      = "report/pintle.css"
	TimelineFile = "report/timeline.svg"
)

// WriteAll writes every report of run below dir, which it makes: JUnitFile,
// JSONFile, HTMLFile with its CSSFile, TimelineFile. Each file appears whole or
// not at all: that of an earlier run goes then, too. What cannot be written does not keep the others from it; the
// errors are joined.
func WriteAll(dir string, run Run) error {
	all := []struct {
		name string
		make func(Run) ([]byte, error)
	}{
		{JUnitFile, JUnit},
		{JSONFile, JSON},
		{CSSFile, func(Run) ([]byte, error) { return stylesheet, nil }},
		{TimelineFile, Timeline},
		{HTMLFile, HTML},
	}
	errs := make([]error, len(all))
	var writers sync.WaitGroup
	for i, f := range all {
		writers.Go(func() {
			content, err := f.make(run)
			if err == nil {
				err = files.WriteBelow(dir, f.name, content) // CI servers read reports as another user
			}
			if err != nil {
				if tree, err := files.At(dir); err == nil {
					_ = tree.Remove(filepath.Join(dir, filepath.FromSlash(f.name))) // there may be none
				}
				errs[i] = fmt.Errorf("write %s: %w", f.name, err)
			}
		})
	}
	writers.Wait()
	return errors.Join(errs...)
}

// Written are the paths of HTMLFile and JUnitFile below dir, as WriteAll has left
// them; empty for one that is not there.
func Written(dir string) (html, junit string) {
	there := func(name string) string {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
			return ""
		}
		return path
	}
	return there(HTMLFile), there(JUnitFile)
}

// Attach says where the files beside the reports are, which are in dir: Jenkins
// wants whole paths, GitLab those below its project's folder, which is then
// root. A path with a line break or a bracket is left out.
func Attach(run Run, dir, root string) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return
	}
	if root != "" {
		if dir, err = filepath.Rel(root, dir); err != nil || strings.HasPrefix(dir, "..") {
			return
		}
	}
	if strings.ContainsAny(dir, "[]\r\n") {
		return
	}
	for f := range run.files() {
		if f.Link != "" {
			f.Path = filepath.Join(dir, f.Name)
		}
	}
}

// Find looks for the files of a run that is long over where its events are, and
// links them from reports in dir. What is not there any more is told so.
func Find(run Run, events, dir string) {
	page := filepath.Join(dir, filepath.FromSlash(HTMLFile))
	for f := range run.files() {
		path := filepath.Join(events, f.Name)
		link, err := relative(filepath.Dir(page), path)
		if info, missing := os.Lstat(path); err != nil || missing != nil || !info.Mode().IsRegular() {
			f.Link, f.Text = "", f.Text+"; it is not there any more"
			continue
		}
		f.Link = filepath.ToSlash(link)
	}
}

// relative is the way from a folder to a file.
func relative(from, to string) (string, error) {
	from, err := filepath.Abs(from)
	if err != nil {
		return "", err
	}
	to, err = filepath.Abs(to)
	if err != nil {
		return "", err
	}
	return filepath.Rel(from, to)
}

// files are those of all steps, to be changed where they are.
func (r Run) files() iter.Seq[*File] {
	return func(yield func(*File) bool) {
		for _, service := range r.Services {
			for _, step := range service.Steps {
				for i := range step.Files {
					if !yield(&step.Files[i]) {
						return
					}
				}
			}
		}
	}
}

// JSON renders report.json: the model, for scripts.
func JSON(run Run) ([]byte, error) {
	out, err := json.MarshalIndent(struct {
		Format int `json:"format"` // of the document; raised when a field changes its meaning
		Run
	}{1, run}, "", "  ")
	return append(out, '\n'), err
}
