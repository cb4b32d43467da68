package chart

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	k8syaml "sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/internal/parallel"
	"github.com/pintle-ci/pintle/internal/yaml"
)

// ErrNoChartFile says that a folder or an archive is no chart.
var ErrNoChartFile = errors.New("Chart.yaml file is missing") //nolint:staticcheck // the file's name

// Load loads a chart from a folder or from an archive, whichever path is: a path
// that the command line names, so it may be anywhere. A folder's .helmignore
// holds; a link that leaves the folder and its git work tree is an error, unless
// it is ignored; what is git's own is left out. Charts in charts/, as folders and
// as archives, are loaded as well (facts/helm-format.md 4.10). Sizes are bounded
// as in LoadArchive.
func Load(ctx context.Context, path string) (*Chart, error) {
	tree, err := files.Around(path)
	if err != nil {
		return nil, fmt.Errorf("load chart %s: %w", path, errors.Unwrap(err))
	}
	return LoadFrom(ctx, tree, path)
}

// LoadFrom is Load for a path that a project names: the chart must be in the tree.
func LoadFrom(ctx context.Context, tree files.Tree, path string) (*Chart, error) {
	c, err := load(ctx, tree, path)
	if err != nil {
		return nil, fmt.Errorf("load chart %s: %w", path, err)
	}
	return c, nil
}

func load(ctx context.Context, tree files.Tree, path string) (*Chart, error) {
	rel, err := tree.Resolve(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(filepath.Join(tree.Root(), rel))
	if err != nil {
		return nil, errors.Unwrap(err) // without the path, which is already named
	}
	if info.IsDir() {
		b := newBudget()
		all, ignored, err := readFolder(ctx, tree, path, b)
		if err != nil {
			return nil, err
		}
		c, err := assembleTop(ctx, all, b)
		if err == nil {
			c.Ignored = ignored
		}
		return c, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("neither a folder nor an archive")
	}
	file, err := tree.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	magic := make([]byte, 3)
	if n, _ := io.ReadFull(file, magic); !bytes.Equal(magic[:n], []byte{0x1f, 0x8b, 0x08}) {
		return nil, notArchive(path)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return LoadArchive(ctx, file)
}

func notArchive(name string) error {
	if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		return errors.New("this is a YAML file, not a chart: name the chart's folder or .tgz, and values files with -f")
	}
	return errors.New("neither a folder nor a gzipped archive")
}

// assembleTop assembles a chart that is nobody's subchart; of those Helm does
// not ask which apiVersion they have.
func assembleTop(ctx context.Context, files []*File, b *budget) (*Chart, error) {
	c, err := assemble(ctx, files, b, 0)
	if err != nil {
		return nil, err
	}
	if v := c.Metadata.APIVersion; v != apiVersionV1 && v != apiVersionV2 {
		return nil, invalid("apiVersion %q is not supported: v1 and v2 are", v)
	}
	return c, nil
}

// assemble sorts files into their roles.
func assemble(ctx context.Context, files []*File, b *budget, depth int) (*Chart, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("%w: charts are nested more than %d deep", ErrTooLarge, maxNesting)
	}
	c := &Chart{Raw: files}
	if err := c.readMetadata(files); err != nil {
		return nil, err
	}
	subcharts := map[string][]*File{}
	for _, f := range files {
		if err := c.place(f, subcharts); err != nil {
			return nil, err
		}
	}
	if c.Metadata == nil {
		return nil, ErrNoChartFile
	}
	c.Metadata.sanitize()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return c, c.addSubcharts(ctx, subcharts, b, depth)
}

// readMetadata reads Chart.yaml before any other file, because the rules for
// those depend on apiVersion.
func (c *Chart) readMetadata(files []*File) error {
	for _, f := range files {
		if f.Name != "Chart.yaml" {
			continue
		}
		if c.Metadata == nil {
			c.Metadata = &Metadata{}
		}
		if err := unmarshal(f, c.Metadata); err != nil {
			return err
		}
		if c.Metadata.APIVersion == "" { // Helm 2 did not ask for one
			c.Metadata.APIVersion = apiVersionV1
		}
	}
	return nil
}

func unmarshal(f *File, into any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: yaml: %v", f.Name, r)
		}
	}()
	if len(f.Data) > maxMetadata {
		return fmt.Errorf("%s: %w: more than %d MiB", f.Name, ErrTooLarge, maxMetadata>>20)
	}
	if decodePlain(f.Data, into) {
		return nil
	}
	if err := k8syaml.Unmarshal(f.Data, into); err != nil {
		return yaml.InFile(f.Name, f.Data, err)
	}
	return nil
}

// decodePlain decodes YAML into an empty struct without the full decoder, if
// that has nothing to add, as it has to a number where a text is wanted. The
// struct stays empty if it says no.
func decodePlain(data []byte, into any) bool {
	target := reflect.ValueOf(into).Elem()
	if !target.IsZero() {
		return false
	}
	v, ok := yaml.DecodePlain(string(data))
	if !ok {
		return false
	}
	asJSON, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(asJSON, into)
	}
	if err != nil {
		target.SetZero()
	}
	return err == nil
}

// place puts one file where it belongs.
func (c *Chart) place(f *File, subcharts map[string][]*File) error {
	switch {
	case f.Name == "Chart.yaml":
	case f.Name == "values.yaml":
		values, err := ParseValues(f.Data)
		if err != nil {
			return yaml.InFile(f.Name, f.Data, err)
		}
		c.Values = values
	case f.Name == "values.schema.json":
		c.Schema = f.Data
	case f.Name == "Chart.lock":
		return c.readLock(f)
	case f.Name == "requirements.yaml":
		return c.readRequirements(f)
	case f.Name == "requirements.lock":
		if err := c.readLock(f); err != nil {
			return err
		}
		if c.Metadata == nil || c.Metadata.APIVersion == apiVersionV1 {
			c.Files = append(c.Files, f)
		}
	case strings.HasPrefix(f.Name, "templates/"):
		c.Templates = append(c.Templates, f)
	case strings.HasPrefix(f.Name, "charts/") && path.Ext(f.Name) != ".prov":
		name := strings.TrimPrefix(f.Name, "charts/")
		key, _, _ := strings.Cut(name, "/")
		subcharts[key] = append(subcharts[key], &File{Name: name, Data: f.Data})
	default:
		c.Files = append(c.Files, f)
	}
	return nil
}

func (c *Chart) readLock(f *File) error {
	c.Lock = &Lock{}
	return unmarshal(f, c.Lock)
}

// readRequirements merges the file that held the dependencies before apiVersion
// v2. Helm still reads it in a v2 chart.
func (c *Chart) readRequirements(f *File) error {
	if c.Metadata == nil {
		return ErrNoChartFile
	}
	if err := unmarshal(f, c.Metadata); err != nil {
		return err
	}
	if c.Metadata.APIVersion == apiVersionV1 {
		c.Files = append(c.Files, f)
	}
	return nil
}

// addSubcharts loads what is in charts/, in name order.
func (c *Chart) addSubcharts(ctx context.Context, subcharts map[string][]*File, b *budget, depth int) error {
	names := make([]string, 0, len(subcharts))
	for name := range subcharts {
		if name != "" && name[0] != '_' && name[0] != '.' {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	c.Dependencies = make([]*Chart, len(names))
	return parallel.Each(ctx, len(names), func(_, i int) (err error) {
		if c.Dependencies[i], err = loadSubchart(ctx, names[i], subcharts[names[i]], b, depth+1); err != nil {
			return fmt.Errorf("charts/%s: %w", names[i], err)
		}
		return nil
	})
}

func loadSubchart(ctx context.Context, name string, files []*File, b *budget, depth int) (*Chart, error) {
	if path.Ext(name) == ".tgz" {
		if files[0].Name != name {
			return nil, errors.New("a folder with the name of an archive")
		}
		unpacked, err := readArchive(ctx, bytes.NewReader(files[0].Data), b)
		if err != nil {
			return nil, err
		}
		return assemble(ctx, unpacked, b, depth)
	}
	var inside []*File
	for _, f := range files {
		if _, rest, ok := strings.Cut(f.Name, "/"); ok {
			inside = append(inside, &File{Name: rest, Data: f.Data})
		}
	}
	return assemble(ctx, inside, b, depth)
}

// FileChange is a file of a chart before and after an edit.
type FileChange struct {
	Name     string // relative to the chart, with slashes
	Old, New []byte
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
