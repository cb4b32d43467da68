package chart

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/pintle-ci/pintle/internal/gzipped"
)

// PackageOptions say what a package carries beyond the chart's files.
type PackageOptions struct {
	Version    string    // replaces Chart.yaml's; a strict semantic version
	AppVersion string    // replaces Chart.yaml's
	Time       time.Time // of every entry, cut to seconds; zero means 1970
	Incomplete bool      // take a chart whose charts/ lacks dependencies: it is to be one itself
}

// Package packs c as Helm packs it: one folder named after the chart, plain
// files only, subcharts as folders in charts/ whether they came as folders or
// as archives (facts/helm-format.md 4.18). The same chart and options give the
// same bytes: entries are sorted, headers carry neither owner nor clock.
// Chart.yaml keeps its comments. The name is <chart>-<version>.tgz.
//
// Unless it may be incomplete, a dependency of Chart.yaml that is not in charts/
// is a *MissingDependenciesError: no installation of such a package could succeed.
// A version that is none is a *VersionError.
func Package(ctx context.Context, c *Chart, o PackageOptions) (tgz []byte, name string, err error) {
	if err := c.Validate(); err != nil {
		return nil, "", fmt.Errorf("package chart: %w", err)
	}
	tgz, err = pack(ctx, c, o)
	if err != nil {
		return nil, "", fmt.Errorf("package chart %s: %w", c.Metadata.Name, err)
	}
	return tgz, c.Metadata.Name + "-" + cmp.Or(o.Version, c.Metadata.Version) + ".tgz", nil
}

// ArchiveName is what the file of the packed chart is called.
func (c *Chart) ArchiveName() string { return c.Metadata.Name + "-" + c.Metadata.Version + ".tgz" }

// VersionError says that PackageOptions.Version is no strict semantic version.
type VersionError struct {
	Version string
	err     error
}

// Error names the version and what is wrong with it.
func (e *VersionError) Error() string { return fmt.Sprintf("version %q: %v", e.Version, e.err) }

func pack(ctx context.Context, c *Chart, o PackageOptions) ([]byte, error) {
	if missing := c.MissingDependencies(); len(missing) > 0 && !o.Incomplete {
		return nil, &MissingDependenciesError{Names: missing, Ignored: c.IgnoredDependencies(missing)}
	}
	if _, err := semver.StrictNewVersion(o.Version); err != nil && o.Version != "" {
		return nil, &VersionError{o.Version, err}
	}
	files, err := packageFiles(c)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.Name != "Chart.yaml" {
			continue
		}
		if f.Data, err = SetVersions(f.Data, o.Version, o.AppVersion); err != nil {
			return nil, fmt.Errorf("edit Chart.yaml: %w", err)
		}
	}
	return writeArchive(ctx, c.Metadata.Name, files, o.Time)
}

// packageFiles lists the files of c and, below charts/, of its subcharts,
// sorted by name. The Files are copies, their Data is not.
func packageFiles(c *Chart) ([]*File, error) {
	byName := map[string]*File{}
	for _, f := range c.Raw {
		if !strings.HasPrefix(f.Name, "charts/") || slices.Contains(c.Files, f) {
			byName[f.Name] = &File{Name: f.Name, Data: f.Data}
		}
	}
	if byName["Chart.yaml"] == nil {
		return nil, ErrNoChartFile
	}
	folders := map[string]bool{}
	for _, sub := range c.Dependencies {
		folder := sub.Name()
		if folders[folder] { // two versions of one chart, used under aliases
			folder += "-" + sub.Metadata.Version
		}
		if folders[folder] {
			return nil, fmt.Errorf("charts/ holds %s twice: remove one", folder)
		}
		folders[folder] = true
		files, err := packageFiles(sub)
		if err != nil {
			return nil, fmt.Errorf("charts/%s: %w", folder, err)
		}
		for _, f := range files {
			f.Name = "charts/" + folder + "/" + f.Name
			byName[f.Name] = f
		}
	}
	files := make([]*File, 0, len(byName))
	for _, f := range byName {
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b *File) int { return cmp.Compare(a.Name, b.Name) })
	return files, nil
}

// writeArchive writes files below folder into a gzipped tar file.
func writeArchive(ctx context.Context, folder string, files []*File, modified time.Time) ([]byte, error) {
	if modified.IsZero() {
		modified = time.Unix(0, 0)
	}
	var out bytes.Buffer
	err := gzipped.To(&out, func(zipped io.Writer) error {
		archive := tar.NewWriter(zipped)
		total := 0
		for _, f := range files {
			if total += len(f.Data); total > maxChartBytes {
				return fmt.Errorf("%w: more than %d MiB, which Helm cannot load", ErrTooLarge, maxChartBytes>>20)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			header := &tar.Header{
				Typeflag: tar.TypeReg, Name: folder + "/" + f.Name, Size: int64(len(f.Data)),
				Mode: 0o644, ModTime: modified.UTC().Truncate(time.Second),
			}
			if err := archive.WriteHeader(header); err != nil {
				return err
			}
			if _, err := archive.Write(f.Data); err != nil {
				return err
			}
		}
		return archive.Close()
	})
	return out.Bytes(), err
}
