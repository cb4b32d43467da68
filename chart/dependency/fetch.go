package dependency

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
	"golang.org/x/sync/errgroup"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/oci"
	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/registry"
)

// fileScheme begins the repository of a dependency that is a folder.
const fileScheme = "file://"

// parallelDownloads is how many indexes or archives are fetched at a time; each
// may take registry.MaxBlobBytes of memory.
const parallelDownloads = 4

// arrived is a dependency that was fetched and is not in charts/ yet.
type arrived struct {
	Fetched
	temp string // the file, if it is to go into charts/
	sum  [sha256.Size]byte
}

// each runs f for 0 to n-1, several at a time, and waits for all. Of several
// failures the first in that order is returned, whichever came first.
func each(n int, f func(i int) error) error {
	errs := make([]error, n)
	var group errgroup.Group
	group.SetLimit(parallelDownloads)
	for i := range n {
		group.Go(func() error {
			errs[i] = f(i)
			return nil
		})
	}
	_ = group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// readIndexes reads the index of each repository that has one, once.
func (u *update) readIndexes(ctx context.Context, wanted []*chart.Dependency) error {
	names := map[string][]string{}
	for _, d := range wanted {
		if d.Repository == "" || strings.HasPrefix(d.Repository, fileScheme) || strings.HasPrefix(d.Repository, registry.Scheme) {
			continue
		}
		if names[d.Repository] = append(names[d.Repository], d.Name); u.indexes[d.Repository] != nil {
			continue
		}
		r, err := u.known.Find(d.Repository)
		if err != nil {
			return fmt.Errorf("dependency %s: %w", d.Name, err)
		}
		opened, err := r.Open(u.Access)
		if err != nil {
			return fmt.Errorf("dependency %s: %w", d.Name, err)
		}
		u.indexes[d.Repository] = &indexed{Client: opened}
	}
	repositories := slices.Sorted(maps.Keys(u.indexes))
	err := each(len(repositories), func(i int) (err error) {
		d := u.indexes[repositories[i]]
		d.Index, err = d.Client.Index(ctx, names[repositories[i]]...)
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range repositories {
		for _, text := range u.indexes[r].Skipped {
			u.warn("%s: %s", registry.Shown(r), text)
		}
	}
	return nil
}

// fetchAll fetches the dependencies, one that is used under several aliases once.
func (u *update) fetchAll(ctx context.Context, wanted []*chart.Dependency, temp string) ([]arrived, error) {
	list := make([]arrived, len(wanted))
	first := make([]int, len(wanted))
	for i, d := range wanted {
		first[i] = slices.IndexFunc(wanted, func(w *chart.Dependency) bool {
			return w.Name == d.Name && w.Version == d.Version && w.Repository == d.Repository
		})
	}
	err := each(len(wanted), func(i int) (err error) {
		if first[i] == i {
			list[i], err = u.fetch(ctx, wanted[i], filepath.Join(temp, strconv.Itoa(i)))
		}
		if err != nil {
			err = fmt.Errorf("dependency %s: %w", wanted[i].Name, err)
		}
		return err
	})
	for i := range list {
		list[i] = list[first[i]]
	}
	return list, err
}

// fetch gets one dependency into the file temp, and loads it: what is not the
// chart that was asked for never gets into charts/.
func (u *update) fetch(ctx context.Context, d *chart.Dependency, temp string) (arrived, error) {
	if d.Version == "" {
		return arrived{}, errors.New("it names no version: write a range such as ^1.2 into Chart.yaml, or \"*\" for any version")
	}
	if _, err := semver.NewConstraint(d.Version); err != nil {
		return arrived{}, fmt.Errorf("version %q is neither a version nor a range: write 1.2.3, ^1.2 or >=1.2 <2", d.Version)
	}
	if d.Repository == "" {
		return u.present(ctx, d)
	}
	tgz, file, picked, err := u.get(ctx, d)
	if err != nil {
		return arrived{}, err
	}
	loaded, err := chart.LoadArchive(ctx, bytes.NewReader(tgz))
	switch {
	case err != nil:
		return arrived{}, fmt.Errorf("%s of %s is damaged: %w", file, registry.Shown(d.Repository), err)
	case loaded.Metadata.Name != d.Name:
		return arrived{}, fmt.Errorf("%s of %s is the chart %q", file, registry.Shown(d.Repository), loaded.Metadata.Name)
	case !oci.SameVersion(picked, loaded.Metadata.Version):
		return arrived{}, fmt.Errorf("%s publishes version %s of the chart as %s: ask its owner to publish it anew, or ask for another version",
			registry.Shown(d.Repository), loaded.Metadata.Version, picked)
	}
	if err := os.WriteFile(temp, tgz, 0o644); err != nil {
		return arrived{}, err
	}
	version := loaded.Metadata.Version
	return arrived{Fetched{Name: d.Name, Version: version, Repository: d.Repository, File: file}, temp, sha256.Sum256(tgz)}, nil
}

// get gets the archive of a dependency, the name of its file, and the version
// under which it is published.
func (u *update) get(ctx context.Context, d *chart.Dependency) (tgz []byte, file, version string, err error) {
	if folder, ok := strings.CutPrefix(d.Repository, fileScheme); ok {
		return u.pack(ctx, d, folder)
	}
	if strings.HasPrefix(d.Repository, registry.Scheme) {
		return u.pull(ctx, d)
	}
	source := u.indexes[d.Repository]
	entry, err := source.Pick(d.Name, d.Version)
	if err != nil {
		return nil, "", "", fmt.Errorf("%s: %w", source.Shown(), err)
	}
	tgz, file, err = source.Archive(ctx, entry)
	return tgz, file, entry.Version, err
}

// pull gets a dependency from an OCI registry. A whole version is the tag, as
// it is written; a part of one is a range.
func (u *update) pull(ctx context.Context, d *chart.Dependency) (tgz []byte, file, version string, err error) {
	ref, o := strings.TrimSuffix(d.Repository, "/")+"/"+d.Name, oci.PullOptions{Access: u.Access, Version: d.Version}
	if _, err := semver.StrictNewVersion(strings.TrimPrefix(d.Version, "v")); err == nil {
		ref, o.Version = ref+":"+d.Version, ""
	}
	tgz, pulled, err := oci.Pull(ctx, ref, o)
	return tgz, d.Name + "-" + pulled.Version + ".tgz", pulled.Version, err
}

// pack packs the folder of a dependency (file://), which may itself lack
// dependencies: Helm takes it too.
func (u *update) pack(ctx context.Context, d *chart.Dependency, folder string) (tgz []byte, file, version string, err error) {
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(u.dir, folder)
	}
	loaded, err := chart.LoadFrom(ctx, u.tree, folder)
	if errors.Is(err, files.ErrOutside) {
		err = fmt.Errorf("%w: a file:// dependency must be in the chart's git work tree", err)
	}
	if err != nil {
		return nil, "", "", err
	}
	if err := inRange(d, loaded.Metadata.Version); err != nil {
		return nil, "", "", fmt.Errorf("%s: %w", folder, err)
	}
	if missing := loaded.MissingDependencies(); len(missing) > 0 {
		u.warn("charts/ of %s lacks %s: run \"pintle chart deps update %s\" first, if they are used", folder, strings.Join(missing, ", "), folder)
	}
	tgz, file, err = chart.Package(ctx, loaded, chart.PackageOptions{Time: u.Time, Incomplete: true})
	return tgz, file, loaded.Metadata.Version, err
}

// present finds a dependency that names no repository in charts/.
func (u *update) present(ctx context.Context, d *chart.Dependency) (arrived, error) {
	found, err := chart.LoadHead(ctx, u.tree, filepath.Join(u.dir, "charts", d.Name))
	if errors.Is(err, os.ErrNotExist) {
		found, err = u.presentArchive(ctx, d)
	}
	if err != nil {
		return arrived{}, err
	}
	version := found.Metadata.Version
	return arrived{Fetched: Fetched{Name: d.Name, Version: version}}, inRange(d, version)
}

func (u *update) presentArchive(ctx context.Context, d *chart.Dependency) (*chart.Chart, error) {
	archives, err := filepath.Glob(filepath.Join(u.dir, "charts", "*.tgz"))
	if err != nil {
		return nil, err
	}
	for _, file := range archives {
		if !strings.HasPrefix(filepath.Base(file), d.Name) {
			continue
		}
		if c, err := chart.LoadFrom(ctx, u.tree, file); err == nil && c.Metadata.Name == d.Name {
			return c, nil
		}
	}
	return nil, errors.New("it names no repository and is not in charts/: put it there, or write its repository into Chart.yaml")
}

// inRange says what is wrong with a version that is not the one wanted.
func inRange(d *chart.Dependency, version string) error {
	v, err := semver.NewVersion(version)
	if err != nil {
		return fmt.Errorf("version %q is no semantic version", version)
	}
	constraint, err := semver.NewConstraint(d.Version)
	if err == nil && !constraint.Check(v) {
		err = fmt.Errorf("its version %s does not match %s: change one of them", version, d.Version)
	}
	return err
}
