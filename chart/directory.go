package chart

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/internal/parallel"
)

var utf8BOM = []byte{0xEF, 0xBB, 0xBF}

// folder walks a chart's folder. Links are followed within the tree. What is
// git's own is not there: it holds what the clone was made with.
type folder struct {
	tree   files.Tree
	root   string   // with every link resolved
	own    *os.Root // of root
	around *os.Root // of the tree's
	rules  ignoreRules
	budget *budget
	work   atomic.Int64   // that matching names may still be
	found  chan foundFile // to be read

	mu      sync.Mutex
	ignored []Ignored
	left    int64 // bytes that this chart may still have
	failed  string
	err     error // of reading failed, the first file by name
}

// foundFile is a file of a folder that is yet to be read.
type foundFile struct {
	*File
	place string      // where it is
	in    *openFolder // that it stands in; nil for one that a link leads to
}

// openFolder is a folder that stays open until its files are read: by their names
// in it that costs no way from the root for each.
type openFolder struct {
	*os.Root
	users atomic.Int32
}

func (d *openFolder) release() {
	if d.users.Add(-1) == 0 {
		_ = d.Close() // only read
	}
}

// readFolder reads every file of a chart's folder that .helmignore leaves, in
// path order, folder by folder. A folder without a Chart.yaml is not read at all.
func readFolder(ctx context.Context, tree files.Tree, dir string, b *budget) ([]*File, []Ignored, error) {
	rel, err := tree.Resolve(dir)
	if err != nil {
		return nil, nil, err
	}
	f := &folder{tree: tree, root: filepath.Join(tree.Root(), rel), budget: b, left: maxChartBytes}
	if f.around, err = os.OpenRoot(tree.Root()); err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.around.Close() }() // only read
	if f.own, err = f.around.OpenRoot(rel); err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.own.Close() }()
	if _, err := f.own.Lstat("Chart.yaml"); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, ErrNoChartFile
	}
	f.work.Store(maxIgnoreWork)
	ignore, err := f.readIgnore()
	if err != nil {
		return nil, nil, err
	}
	if f.rules, err = parseIgnore(ignore); err != nil {
		return nil, nil, err
	}
	all, err := f.readAll(ctx)
	slices.SortFunc(f.ignored, func(a, b Ignored) int { return strings.Compare(a.Name, b.Name) })
	return all, f.ignored, err
}

// readAll walks the folder, and reads meanwhile what was found.
func (f *folder) readAll(ctx context.Context) ([]*File, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	f.found = make(chan foundFile, 64)
	var readers sync.WaitGroup
	for range parallel.Workers(parallel.MaxWorkers) {
		readers.Go(func() {
			for file := range f.found {
				if ctx.Err() == nil && !f.read(file) {
					stop()
				}
				if file.in != nil {
					file.in.release()
				}
			}
		})
	}
	all, err := f.walk(ctx, "", f.root, []string{f.root})
	close(f.found)
	readers.Wait()
	if f.err != nil {
		return nil, fmt.Errorf("%s: %w", f.failed, f.err)
	}
	return all, err
}

// place is a path without links by the nearest open folder.
func (f *folder) place(actual string) (root *os.Root, rel string) {
	if within(f.root, actual) {
		return f.own, strings.TrimPrefix(strings.TrimPrefix(actual, f.root), string(filepath.Separator))
	}
	return f.around, strings.TrimPrefix(strings.TrimPrefix(actual, f.tree.Root()), string(filepath.Separator))
}

func (f *folder) readIgnore() ([]byte, error) {
	actual, err := f.resolve(ignoreFile, filepath.Join(f.root, ignoreFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	root, rel := f.place(actual)
	data, err := readFile(root, rel, func(size int64) error {
		if size > maxIgnoreBytes {
			return fmt.Errorf("%w: more than %d KiB", ErrTooLarge, maxIgnoreBytes>>10)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ignoreFile, err)
	}
	return data, nil
}

// walk lists the folder actual, which stands at name in the chart. parents are
// the real folders from the root down to it. Subcharts are walked concurrently.
func (f *folder) walk(ctx context.Context, name, actual string, parents []string) ([]*File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	root, rel := f.place(actual)
	opened, err := root.OpenRoot(cmp.Or(rel, "."))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cmp.Or(name, "."), err)
	}
	dir := &openFolder{Root: opened}
	dir.users.Store(1)
	defer dir.release()
	entries, err := readEntries(opened)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cmp.Or(name, "."), err)
	}
	parts := make([][]*File, len(entries))
	visit := func(_, i int) (err error) {
		e := entries[i]
		parts[i], err = f.visit(ctx, dir, path.Join(name, e.Name()), filepath.Join(actual, e.Name()), e.Type(), parents)
		return err
	}
	if name == "charts" {
		err = parallel.Each(ctx, len(entries), visit)
	} else {
		for i := 0; i < len(entries) && err == nil; i++ {
			err = visit(0, i)
		}
	}
	return slices.Concat(parts...), err
}

func (f *folder) visit(ctx context.Context, dir *openFolder, name, actual string, mode fs.FileMode, parents []string) ([]*File, error) {
	if files.IsGit(path.Base(name)) {
		return nil, nil
	}
	if mode&fs.ModeSymlink != 0 {
		target, err := f.resolve(name, actual)
		if err != nil {
			if f.rules.ignores(name, false) {
				return nil, nil
			}
			return nil, err
		}
		info, err := os.Lstat(target)
		if err != nil {
			return nil, err
		}
		actual, mode, dir = target, info.Mode().Type(), nil
	}
	if f.work.Add(-int64(f.rules.cost()*len(name))) < 0 {
		return nil, fmt.Errorf("%s: %w: too many patterns for too many files", ignoreFile, ErrTooLarge)
	}
	if rule := f.rules.which(name, mode.IsDir()); rule != nil {
		if name == "charts" || path.Dir(name) == "charts" {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.ignored = append(f.ignored, Ignored{Name: name, Pattern: rule.text, Line: rule.line})
		}
		return nil, nil
	}
	switch {
	case mode.IsDir():
		if err := f.budget.take(1, 0); err != nil {
			return nil, err
		}
		if slices.Contains(parents, actual) {
			return nil, fmt.Errorf("%s: the link leads to a folder that holds it", name)
		}
		return f.walk(ctx, name, actual, append(slices.Clip(parents), actual))
	case !mode.IsRegular():
		return nil, fmt.Errorf("%s: not a regular file: remove it or list it in .helmignore", name)
	}
	if err := f.budget.take(1, 0); err != nil {
		return nil, err
	}
	file := &File{Name: name}
	if dir != nil {
		dir.users.Add(1)
	}
	f.found <- foundFile{file, actual, dir}
	return []*File{file}, nil
}

// read reads a file that was found, and reports whether it could.
func (f *folder) read(file foundFile) bool {
	root, rel := f.place(file.place)
	if file.in != nil {
		root, rel = file.in.Root, filepath.Base(file.place)
	}
	data, err := readFile(root, rel, f.take)
	if err != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.err == nil || file.Name < f.failed {
			f.failed, f.err = file.Name, err
		}
		return false
	}
	file.Data = bytes.TrimPrefix(data, utf8BOM)
	return true
}

// take books a file's bytes.
func (f *folder) take(bytes int64) error {
	f.mu.Lock()
	f.left -= bytes
	left := f.left
	f.mu.Unlock()
	if left < 0 {
		return fmt.Errorf("%w: more than %d MiB", ErrTooLarge, maxChartBytes>>20)
	}
	return f.budget.take(0, bytes)
}

// readEntries lists a folder by name.
func readEntries(dir *os.Root) ([]fs.DirEntry, error) {
	d, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, err := d.ReadDir(maxEntries + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(entries) > maxEntries {
		return nil, fmt.Errorf("%w: more than %d files in one folder", ErrTooLarge, maxEntries)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// resolve follows a link and refuses one that leaves the tree, or leads to what
// is git's own.
func (f *folder) resolve(name, actual string) (string, error) {
	rel, err := f.tree.Resolve(actual)
	switch {
	case errors.Is(err, files.ErrOutside):
		return "", fmt.Errorf("%s: the link leaves the chart and its repository: copy what it points to, or list it in .helmignore", name)
	case errors.Is(err, files.ErrGit):
		return "", fmt.Errorf("%s: the link leads into .git: remove it, or list it in .helmignore", name)
	case err != nil:
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return filepath.Join(f.tree.Root(), rel), nil
}

func within(dir, name string) bool {
	return name == dir || strings.HasPrefix(name, dir+string(filepath.Separator))
}

// readFile reads a regular file once take has agreed to its size.
func readFile(root *os.Root, rel string, take func(bytes int64) error) ([]byte, error) {
	file, err := files.OpenIn(root, rel)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if err := take(info.Size()); err != nil {
		return nil, err
	}
	data := make([]byte, info.Size())
	n, err := io.ReadFull(file, data)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return data[:n], nil
}
