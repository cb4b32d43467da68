package oci

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/registry"
)

// PullOptions say which version is pulled.
type PullOptions struct {
	registry.Access

	// Version is a version or a range (facts/helm-format.md 4.19): an exact one
	// is taken as it is, a range picks the newest match. Empty means what the
	// reference says, else the newest that is no pre-release.
	Version string
}

// Pulled is what a pull got.
type Pulled struct {
	Ref     string // oci://host/path/name:version, with the version that was picked
	Digest  string // of the manifest: sha256:...
	Version string
}

// Odd says, for a warning, that the chart which was pulled carries another version
// than the tag that it is published under; it is empty where it carries that one.
func (p Pulled) Odd(c *chart.Chart) string {
	if p.Version == "" || SameVersion(p.Version, c.Metadata.Version) {
		return ""
	}
	return fmt.Sprintf("%s is version %s of the chart %s: its owner published it under another version than its own", p.Ref, c.Metadata.Version, c.Metadata.Name)
}

// Pull gets the packaged chart at ref: oci://host/path/name, with or without
// :version or @sha256:digest. The bytes are verified against their digest. A
// version that is not there is an *registry.Error with registry.ErrNotFound that names its
// nearest neighbours; other errors are an *registry.Error too.
func Pull(ctx context.Context, ref string, o PullOptions) ([]byte, Pulled, error) {
	s, err := open(o.Access, "pull", ref)
	if err != nil {
		return nil, Pulled{}, err
	}
	if err := s.pick(ctx, o.Version); err != nil {
		return nil, Pulled{}, err
	}
	var tgz []byte
	var got Pulled
	err = s.Do(ctx, func(options ...remote.Option) (err error) {
		tgz, got, err = s.pull(ctx, options)
		return err
	})
	if errors.Is(err, registry.ErrNotFound) && s.Ref.Tag != "" {
		err = s.nearest(ctx, err)
	}
	if err != nil {
		return nil, Pulled{}, err
	}
	if s.Ref.Digest != "" && o.Version != "" && !satisfies(got.Version, o.Version) {
		return nil, Pulled{}, s.Fail(fmt.Sprintf("the digest leads to version %q, but %s is asked for", got.Version, o.Version))
	}
	return tgz, got, nil
}

// satisfies reports whether version is wanted, or in the range wanted.
func satisfies(version, wanted string) bool {
	v, err := semver.NewVersion(version)
	if err != nil || version == wanted {
		return version == wanted
	}
	constraint, err := semver.NewConstraint(wanted)
	return err == nil && constraint.Check(v)
}

// pick sets the reference's tag to the version that is wanted.
func (s *session) pick(ctx context.Context, wanted string) error {
	switch exact, err := semver.StrictNewVersion(wanted); {
	case wanted == "" && (s.Ref.Tag != "" || s.Ref.Digest != ""):
		return nil
	case s.Ref.Tag != "" && registry.VersionOf(s.Ref.Tag) != wanted:
		return s.Fail(fmt.Sprintf("the reference names version %s, but %s is asked for: leave one out", registry.VersionOf(s.Ref.Tag), wanted))
	case s.Ref.Digest != "":
		return nil // the version is compared with what the digest leads to
	case err == nil:
		s.Ref.Tag = registry.TagOf(exact.Original())
		return nil
	}
	constraint, err := semver.NewConstraint(cmp.Or(wanted, "*"))
	if err != nil {
		wrong := registry.InvalidVersion(wanted)
		return &registry.Error{Action: s.Action, Ref: s.Ref.String(), Cause: wrong.Error(), Err: wrong}
	}
	versions, err := s.versions(ctx)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if constraint.Check(v) {
			s.Ref.Tag = registry.TagOf(v.Original())
			return nil
		}
	}
	if wanted != "" {
		wanted = " that matches " + wanted
	}
	return &registry.Error{Action: s.Action, Ref: s.Ref.String(), Kind: registry.ErrNotFound, Cause: "no version" + wanted, Hint: newest(versions)}
}

func newest(versions []*semver.Version) string {
	if len(versions) == 0 {
		return "there is no version at all; check the path"
	}
	var list []string
	for _, v := range versions[:min(5, len(versions))] {
		list = append(list, v.Original())
	}
	return "the newest are " + strings.Join(list, ", ")
}

// nearest adds to err the published versions around the one that is missing.
func (s *session) nearest(ctx context.Context, err error) error {
	var e *registry.Error
	if !errors.As(err, &e) {
		return err
	}
	versions, listErr := s.versions(ctx)
	if listErr != nil || len(versions) == 0 {
		e.Hint = "there is no chart of that name; check the path"
		return e
	}
	wanted, parseErr := semver.NewVersion(registry.VersionOf(s.Ref.Tag))
	if parseErr != nil {
		e.Hint = newest(versions)
		return e
	}
	at, _ := slices.BinarySearchFunc(versions, wanted, func(v, w *semver.Version) int { return w.Compare(v) })
	var list []string
	for _, v := range versions[max(0, at-2):min(len(versions), at+2)] {
		list = append(list, v.Original())
	}
	e.Hint = "the nearest versions are " + strings.Join(list, ", ")
	return e
}

// pull gets the manifest and the chart layer of s.ref.
func (s *session) pull(ctx context.Context, options []remote.Option) ([]byte, Pulled, error) {
	target, err := s.Target()
	if err != nil {
		return nil, Pulled{}, err
	}
	m, digest, err := getManifest(target, options)
	if err != nil {
		return nil, Pulled{}, err
	}
	layer, ok := chartLayer(m)
	if !ok {
		return nil, Pulled{}, s.Fail(fmt.Sprintf("is not a Helm chart but %s; a container image, perhaps?", cmp.Or(string(m.Config.MediaType), "something else")))
	}
	if layer.Size > registry.MaxBlobBytes {
		return nil, Pulled{}, s.Fail(fmt.Sprintf("the chart has %d MiB, more than the %d that Helm loads", layer.Size>>20, registry.MaxBlobBytes>>20))
	}
	if err := s.agree(digest, options); err != nil {
		return nil, Pulled{}, err
	}
	tgz, err := s.Blob(ctx, target.Context().Digest(layer.Digest.String()), layer.Size, options)
	if err != nil {
		return nil, Pulled{}, err
	}
	version := cmp.Or(registry.VersionOf(s.Ref.Tag), m.Annotations["org.opencontainers.image.version"])
	return tgz, Pulled{Ref: s.Ref.String(), Digest: digest, Version: version}, nil
}

// agree checks that tag and digest of a reference lead to the same manifest.
func (s *session) agree(digest string, options []remote.Option) error {
	if s.Ref.Tag == "" || s.Ref.Digest == "" {
		return nil
	}
	byTag := *s.Session
	byTag.Ref.Digest = ""
	target, err := byTag.Target()
	if err != nil {
		return err
	}
	tagged, err := remote.Head(target, options...)
	if err != nil {
		return err
	}
	if tagged.Digest.String() != digest {
		return s.Fail(fmt.Sprintf("the tag leads to %s by now: leave out the tag or the digest", tagged.Digest))
	}
	return nil
}

// getManifest gets an image manifest; of an index, the first that is a chart.
func getManifest(ref name.Reference, options []remote.Option) (*v1.Manifest, string, error) {
	got, err := remote.Get(ref, options...)
	if err != nil {
		return nil, "", err
	}
	var m v1.Manifest
	if err := json.Unmarshal(got.Manifest, &m); err != nil {
		return nil, "", fmt.Errorf("read manifest: %w", err)
	}
	if !got.MediaType.IsIndex() {
		return &m, got.Digest.String(), nil
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(got.Manifest))
	if err != nil {
		return nil, "", fmt.Errorf("read index: %w", err)
	}
	for _, entry := range index.Manifests {
		if !entry.MediaType.IsImage() || entry.ArtifactType != "" && entry.ArtifactType != ConfigMediaType {
			continue
		}
		inner, _, err := getManifest(ref.Context().Digest(entry.Digest.String()), options)
		if err != nil {
			return nil, "", err
		}
		if _, ok := chartLayer(inner); ok {
			return inner, got.Digest.String(), nil
		}
	}
	return &m, got.Digest.String(), nil
}

// chartLayer finds the archive in a manifest of Helm's kind.
func chartLayer(m *v1.Manifest) (v1.Descriptor, bool) {
	for _, mediaType := range []types.MediaType{ChartMediaType, LegacyChartMediaType} {
		for _, layer := range m.Layers {
			if layer.MediaType == mediaType && m.Config.MediaType == ConfigMediaType {
				return layer, true
			}
		}
	}
	return v1.Descriptor{}, false
}
