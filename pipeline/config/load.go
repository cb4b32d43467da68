package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/internal/files"
)

// Bounds on what is read from the repository.
const (
	maxFile       = 256 << 10 // bytes of pintle.yaml
	maxValuesFile = 4 << 20   // bytes of a values file
)

// NotFoundError says that there is no pintle.yaml.
type NotFoundError struct {
	Dir   string // where the search began
	Name  string // the name asked for, where that is not pintle.yaml
	Other string // a file that was probably meant to be it; may be empty
}

// Error names the folder and the next command.
func (e *NotFoundError) Error() string {
	if e.Name != "" && e.Name != FileName {
		return fmt.Sprintf("no %s in %s", e.Name, e.Dir)
	}
	if e.Other != "" {
		return fmt.Sprintf("no %s in %s or its parents up to the repository root; rename %s to %s", FileName, e.Dir, e.Other, FileName)
	}
	return fmt.Sprintf("no %s in %s or its parents up to the repository root; run \"pintle init\"", FileName, e.Dir)
}

// Is reports whether target is ErrConfig.
func (e *NotFoundError) Is(target error) bool { return target == ErrConfig }

// Find returns the pintle.yaml of a folder: its own, or the nearest one above
// up to the root of the repository (the folder that holds .git), or of the
// file system where there is no repository. The error is a *NotFoundError.
func Find(dir string) (string, error) {
	start, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find %s from %s: %w", FileName, dir, err)
	}
	missing := &NotFoundError{Dir: start}
	for at := start; ; at = filepath.Dir(at) {
		if info, err := os.Stat(filepath.Join(at, FileName)); err == nil && !info.IsDir() {
			return filepath.Join(at, FileName), nil
		}
		for _, other := range []string{"pintle.yml", ".pintle.yaml", ".pintle.yml"} {
			if _, err := os.Stat(filepath.Join(at, other)); err == nil && missing.Other == "" {
				missing.Other = filepath.Join(at, other)
			}
		}
		if _, err := os.Stat(filepath.Join(at, ".git")); err == nil || at == filepath.Dir(at) {
			return "", missing
		}
	}
}

// LoadFile loads a pintle.yaml that the command line names, so that it may be
// anywhere; the paths in it are relative to its folder. Problems name the file by
// its base name.
func LoadFile(path string) (*Config, error) {
	return loadFile(path, func(_ fs.FS, dir string) fs.FS { return os.DirFS(dir) })
}

// LoadNearest loads the pintle.yaml that Find finds. It must be in the
// repository, as all that it names.
func LoadNearest(dir string) (*Config, error) {
	path, err := Find(dir)
	if err != nil {
		return nil, err
	}
	return loadFile(path, func(inside fs.FS, _ string) fs.FS { return inside })
}

// loadFile loads a pintle.yaml from the file system that from chooses, and what it
// names from within the repository around it.
func loadFile(path string, from func(inside fs.FS, dir string) fs.FS) (*Config, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	dir, name := filepath.Split(path)
	dir = filepath.Clean(dir)
	tree, err := files.Around(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotFoundError{Dir: dir, Name: name}
	}
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	inside := tree.FS(dir)
	c, err := load(from(inside, dir), inside, name)
	if missing, ok := errors.AsType[*NotFoundError](err); ok {
		missing.Dir = dir
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	c.Dir, c.tree = dir, tree
	return c, nil
}

// Tree is the git work tree around the file, or its folder where there is none:
// what the file names is read and written there.
func (c *Config) Tree() files.Tree {
	if c.tree.Root() == "" { // made otherwise than from a file
		if tree, err := files.Around(c.Dir); err == nil {
			return tree
		}
	}
	return c.tree
}

// Load reads the file name at the root of fsys, fills in its defaults and
// checks it against itself and against the files it names. The error holds
// every problem at once, as Problems.
func Load(fsys fs.FS, name string) (*Config, error) { return load(fsys, fsys, name) }

// load is Load for a file that may be elsewhere than what it names.
func load(of, fsys fs.FS, name string) (*Config, error) {
	data, err := read(of, name, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &NotFoundError{Dir: ".", Name: name}
	case err != nil:
		return nil, Problems{{Position: Position{File: name}, Message: err.Error()}}
	}
	c, s := parse(name, data)
	if c != nil {
		c.fsys = fsys
		v := &validator{source: s, c: c, fsys: fsys}
		v.defaults()
		v.validate()
		v.files()
		c.Warnings = s.warnings.sorted(name)
	}
	if len(s.problems) > 0 {
		return nil, s.problems.sorted(name)
	}
	return c, nil
}

// read reads a file of at most limit bytes.
func read(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if reason := files.Refused(err); reason != nil {
		return nil, reason
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, errors.New("is a folder, not a file")
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("is larger than %d KiB", limit>>10)
	}
	return data, nil
}

// parse reads one document strictly. The config is nil when there is nothing
// to go on with; problems are in the source.
func parse(file string, data []byte) (*Config, *source) {
	text, s := decodeText(file, data)
	if len(s.problems) > 0 {
		return nil, s
	}
	root := s.document(text)
	if root == nil || !s.probe(root) {
		return nil, s
	}
	c := &Config{source: s}
	d := &decoder{source: s}
	d.decode("", root, reflect.ValueOf(c).Elem(), 0)
	return c, s
}

// decodeText takes off a byte order mark and refuses what is not UTF-8.
func decodeText(file string, data []byte) ([]byte, *source) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		s := newSource(file, "")
		s.add(Position{File: file}, "save it as UTF-8", "is UTF-16")
		return nil, s
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	s := newSource(file, string(bytes.ToValidUTF8(data, []byte("\uFFFD"))))
	if utf8.Valid(data) {
		return data, s
	}
	line, rest := 1, data
	for {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 || !utf8.Valid(rest[:i]) {
			break
		}
		line, rest = line+1, rest[i+1:]
	}
	column := 1
	for {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size < 2 {
			break
		}
		column, rest = column+1, rest[size:]
	}
	s.add(Position{File: file, Line: line, Column: column}, "save the file as UTF-8", "a byte that is not UTF-8")
	return nil, s
}

// document parses the one document of the file; nil after a problem.
func (s *source) document(text []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var first, second yaml.Node
	err := decoder.Decode(&first)
	if errors.Is(err, io.EOF) || err == nil && (len(first.Content) == 0 || isNull(first.Content[0])) {
		s.add(Position{File: s.file}, `write one, or run "pintle init" in its stead`, "is empty")
		return nil
	}
	if err == nil {
		if err = decoder.Decode(&second); err == nil {
			s.add(Position{File: s.file, Line: second.Line, Column: max(1, second.Column)}, "put everything into the first one",
				"a second document; %s holds one", s.file)
			return nil
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.syntax(text, err)
		return nil
	}
	return first.Content[0]
}

// probe reads apiVersion before anything else, since it says how to read the
// rest.
func (s *source) probe(root *yaml.Node) bool {
	at := Position{File: s.file, Line: root.Line, Column: root.Column}
	if root.Kind != yaml.MappingNode {
		s.add(at, fmt.Sprintf("begin with %q", "apiVersion: "+APIVersion), "the file must be a mapping, not %s", kindOf(root))
		return false
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if key.Value != "apiVersion" {
			continue
		}
		if value.Kind == yaml.ScalarNode && value.Value == APIVersion {
			return true
		}
		at = Position{File: s.file, Line: value.Line, Column: value.Column}
		s.add(at, fmt.Sprintf("write %q, the one that this pintle reads", APIVersion), "apiVersion: %q is not supported", value.Value)
		return false
	}
	s.add(at, fmt.Sprintf("begin with %q", "apiVersion: "+APIVersion), `"apiVersion" is missing`)
	return false
}
