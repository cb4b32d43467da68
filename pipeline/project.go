package pipeline

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/versioning"
)

// Project is a pintle.yaml with the repository it stands in, at what is built. All fields but Fetch are needed.
// What of it files say, as which charts depend on each other, is read once.
type Project struct {
	Config     *config.Config
	Resolved   *config.Resolved // its Environment is empty where nothing is deployed
	Ref        versioning.Ref
	Repository *versioning.Repository
	Fetch      versioning.Fetch // of what the clone lacks, unless pintle.yaml forbids it

	once  sync.Once
	found map[string][]sibling // by service
}

// PerService reports whether each service has a version of its own, by a tag of its own.
func (p *Project) PerService() bool {
	return strings.Contains(p.Config.Version.Tag, "{service}")
}

// Versioned are the units that have a version: the services of these names, or of all, or one without a name for all of
// them. Errors: those of config.Resolved.Choose.
func (p *Project) Versioned(services []string) ([]config.Unit, error) {
	units, err := p.Resolved.Choose(services)
	if err != nil {
		return nil, err
	}
	if !p.PerService() {
		return []config.Unit{p.whole()}, nil
	}
	return slices.DeleteFunc(slices.Clone(units), func(u config.Unit) bool { return !u.Service }), nil
}

// whole is the unit without a name that has the one version for all.
func (p *Project) whole() config.Unit {
	return config.Unit{Service: true, TagPrefix: p.Config.TagPrefixes()[0]}
}

// ReadHistory reads the history and fetches what the clone lacks, where pintle.yaml lets it.
func (p *Project) ReadHistory(ctx context.Context, queries []versioning.Query, rules versioning.Rules) ([]versioning.Facts, error) {
	if p.Config.Version.Fetch == config.FetchNever {
		return p.Repository.ReadAll(ctx, queries)
	}
	return p.Repository.ReadWhole(ctx, queries, rules, p.Fetch)
}

// Rules are what pintle.yaml says of versions. Whether a modified file stops a release is for the caller to say.
func (p *Project) Rules() versioning.Rules {
	v := p.Config.Version
	rules := versioning.Rules{Initial: v.Initial, Next: v.Next, Trunks: v.Trunk}
	if label := p.Config.Label(p.Ref.Branch); label != "" {
		rules.Labels = map[string]string{p.Ref.Branch: label}
	}
	return rules
}

// Query asks for the history of one service. With one version for all, every
// service has the whole repository's.
func (p *Project) Query(u config.Unit) (versioning.Query, error) {
	q := versioning.Query{Ref: p.Ref, Prefix: u.TagPrefix, Dirty: true}
	q.TrackReleases, q.Trunks = p.Config.TracksReleases() && p.Ref.TracksReleases(p.Config.Version.Trunk), p.Config.Version.Trunk
	if !p.PerService() {
		return q, nil
	}
	for _, folder := range p.folders(u) {
		rel, err := p.Repository.Rel(p.Path(folder))
		if err != nil {
			return q, fmt.Errorf("folder of %s: %w", u.Name, err)
		}
		q.Paths = append(q.Paths, rel)
	}
	return q, nil
}

// Path turns a slash path of pintle.yaml into one of the file system.
func (p *Project) Path(rel string) string { return below(p.Config, rel) }

func below(c *config.Config, rel string) string {
	if rel == "" {
		return ""
	}
	return filepath.Join(c.Dir, filepath.FromSlash(rel))
}
