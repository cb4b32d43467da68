package versioning

import (
	"context"
	"fmt"

	"github.com/Masterminds/semver/v3"
	"github.com/pintle-ci/pintle/git/store"
)

// releases fills Ahead for the queries that ask: the highest version tag above the base that stands on a line which
// left HEAD's history, as release/1.5 leaves trunk (facts/git-ci-canary.md 1.5 rule 5). A tag that descends from HEAD
// is its future, and none of a rebuild's business; a tag of an unrelated history says nothing; a candidate on a trunk's
// own line, as git-flow's on develop, is no line's.
func (rd *reader) releases(ctx context.Context) error {
	above := map[*queryState][]candidate{}
	var tips []*store.Node
	for _, p := range rd.states {
		if !p.query.TrackReleases {
			continue
		}
		for _, c := range p.candidates {
			if c.name == p.baseName() {
				break
			}
			ok, err := rd.resolve(&c)
			if err != nil {
				return err
			}
			if ok {
				above[p], tips = append(above[p], c), append(tips, c.node)
			}
		}
	}
	if len(tips) == 0 {
		return nil
	}
	left, err := rd.repository.Graph.Diverged(ctx, rd.head, tips)
	if err != nil {
		return fmt.Errorf("look for release lines: %w", err)
	}
	for p, candidates := range above {
		for _, c := range candidates {
			if !left[c.node] {
				continue
			}
			past, err := rd.goesPast(ctx, p, c)
			if err != nil {
				return err
			}
			if !past {
				continue
			}
			commit, err := rd.repository.commit(c.node)
			if err != nil {
				return err
			}
			p.ahead = c.node
			p.facts.Ahead = &Tag{Name: c.name, Version: c.version.String(), Commit: commit}
			break
		}
	}
	return nil
}

// goesPast reports whether a tag of a line that left is to be gone past. What trunk itself has released since a feature
// left it is no line: the feature is to come after it, but was made before.
func (rd *reader) goesPast(ctx context.Context, p *queryState, c candidate) (bool, error) {
	if c.version.Prerelease() != "" || p.query.Ref.Class(p.query.Trunks) != ClassTrunk {
		owned, _, err := rd.owned(ctx, p.query.Trunks, c.node)
		if err != nil || owned {
			return false, err
		}
	}
	on, err := rd.onLine(ctx, p, c.node)
	return !on, err
}

// markMerged fills Merged.
func (rd *reader) markMerged(ctx context.Context) error {
	for _, p := range rd.states {
		if !p.query.TrackReleases || p.base == nil || semver.MustParse(p.facts.Base.Version).Prerelease() == "" {
			continue
		}
		var err error
		if p.facts.Merged, err = rd.merged(ctx, p); err != nil {
			return fmt.Errorf("look for release lines: %w", err)
		}
	}
	return nil
}

func (p *queryState) baseName() string {
	if p.facts.Base == nil {
		return ""
	}
	return p.facts.Base.Name
}
