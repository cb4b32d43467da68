package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/bump"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/internal/yaml/edit"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// BumpedFile is a file that bump looks after.
type BumpedFile struct {
	Name     string // from the folder of pintle.yaml, with slashes
	Old, New []byte // equal where nothing changes
}

// bump writes the version, the images and the versions of sibling charts into the chart's files and the version into
// others, and loads the chart. A run that only asks loads it as it would be.
func (j *job) bump(ctx context.Context, _ event.Span) event.Result {
	j.bumping.Lock() // two services may have one file
	defer j.bumping.Unlock()
	if j.Bump.Release != "" && j.version.Unchanged {
		// a commit of what its files lag behind would be a change of it, and release it
		return event.Result{Status: event.Unchanged, Message: "not released: nothing has changed since " + j.version.Tag, Version: j.version.Number}
	}
	dir := j.Path(j.unit.Chart)
	o, err := j.bumpOptions(j.unit, j.versionOf)
	if err != nil {
		return failed(err)
	}
	changes, err := j.bumpChart(dir, o)
	if err != nil {
		return failed(err)
	}
	all, err := j.bumpFiles(changes)
	if err != nil {
		return failed(err)
	}
	if err := j.write(all); err != nil {
		return failed(err)
	}
	j.bumpedFiles = all
	if j.chart, err = chart.LoadWith(ctx, j.Config.Tree(), dir, changes); err == nil {
		err = bump.Copies(j.chart, o.Dependencies)
	}
	if err != nil {
		return failed(err)
	}
	return j.bumpResult(all)
}

// writesVersionFiles reports whether the run is about the files that hold the one version for all. A run for some
// services leaves them alone.
func (r *shared) writesVersionFiles() bool {
	return len(r.Config.Version.Files) > 0 && len(r.Services) == 0 && !r.PerService() && r.Goal.has(func(s step) bool { return s.name == "bump" })
}

// bumpVersionFiles is bump for the files of the one version for all.
func (j *job) bumpVersionFiles(context.Context, event.Span) event.Result {
	j.bumping.Lock()
	defer j.bumping.Unlock()
	versions, err := j.versions()
	if err == nil {
		err = versions[j.unit.Name].err
	}
	if err != nil {
		return failed(err)
	}
	j.version = versions[j.unit.Name].version
	all, err := j.bumpFiles(nil)
	if err == nil {
		err = j.write(all)
	}
	if err != nil {
		return failed(err)
	}
	j.bumpedFiles = all
	return j.bumpResult(all)
}

// versionOf is the version of this service, or of a sibling.
func (j *job) versionOf(service string) (string, error) {
	if service == j.unit.Name {
		return j.version.Number, nil
	}
	versions, err := j.versions()
	if err == nil {
		err = versions[service].err
	}
	if err != nil {
		return "", fmt.Errorf("version of %s, which the chart depends on: %w", service, err)
	}
	return versions[service].version.Number, nil
}

// bumpChart decides what changes in the chart's own files.
func (j *job) bumpChart(dir string, o bump.Options) ([]chart.FileChange, error) {
	for _, name := range []string{"Chart.yaml", "values.yaml", "Chart.lock"} {
		if _, err := j.Repository.Rel(filepath.Join(dir, name)); err != nil {
			return nil, fmt.Errorf("%s: %w; bump writes nothing there", j.unit.Chart, err)
		}
	}
	changes, err := bump.Files(j.Config.Tree().FS(dir), o)
	if err == nil {
		return changes, nil
	}
	if edit, ok := errors.AsType[*edit.Error](err); ok {
		if place, ok := placeOf(j.unit.Images, edit.Path); ok {
			at := config.ImagePath(j.unit.Name, place.Key)
			return nil, j.Config.Problem(at, fmt.Sprintf("%s: %s: %v", at, j.unit.Chart, err), "name what values.yaml has")
		}
	}
	if errors.Is(err, edit.ErrNoSuchKey) || errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w; name the place with services.%s.image, or write \"image: none\"", j.unit.Chart, err, j.unit.Name)
	}
	return nil, fmt.Errorf("%s: %w", j.unit.Chart, err)
}

// placeOf finds the further image that an error's path belongs to.
func placeOf(places []config.ImagePlace, at string) (config.ImagePlace, bool) {
	steps := strings.Split(at, ".")
	for _, place := range places {
		n := min(len(steps), len(place.Path))
		if n > 0 && slices.EqualFunc(place.Path[:n], steps[:n], func(a, b string) bool { return a == b || a == "*" }) {
			return place, true
		}
	}
	return config.ImagePlace{}, false
}

// write writes what changes, if the run may, and says how the tree becomes writable.
func (j *job) write(all []BumpedFile) error {
	if !j.writesTree() {
		return nil
	}
	var edits []files.Edit
	for _, f := range all {
		if string(f.Old) != string(f.New) {
			edits = append(edits, files.Edit{Path: j.Path(f.Name), Data: f.New})
		}
	}
	err := j.Config.Tree().Edit(edits)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w; make the working tree writable, or only look with \"pintle plan\"", err)
	}
	return err
}

// writesTree reports whether this run writes into the working tree.
func (r *shared) writesTree() bool { return r.Goal.writesTree() && !r.Bump.Check }

func (j *job) bumpResult(files []BumpedFile) event.Result {
	var names []string
	for _, f := range files {
		if string(f.Old) != string(f.New) {
			name := f.Name
			if folder := j.unit.Chart + "/"; j.unit.Chart != "" {
				name = strings.TrimPrefix(name, folder)
			}
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return event.Result{Status: event.Unchanged, Message: "the files say so already", Version: j.version.Number}
	}
	did := "wrote "
	if !j.writesTree() {
		did = "would write "
	}
	return event.Result{Status: event.Passed, Message: did + strings.Join(names, " and "), Version: j.version.Number}
}

// bumpFiles adds the other files of the unit to what changes in its chart, and all files that stay. Several places of
// one file are edited one after the other.
func (j *job) bumpFiles(changes []chart.FileChange) ([]BumpedFile, error) {
	var all []BumpedFile
	for _, c := range changes {
		all = append(all, BumpedFile{path.Join(j.unit.Chart, c.Name), c.Old, c.New})
	}
	if j.unit.Chart != "" {
		for _, name := range []string{"Chart.yaml", "values.yaml", "Chart.lock"} { // what an earlier run may have written
			name = path.Join(j.unit.Chart, name)
			if !slices.ContainsFunc(all, func(f BumpedFile) bool { return f.Name == name }) {
				all = append(all, BumpedFile{Name: name})
			}
		}
	}
	for i, f := range j.unit.Files {
		at := fmt.Sprintf("%s[%d]", config.FilesPath(j.unit.Name), i)
		name := path.Clean(f.File)
		known := slices.IndexFunc(all, func(b BumpedFile) bool { return b.Name == name && b.Old != nil })
		var src []byte
		if known >= 0 {
			src = all[known].New
		} else {
			var err error
			if src, err = j.ReadFile(name); err != nil {
				return nil, j.Config.Problem(at+".file", fmt.Sprintf("%s.file: %s: %v", at, name, err), "")
			}
		}
		edited, err := setVersion(src, f, j.version.Number)
		if err != nil {
			return nil, j.fileProblem(at, f, err)
		}
		if known >= 0 {
			all[known].New = edited
			continue
		}
		all = slices.DeleteFunc(all, func(b BumpedFile) bool { return b.Name == name })
		all = append(all, BumpedFile{name, src, edited})
	}
	return all, nil
}

// fileProblem shows the line of pintle.yaml that does not fit its file.
func (j *job) fileProblem(at string, f config.VersionFile, err error) error {
	key, hint := ".pattern", "write what stands in the file now, with a group where the version is"
	if f.Path != "" {
		key, hint = ".path", "write a path that the file has"
	}
	if !errors.Is(err, edit.ErrNoMatch) && !errors.Is(err, edit.ErrNoSuchKey) {
		hint = ""
	}
	return j.Config.Problem(at+key, fmt.Sprintf("%s%s: %s: %v", at, key, f.File, err), hint)
}

// setVersion writes the version into one place of a file.
func setVersion(src []byte, f config.VersionFile, version string) ([]byte, error) {
	if f.Path != "" {
		return edit.Set(src, []edit.Change{{Path: config.SplitPath(f.Path), Value: version}})
	}
	re, err := f.Regexp()
	if err != nil {
		return nil, err
	}
	return edit.SetPattern(src, re, version, f.All)
}

// ReadFile reads a file of the repository: a regular one, on a way without links.
func (p *Project) ReadFile(name string) ([]byte, error) {
	full := p.Path(name)
	rel, err := p.Repository.Rel(full)
	if err != nil {
		return nil, err
	}
	dir, err := p.Repository.Rel(cmp.Or(p.Config.Dir, "."))
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(full)
	switch {
	case err != nil:
		return nil, errors.Unwrap(err)
	case !info.Mode().IsRegular() || rel != path.Join(dir, name):
		return nil, errors.New("is a link, or behind one, or no file: name the file itself")
	}
	return p.Config.Tree().ReadFile(full, chart.MaxFile)
}

// bumpOptions is what bump writes into a unit's chart; version gives those of the unit and of its siblings.
func (p *Project) bumpOptions(u config.Unit, version func(service string) (string, error)) (bump.Options, error) {
	own, err := version(u.Name)
	if err != nil {
		return bump.Options{}, err
	}
	o := bump.Options{Version: own, AppVersion: own}
	if !u.Image.None {
		o.Image = &bump.Image{
			Repository: u.Image.Repository, Tag: own,
			RepositoryPath: splitPath(u.Image.RepositoryPath), TagPath: splitPath(u.Image.TagPath),
		}
	}
	for _, place := range u.Images {
		o.Images = append(o.Images, bump.Reference{Path: place.Path, Repository: place.Repository, Tag: own})
	}
	for _, s := range p.siblings()[u.Name] {
		wanted, err := version(s.service)
		if err != nil {
			return o, err
		}
		o.Dependencies = append(o.Dependencies, bump.Dependency{Name: s.name, Repository: s.repository, Version: wanted})
	}
	return o, nil
}

func splitPath(dotted string) []string {
	if dotted == "" {
		return nil
	}
	return config.SplitPath(dotted)
}
