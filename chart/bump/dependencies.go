package bump

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"
	k8syaml "sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/yaml/edit"
)

// Dependency is a dependency on a chart that is bumped too.
type Dependency struct {
	Name       string // as in dependencies of Chart.yaml
	Repository string // as it stands there
	Version    string // the one that the other chart gets
}

const lockFile = "Chart.lock"

// bumpDependencies writes the versions of dependencies into a Chart.yaml. A constraint that admits the version stays:
// it was meant for that.
func bumpDependencies(src []byte, dependencies []Dependency) ([]byte, error) {
	return editDependencies(src, dependencies, func(old, wanted string) bool {
		if _, err := semver.StrictNewVersion(old); err == nil {
			return false
		}
		constraint, err := semver.NewConstraint(old)
		version, errVersion := semver.NewVersion(wanted)
		return err == nil && errVersion == nil && constraint.Check(version)
	})
}

// bumpLock writes them into a Chart.lock, where versions are exact, and a digest, if one is given.
func bumpLock(src []byte, dependencies []Dependency, digest string) ([]byte, error) {
	src, err := editDependencies(src, dependencies, func(string, string) bool { return false })
	if err != nil || digest == "" {
		return src, err
	}
	return edit.Set(src, []edit.Change{{Path: []string{"digest"}, Value: digest}})
}

// Copies gives the copies of charts in charts/ of c the versions that their charts get: what Chart.yaml asks for after
// a bump is what is there. Nothing is written. A chart that is there more than once stays as it is.
func Copies(c *chart.Chart, dependencies []Dependency) error {
	for _, d := range dependencies {
		copies := slices.DeleteFunc(slices.Clone(c.Dependencies), func(sub *chart.Chart) bool { return sub.Name() != d.Name })
		if len(copies) != 1 || copies[0].Metadata.Version == d.Version {
			continue
		}
		if err := setVersion(copies[0], d.Version); err != nil {
			return fmt.Errorf("charts/%s: %w", d.Name, err)
		}
	}
	return nil
}

// setVersion changes the version of a loaded chart, in its file too.
func setVersion(c *chart.Chart, version string) error {
	for i, f := range c.Raw {
		if f.Name != "Chart.yaml" {
			continue
		}
		data, err := chart.SetVersions(f.Data, version, "")
		if err != nil {
			return err
		}
		c.Raw[i] = &chart.File{Name: f.Name, Data: data}
	}
	c.Metadata.Version = version
	return nil
}

// editDependencies sets the versions in a list under dependencies, unless keep says otherwise.
func editDependencies(src []byte, dependencies []Dependency, keep func(old, wanted string) bool) ([]byte, error) {
	if len(dependencies) == 0 {
		return src, nil
	}
	docs, err := edit.Parse(src)
	if err != nil {
		return nil, err
	}
	list, err := edit.Find(docs, []string{"dependencies"})
	if errors.Is(err, edit.ErrNoSuchKey) || err == nil && list.Value.Kind != yaml.SequenceNode {
		return src, nil
	}
	if err != nil {
		return nil, &edit.Error{Path: "dependencies", Line: list.Line(), Err: err}
	}
	var edits []edit.Change
	for i, item := range list.Value.Content {
		at := slices.IndexFunc(dependencies, func(d Dependency) bool {
			return textOf(item, "name") == d.Name && textOf(item, "repository") == d.Repository
		})
		if old := textOf(item, "version"); at >= 0 && old != "" && !keep(old, dependencies[at].Version) {
			edits = append(edits, edit.Change{Path: []string{"dependencies", strconv.Itoa(i), "version"}, Value: dependencies[at].Version})
		}
	}
	return edit.Set(src, edits)
}

func textOf(mapping *yaml.Node, key string) string {
	if mapping.Kind != yaml.MappingNode {
		return ""
	}
	if _, value, err := edit.Lookup(mapping, key); err == nil && value != nil && value.Kind == yaml.ScalarNode {
		return value.Value
	}
	return ""
}

// lockChange is what becomes of the lock beside a Chart.yaml; nil where there is none or it stays. The digest follows
// only where it belonged to the old Chart.yaml, so that a lock that was out of date still says so (facts/helm-format.md
// 4.19).
func lockChange(files fs.FS, before, after []byte, o Options) (*chart.FileChange, error) {
	if len(o.Dependencies) == 0 {
		return nil, nil
	}
	old, err := readBounded(files, lockFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	edited, err := bumpLock(old, o.Dependencies, "")
	if err != nil {
		return nil, fmt.Errorf("bump %s: %w", lockFile, err)
	}
	if sum, locked, err := digestOf(before, old); err == nil && sum == locked {
		if sum, locked, err = digestOf(after, edited); err == nil && sum != locked {
			if edited, err = bumpLock(edited, nil, sum); err != nil {
				return nil, fmt.Errorf("bump %s: %w", lockFile, err)
			}
		}
	}
	if string(old) == string(edited) {
		return nil, nil
	}
	return &chart.FileChange{Name: lockFile, Old: old, New: edited}, nil
}

// digestOf is the digest of a Chart.yaml with a lock, and the one that the lock has.
func digestOf(metadata, lock []byte) (sum, locked string, err error) {
	var m chart.Metadata
	var l chart.Lock
	if err := errors.Join(k8syaml.Unmarshal(metadata, &m), k8syaml.Unmarshal(lock, &l)); err != nil {
		return "", "", err
	}
	sum, err = chart.LockDigest(m.Dependencies, l.Dependencies)
	return sum, l.Digest, err
}

// neutralVersion stands for every version in comparisons; nobody writes it.
const neutralVersion = "0.0.0-0.neutral"

// Neutral returns what Bump with o makes of one file of a chart with a version that stands for all: two contents that
// differ in nothing but what Bump may write come out alike.
func Neutral(name string, src []byte, o Options) ([]byte, error) {
	o.Version, o.AppVersion = neutralVersion, neutralVersion
	if o.Image != nil {
		image := *o.Image
		image.Tag = neutralVersion
		o.Image = &image
	}
	o.Images, o.Dependencies = slices.Clone(o.Images), slices.Clone(o.Dependencies)
	for i := range o.Images {
		o.Images[i].Tag = neutralVersion
	}
	for i := range o.Dependencies {
		o.Dependencies[i].Version = neutralVersion
	}
	if name == lockFile {
		return bumpLock(src, o.Dependencies, neutralVersion)
	}
	return File(name, src, o)
}
