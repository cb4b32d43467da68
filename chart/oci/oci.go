// Package oci moves charts to and from OCI registries in Helm's layout
// (facts/helm-format.md 4.21), so that `helm pull` gets what it pushed and it gets what
// `helm push` pushed. It refuses to overwrite a published version with other content
// and to read more than a chart can be. How a registry is reached is for registry.
package oci

import (
	"context"
	"slices"

	"github.com/Masterminds/semver/v3"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pintle-ci/pintle/registry"
)

// Media types of Helm charts in OCI registries.
const (
	ConfigMediaType      = "application/vnd.cncf.helm.config.v1+json"
	ChartMediaType       = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	LegacyChartMediaType = "application/tar+gzip"
	ProvenanceMediaType  = "application/vnd.cncf.helm.chart.provenance.v1.prov"
)

// session is one operation on one chart.
type session struct{ *registry.Session }

func open(a registry.Access, action, ref string) (*session, error) {
	s, err := registry.Open(a, action, ref)
	if err != nil {
		return nil, err
	}
	return &session{s}, nil
}

// Versions lists the versions of the chart at ref (oci://host/path/name),
// newest first. Tags that are no strict semantic version are left out, as Helm
// does. The error is a *registry.Error.
func Versions(ctx context.Context, ref string, a registry.Access) ([]string, error) {
	s, err := open(a, "list", ref)
	if err != nil {
		return nil, err
	}
	versions, err := s.versions(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]string, 0, len(versions))
	for _, v := range versions {
		list = append(list, v.Original())
	}
	return list, nil
}

func (s *session) versions(ctx context.Context) ([]*semver.Version, error) {
	var tags []string
	err := s.Do(ctx, func(options ...remote.Option) (err error) {
		tags, err = remote.List(s.Ref.Repo, options...)
		return err
	})
	if err != nil {
		return nil, err
	}
	var versions []*semver.Version
	for _, tag := range tags {
		if v, err := semver.StrictNewVersion(registry.VersionOf(tag)); err == nil {
			versions = append(versions, v)
		}
	}
	slices.SortStableFunc(versions, func(a, b *semver.Version) int { return b.Compare(a) })
	return versions, nil
}

// SameVersion reports whether the version under which a chart is published and
// the one in it are the same, but for a leading v and for build metadata.
func SameVersion(published, inside string) bool {
	p, err := semver.NewVersion(published)
	if err != nil {
		return published == inside
	}
	v, err := semver.NewVersion(inside)
	return err == nil && p.Compare(v) == 0
}
