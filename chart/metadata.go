package chart

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/Masterminds/semver/v3"
	k8syaml "sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

const (
	apiVersionV1 = "v1"
	apiVersionV2 = "v2"
	typeLibrary  = "library"
)

var aliasFormat = lazyregexp.New(`^[a-zA-Z0-9_-]+$`)

// Name is the name in Chart.yaml, or the alias under which a parent uses the chart.
func (c *Chart) Name() string {
	if c.Metadata == nil {
		return ""
	}
	return c.Metadata.Name
}

// IsLibrary reports whether the chart only lends its definitions to others.
func (c *Chart) IsLibrary() bool {
	return c.Metadata != nil && strings.EqualFold(c.Metadata.Type, typeLibrary)
}

// MetadataError says what is wrong in a Chart.yaml.
type MetadataError struct{ Reason string }

// Error names the file and the reason.
func (e *MetadataError) Error() string { return "Chart.yaml: " + e.Reason }

func invalid(format string, args ...any) error {
	return &MetadataError{Reason: fmt.Sprintf(format, args...)}
}

// Validate checks the rules for Chart.yaml (facts/helm-format.md 4.10). Load
// has already done so. The error is ErrNoChartFile or a *MetadataError.
func (c *Chart) Validate() error {
	md := c.Metadata
	switch {
	case md == nil:
		return ErrNoChartFile
	case md.APIVersion == "":
		return invalid("apiVersion is missing: write apiVersion: v2")
	case md.Name == "":
		return invalid("name is missing")
	case md.Name == "." || md.Name == ".." || md.Name != filepath.Base(md.Name):
		return invalid("name %q is not allowed: it must not be a path", md.Name)
	case md.Version == "":
		return invalid("version is missing")
	case !validVersion(md.Version):
		return invalid("version %q is no semantic version", md.Version)
	case md.Type != "" && md.Type != "application" && md.Type != typeLibrary:
		return invalid("type %q is neither application nor library", md.Type)
	}
	for i, m := range md.Maintainers {
		if m == nil {
			return invalid("maintainers[%d] is empty", i)
		}
	}
	return validDependencies(md.Dependencies)
}

func validVersion(v string) bool {
	_, err := semver.NewVersion(v)
	return err == nil
}

func validDependencies(deps []*Dependency) error {
	seen := make(map[string]bool, len(deps))
	for i, d := range deps {
		if d == nil {
			return invalid("dependencies[%d] is empty", i)
		}
		if d.Alias != "" && !aliasFormat.MatchString(d.Alias) {
			return invalid("dependency %q: alias %q: only letters, digits, - and _ are allowed", d.Name, d.Alias)
		}
		key := d.Name
		if d.Alias != "" {
			key = d.Alias
		}
		if seen[key] {
			return invalid("two dependencies with the name or alias %q: give one an alias", key)
		}
		seen[key] = true
	}
	return nil
}

// sanitize normalizes white space and drops unprintable characters, as Helm
// does on loading.
func (md *Metadata) sanitize() {
	for _, s := range []*string{
		&md.Name, &md.Description, &md.Home, &md.Icon, &md.Condition, &md.Tags, &md.AppVersion, &md.KubeVersion,
	} {
		*s = printable(*s)
	}
	printableAll(md.Sources)
	printableAll(md.Keywords)
	for _, m := range md.Maintainers {
		if m != nil {
			m.Name, m.Email, m.URL = printable(m.Name), printable(m.Email), printable(m.URL)
		}
	}
	for _, d := range md.Dependencies {
		if d != nil {
			d.Name, d.Version = printable(d.Name), printable(d.Version)
			d.Repository, d.Condition = printable(d.Repository), printable(d.Condition)
			printableAll(d.Tags)
		}
	}
}

func printableAll(list []string) {
	for i, s := range list {
		list[i] = printable(s)
	}
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return -1
	}, s)
}

// MissingDependenciesError says that charts/ lacks what Chart.yaml names.
type MissingDependenciesError struct {
	Names   []string
	Ignored string // which pattern of .helmignore hides them, if one does
}

// Error names the dependencies.
func (e *MissingDependenciesError) Error() string {
	text := "charts/ lacks dependencies of Chart.yaml: " + strings.Join(e.Names, ", ")
	if e.Ignored != "" {
		text += ": " + e.Ignored
	}
	return text
}

// IgnoredDependencies says which pattern of .helmignore keeps the first of the
// missing dependencies out of charts/, where it is; it is empty if none does.
func (c *Chart) IgnoredDependencies(missing []string) string {
	for _, i := range c.Ignored {
		file := strings.TrimPrefix(i.Name, "charts/")
		hides := func(name string) bool { return file == name || strings.HasPrefix(file, name+"-") }
		if i.Line == 0 || i.Name != "charts" && !slices.ContainsFunc(missing, hides) {
			continue
		}
		text := fmt.Sprintf("%s:%d: %s keeps %s out", ignoreFile, i.Line, i.Pattern, i.Name)
		if strings.ContainsAny(i.Pattern, "/!") {
			return text + ": remove the pattern"
		}
		return text + ": write /" + i.Pattern
	}
	return ""
}

// FetchCommand is what to type to fetch the dependencies of this chart, which is
// in folder: what Chart.lock names, if there is one.
func (c *Chart) FetchCommand(folder string) string {
	verb := "update"
	if c.Lock != nil {
		verb = "build"
	}
	return strings.TrimSuffix("pintle chart deps "+verb+" "+folder, " .")
}

// MissingDependencies names the dependencies in Chart.yaml that charts/ lacks,
// in Chart.yaml's order.
func (c *Chart) MissingDependencies() []string {
	have := make(map[string]bool, len(c.Dependencies))
	for _, d := range c.Dependencies {
		have[d.Name()] = true
	}
	var missing []string
	for _, d := range c.Metadata.Dependencies {
		if !have[d.Name] {
			missing = append(missing, d.Name)
		}
	}
	return missing
}

// ReadMetadata reads a Chart.yaml as Helm does, without a look at the rest of the chart.
func ReadMetadata(text []byte) (*Metadata, error) {
	m := &Metadata{}
	if err := k8syaml.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("read Chart.yaml: %w", err)
	}
	return m, nil
}
