package oci

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/registry"
)

// PushOptions say how a chart is pushed.
type PushOptions struct {
	registry.Access
	Created time.Time // org.opencontainers.image.created; zero leaves it out. The commit's time makes digests repeat
}

// Pushed is what a push left in the registry.
type Pushed struct {
	Ref              string // oci://host/path/name:version
	Digest           string // of the manifest: sha256:...
	AlreadyPublished bool   // it was there before, with the same content, and nothing was written
}

// ConflictError says that a version is published already, with other content.
type ConflictError struct {
	Ref       string // oci://host/path/name:version
	Published string // digest of the chart archive in the registry; empty when there is none in it
	New       string // digest of the chart archive that was to be pushed
}

// Error names both contents and the way out.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("push %s: the version is already published with other content (published %s, new %s): bump the version, a published one never changes",
		e.Ref, cmp.Or(e.Published, "not a chart"), e.New)
}

// Push publishes a packaged chart as ref/<name>:<version>, where name and
// version are the chart's and ref is oci://host/path. Equal content under that
// version is no error; other content is a *ConflictError. Contents are equal
// when the archives' bytes are. Other errors are an *registry.Error.
func Push(ctx context.Context, ref string, tgz []byte, o PushOptions) (Pushed, error) {
	c, err := chart.LoadArchive(ctx, bytes.NewReader(tgz))
	if err != nil {
		return Pushed{}, fmt.Errorf("push to %s: %w", ref, err)
	}
	if _, path, _ := strings.Cut(strings.TrimPrefix(ref, registry.Scheme), "/"); strings.ContainsAny(path, ":@") {
		return Pushed{}, &registry.Error{Action: "push", Ref: ref, Cause: "name the folder only: the chart's name and version are added"}
	}
	s, err := open(o.Access, "push", strings.TrimSuffix(ref, "/")+"/"+c.Metadata.Name+":"+c.Metadata.Version)
	if err != nil {
		return Pushed{}, err
	}
	image, err := newArtifact(c.Metadata, tgz, o.Created)
	if err != nil {
		return Pushed{}, &registry.Error{Action: "push", Ref: s.Ref.String(), Cause: err.Error()}
	}
	return s.push(ctx, image)
}

func (s *session) push(ctx context.Context, image *artifact) (Pushed, error) {
	done := Pushed{Ref: s.Ref.String()}
	wrote := false // in an earlier attempt, whose answer may have been lost
	var conflict error
	err := s.Do(ctx, func(options ...remote.Option) error {
		target, err := s.Target()
		if err != nil {
			return err
		}
		published, err := remote.Get(target, options...)
		if err == nil {
			done.Digest, done.AlreadyPublished = published.Digest.String(), !wrote
			conflict = s.compare(published.Manifest, image)
			return nil
		}
		if !hasStatus(err, http.StatusNotFound) {
			return err
		}
		img, err := partial.CompressedToImage(image)
		if err != nil {
			return err
		}
		done.Digest, wrote = sha256Digest(image.manifest), true
		return remote.Write(target.Context().Tag(s.Ref.Tag), img, options...)
	})
	if err = cmp.Or(err, conflict); err != nil {
		return Pushed{}, err
	}
	return done, nil
}

// compare refuses a published manifest that does not carry the archive of image.
func (s *session) compare(manifest []byte, image *artifact) error {
	var published v1.Manifest
	found := ""
	if json.Unmarshal(manifest, &published) == nil {
		if layer, ok := chartLayer(&published); ok {
			found = layer.Digest.String()
		}
	}
	if digest := sha256Digest(image.tgz); found != digest {
		return &ConflictError{Ref: s.Ref.String(), Published: found, New: digest}
	}
	return nil
}

func sha256Digest(data []byte) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(data))
}

func hasStatus(err error, status int) bool {
	var answer *transport.Error
	return errors.As(err, &answer) && answer.StatusCode == status
}

// artifact is a chart as an OCI image of its own kind.
type artifact struct {
	config, manifest, tgz []byte
}

var _ partial.CompressedImageCore = (*artifact)(nil)

// RawConfigFile is Chart.yaml as JSON.
func (a *artifact) RawConfigFile() ([]byte, error) { return a.config, nil }

// RawManifest is the OCI image manifest.
func (a *artifact) RawManifest() ([]byte, error) { return a.manifest, nil }

// MediaType is that of the manifest.
func (a *artifact) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// LayerByDigest gives the chart archive or the config.
func (a *artifact) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	for mediaType, data := range map[types.MediaType][]byte{ChartMediaType: a.tgz, ConfigMediaType: a.config} {
		if sha256Digest(data) == h.String() {
			return static.NewLayer(data, mediaType), nil
		}
	}
	return nil, fmt.Errorf("no blob %s in the chart", h)
}

// manifest and descriptor have Helm's fields in Helm's order, without a
// mediaType inside, so that equal charts get equal digests from Helm and from us.
type manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	Config        descriptor        `json:"config"`
	Layers        []descriptor      `json:"layers"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

type descriptor struct {
	MediaType types.MediaType `json:"mediaType"`
	Digest    string          `json:"digest"`
	Size      int             `json:"size"`
}

func describe(mediaType types.MediaType, data []byte) descriptor {
	return descriptor{MediaType: mediaType, Digest: sha256Digest(data), Size: len(data)}
}

func newArtifact(md *chart.Metadata, tgz []byte, created time.Time) (*artifact, error) {
	config, err := json.Marshal(md)
	if err != nil {
		return nil, err
	}
	m := manifest{
		SchemaVersion: 2, Config: describe(ConfigMediaType, config),
		Layers: []descriptor{describe(ChartMediaType, tgz)}, Annotations: annotations(md, created),
	}
	slices.SortFunc(m.Layers, func(a, b descriptor) int { return cmp.Compare(a.Digest, b.Digest) })
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return &artifact{config: config, manifest: raw, tgz: tgz}, nil
}

// annotations are those that Helm derives from Chart.yaml, and Chart.yaml's
// own, which win except for title and version.
func annotations(md *chart.Metadata, created time.Time) map[string]string {
	const prefix = "org.opencontainers.image."
	all := map[string]string{prefix + "description": md.Description, prefix + "url": md.Home, prefix + "authors": authors(md)}
	if !created.IsZero() {
		all[prefix+"created"] = created.UTC().Format(time.RFC3339)
	}
	if len(md.Sources) > 0 {
		all[prefix+"source"] = md.Sources[0]
	}
	maps.DeleteFunc(all, func(_, value string) bool { return strings.TrimSpace(value) == "" })
	maps.Copy(all, md.Annotations)
	all[prefix+"title"], all[prefix+"version"] = md.Name, md.Version
	return all
}

func authors(md *chart.Metadata) string {
	var list []string
	for _, m := range md.Maintainers {
		author := m.Name
		if m.Email != "" {
			author += " (" + m.Email + ")"
		}
		list = append(list, author)
	}
	return strings.Join(list, ", ")
}
