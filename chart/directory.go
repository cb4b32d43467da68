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
	"syscall"
)

var utf8BOM = []byte{0xEF, 0xBB, 0xBF}

// folder walks a chart's folder. Links are followed as far as mayRead allows.
type folder struct {
	root   string // with every link resolved
	rules  ignoreRules
	budget *budget
	work   int64 // that matching names may still be
	files  []*File
	places []string // where the files are

	ignored []Ignored

	mu   sync.Mutex
	left int64 // bytes that this chart may still have
}

// readFolder reads every file of a chart's folder that .helmignore leaves, in
// path order, folder by folder. A folder without a Chart.yaml is not read at all.
func readFolder(ctx context.Context, dir string, b *budget) ([]*File, []Ignored, error) {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, nil, err
	}
	if root, err = filepath.Abs(root); err != nil {
		return nil, nil, err
	}
	if _, err := os.Lstat(filepath.Join(root, "Chart.yaml")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, ErrNoChartFile
	}
	f := &folder{root: root, budget: b, left: maxChartBytes, work: maxIgnoreWork}
	ignore, err := f.readIgnore()
	if err != nil {
		return nil, nil, err
	}
	if f.rules, err = parseIgnore(ignore); err != nil {
		return nil, nil, err
	}
	if err := f.walk(ctx, "", root, []string{root}); err != nil {
		return nil, nil, err
	}
	return f.files, f.ignored, f.read(ctx)
}

func (f *folder) readIgnore() ([]byte, error) {
	actual, err := f.resolve(ignoreFile, filepath.Join(f.root, ignoreFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	data, err := readFileBounded(actual, func(size int64) error {
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

// walk reads the folder actual, which stands at name in the chart. parents are
// the real folders from the root down to it.
func (f *folder) walk(ctx context.Context, name, actual string, parents []string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, err := readEntries(actual)
	if err != nil {
		return fmt.Errorf("%s: %w", cmp.Or(name, "."), err)
	}
	for _, e := range entries {
		if err := f.visit(ctx, path.Join(name, e.Name()), filepath.Join(actual, e.Name()), e.Type(), parents); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) visit(ctx context.Context, name, actual string, mode fs.FileMode, parents []string) error {
	if mode&fs.ModeSymlink != 0 {
		target, err := f.resolve(name, actual)
		if err != nil {
			if f.rules.ignores(name, false) {
				return nil
			}
			return err
		}
		info, err := os.Lstat(target)
		if err != nil {
			return err
		}
		actual, mode = target, info.Mode().Type()
	}
	if f.work -= int64(f.rules.cost() * len(name)); f.work < 0 {
		return fmt.Errorf("%s: %w: too many patterns for too many files", ignoreFile, ErrTooLarge)
	}
	if rule := f.rules.which(name, mode.IsDir()); rule != nil {
		if name == "charts" || path.Dir(name) == "charts" {
			f.ignored = append(f.ignored, Ignored{Name: name, Pattern: rule.text, Line: rule.line})
		}
		return nil
	}
	switch {
	case mode.IsDir():
		if err := f.budget.take(1, 0); err != nil {
			return err
		}
		if slices.Contains(parents, actual) {
			return fmt.Errorf("%s: the link leads to a folder that holds it", name)
		}
		return f.walk(ctx, name, actual, append(slices.Clip(parents), actual))
	case !mode.IsRegular():
		return fmt.Errorf("%s: not a regular file: remove it or list it in .helmignore", name)
	}
	f.files, f.places = append(f.files, &File{Name: name}), append(f.places, actual)
	return f.budget.take(1, 0)
}

// read reads the files that were found, some at a time.
func (f *folder) read(ctx context.Context) error {
	return concurrently(ctx, len(f.files), func(i int) error {
		data, err := readFileBounded(f.places[i], f.take)
		if err != nil {
			return fmt.Errorf("%s: %w", f.files[i].Name, err)
		}
		f.files[i].Data = bytes.TrimPrefix(data, utf8BOM)
		return nil
	})
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
func readEntries(dir string) ([]fs.DirEntry, error) {
	d, err := os.Open(dir)
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

// resolve follows a link and refuses one that leaves the chart.
func (f *folder) resolve(name, actual string) (string, error) {
	target, err := filepath.EvalSymlinks(actual)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if !f.mayRead(target) {
		return "", fmt.Errorf("%s: the link leaves the chart and its repository: copy what it points to, or list it in .helmignore", name)
	}
	return target, nil
}

// mayRead says whether a link may lead to target: it is in the chart, in another
// chart, or in the chart's git work tree. Nothing else on the machine is for a
// chart to read.
func (f *folder) mayRead(target string) bool {
	if within(f.root, target) || above(target, "Chart.yaml") != "" {
		return true
	}
	const git = ".git"
	repository := above(f.root, git)
	return repository != "" && within(repository, target) && !within(filepath.Join(repository, git), target)
}

func within(dir, name string) bool {
	return name == dir || strings.HasPrefix(name, dir+string(filepath.Separator))
}

// above is the folder that holds a file called name: dir or the next one above
// it, "" if none does.
func above(dir, name string) string {
	for {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// readFileBounded reads a regular file once take has agreed to its size.
func readFileBounded(name string, take func(bytes int64) error) ([]byte, error) {
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // opening a FIFO would wait for a writer
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
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
