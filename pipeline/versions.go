package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/versioning"
)

// decided is the version of one service, or why it has none.
type decided struct {
	version  versioning.Version
	modified []string // files of the service that are not as HEAD has them, quoted
	err      error
}

// wanted says which versions are asked for.
type wanted struct {
	clean    bool     // a modified file stops a release
	release  string   // the version that a tag would get, by versioning.Release; empty: that of a build
	services []string // only these are released; all when empty
}

// ServiceVersion is the version that one service got.
type ServiceVersion struct {
	Service string
	Version versioning.Version
}

// Versions decides the versions of units and does nothing else. Where one version for all meets no units at all, it
// comes without a name. Errors: those of versioning, with the service's name; of several the first, in the order given.
func (p *Project) Versions(ctx context.Context, units []config.Unit) ([]ServiceVersion, error) {
	if len(units) == 0 && !p.PerService() {
		units = []config.Unit{p.whole()}
	}
	decided, err := p.decideVersions(ctx, units, wanted{})
	if err != nil {
		return nil, err
	}
	var versions []ServiceVersion
	for _, u := range units {
		d := decided[u.Name]
		switch {
		case d.err != nil && p.PerService():
			return nil, fmt.Errorf("version of %s: %w", u.Name, d.err)
		case d.err != nil:
			return nil, d.err
		}
		versions = append(versions, ServiceVersion{u.Name, d.version})
	}
	return versions, nil
}

// decideVersions decides the versions of all services in one walk of the history.
func (p *Project) decideVersions(ctx context.Context, units []config.Unit, w wanted) (map[string]decided, error) {
	var services []config.Unit
	var queries []versioning.Query
	for _, u := range p.withSiblings(units) {
		if !u.Service {
			continue
		}
		q, err := p.Query(u)
		if err != nil {
			return nil, err
		}
		services, queries = append(services, u), append(queries, q)
	}
	rules := p.Rules()
	rules.RequireClean = w.clean
	facts, err := p.ReadHistory(ctx, queries, rules)
	if err != nil {
		return nil, fmt.Errorf("read the git history: %w", err)
	}
	own, err := p.bumped(ctx, facts)
	if err != nil {
		return nil, err
	}
	versions := make(map[string]decided, len(services))
	for i, u := range services {
		facts[i].Dirty = slices.DeleteFunc(facts[i].Dirty, func(file string) bool { return own[file] })
		var d decided
		d.version, d.err = w.version(u, facts[i], rules)
		for _, file := range facts[i].Dirty {
			d.modified = append(d.modified, strconv.Quote(file))
		}
		versions[u.Name] = d
	}
	if !w.clean || p.Config.Version.Fetch == config.FetchNever {
		return versions, nil
	}
	return versions, p.checkTags(ctx, versions, facts)
}

// checkTags makes sure that what is released is what the remote has tagged; builds between releases ask nothing.
func (p *Project) checkTags(ctx context.Context, versions map[string]decided, facts []versioning.Facts) error {
	names := map[string]bool{}
	release := false
	for _, d := range versions {
		names[d.version.Tag] = d.err == nil && (d.version.Exact || d.version.Unchanged)
		release = release || d.err == nil && d.version.Exact
	}
	var tags []versioning.Tag
	for _, f := range facts {
		at := f.Tags
		if f.Base != nil {
			at = append(slices.Clone(at), *f.Base)
		}
		for _, tag := range at {
			if release && names[tag.Name] {
				tags, names[tag.Name] = append(tags, tag), false
			}
		}
	}
	return p.Repository.CheckTags(ctx, tags, p.Fetch)
}

// version is the version of a build, or that of the release that was asked for. A service that is only depended on is
// not released with those that were named.
func (w wanted) version(u config.Unit, facts versioning.Facts, rules versioning.Rules) (versioning.Version, error) {
	if w.release == "" || len(w.services) > 0 && !slices.Contains(w.services, u.Name) {
		return versioning.Next(facts, rules)
	}
	released, err := versioning.Release(facts, rules, w.release)
	if err != nil {
		return versioning.Version{}, err
	}
	return versioning.Version{
		Number: released.Number, Commit: released.Commit, Time: facts.Head.Time, Explain: released.Explain,
		Exact: released.Present, Unchanged: released.Unchanged, Tag: map[bool]string{true: released.Tag}[released.Present || released.Unchanged],
	}, nil
}
