package config

import (
	"errors"
	"maps"
	"slices"

	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// ErrEmpty is a file without services and releases where something is to be built or deployed. A version needs none.
var ErrEmpty = errors.New("there is nothing to deploy: no services, no releases, and no services/NAME/chart; " +
	`add services: {NAME: {chart: FOLDER}}, or run "pintle init" to see what is found`)

// Empty reports whether the file has neither services nor releases, nor files that hold the version.
func (c *Config) Empty() bool {
	return len(c.Services) == 0 && len(c.Releases) == 0 && len(c.Version.Files) == 0
}

// TracksReleases reports whether trunk goes past what was tagged on lines that left it.
func (c *Config) TracksReleases() bool {
	return c.Version.TrackReleases == nil || *c.Version.TrackReleases
}

// Default is what a repository without a pintle.yaml has: one version for all, the services that the convention finds,
// no environments. The folder is where the file would stand.
func Default(dir string) (*Config, error) {
	tree, err := files.Around(dir)
	if err != nil {
		return nil, err
	}
	c, s := parse(FileName, []byte("apiVersion: "+APIVersion+"\n"))
	c.fsys, c.Dir, c.tree = tree.FS(dir), dir, tree
	(&validator{source: s, c: c, fsys: c.fsys}).defaults()
	return c, nil
}

// Label returns the prerelease label that version.labels gives a branch: by its name, else by the first pattern of the
// file that matches, else "".
func (c *Config) Label(branch string) string {
	if own := c.Version.Labels[branch]; own != "" {
		return own
	}
	v := validator{source: c.source, c: c}
	for _, pattern := range v.inOrder("version.labels", slices.Collect(maps.Keys(c.Version.Labels))) {
		if matches(branch)(pattern) {
			return c.Version.Labels[pattern]
		}
	}
	return ""
}

// versionLabel is one identifier of a prerelease: no number, and short enough for a version of 45 characters.
var versionLabel = lazyregexp.New(`^[A-Za-z][0-9A-Za-z-]{0,14}$`)

func (v *validator) labels() {
	for _, pattern := range v.inOrder("version.labels", slices.Collect(maps.Keys(v.c.Version.Labels))) {
		at, label := child("version.labels", pattern), v.c.Version.Labels[pattern]
		v.glob(at, pattern)
		if !versionLabel.MatchString(label) && !v.doubtful(at) {
			v.bad(at, "write a word of at most 15 letters, digits and dashes: alpha", "%q is no prerelease label", label)
		}
	}
}
