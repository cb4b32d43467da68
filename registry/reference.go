package registry

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// Scheme is how references to what OCI registries hold begin.
const Scheme = "oci://"

var (
	repositoryPath = lazyregexp.New(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$`)
	tagFormat      = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
)

// Reference is an oci:// reference in parts.
type Reference struct {
	Repo   name.Repository
	Tag    string // as in the registry; may be empty
	Digest string // sha256:...; may be empty
}

// String is the reference as users write it: with scheme, and + in the version.
func (r Reference) String() string {
	s := Scheme + r.Repo.Name()
	if r.Tag != "" {
		s += ":" + VersionOf(r.Tag)
	}
	if r.Digest != "" {
		s += "@" + r.Digest
	}
	return s
}

// identified is what the manifest is asked for by: the digest, if there is one.
func (r Reference) identified() name.Reference {
	if r.Digest != "" {
		return r.Repo.Digest(r.Digest)
	}
	return r.Repo.Tag(r.Tag)
}

// ParseReference reads oci://host[:port]/path[:version][@digest].
func ParseReference(ref string) (Reference, error) {
	rest, ok := strings.CutPrefix(ref, Scheme)
	if !ok {
		return Reference{}, errors.New("not an OCI reference: write oci://host/path")
	}
	var r Reference
	rest, r.Digest, _ = strings.Cut(rest, "@")
	if r.Digest != "" {
		if h, err := v1.NewHash(r.Digest); err != nil || h.Algorithm != "sha256" {
			return Reference{}, fmt.Errorf("digest %q is not sha256: with 64 hexadecimal digits", r.Digest)
		}
	}
	host, path, ok := strings.Cut(rest, "/")
	if !ok || host == "" {
		return Reference{}, errors.New("no path after the host: write oci://host/path")
	}
	path, tag, hasTag := strings.Cut(strings.TrimSuffix(path, "/"), ":")
	r.Tag = TagOf(tag)
	if hasTag && !tagFormat.MatchString(r.Tag) {
		return Reference{}, fmt.Errorf("tag %q is not allowed: letters, digits, and . _ -, at most 128", tag)
	}
	if !repositoryPath.MatchString(path) {
		return Reference{}, fmt.Errorf("path %q is not allowed: lower-case letters, digits, and single . _ - between them", path)
	}
	if host == "registry-1.docker.io" { // what Helm's users write; credentials are kept under the other name
		host = "docker.io"
	}
	registry, err := name.NewRegistry(host)
	if err != nil {
		return Reference{}, fmt.Errorf("host %q is not allowed", host)
	}
	r.Repo = registry.Repo(path)
	return r, nil
}

// insecure is r reached by plain HTTP.
func (r Reference) insecure() (Reference, error) {
	registry, err := name.NewRegistry(r.Repo.RegistryStr(), name.Insecure)
	r.Repo = registry.Repo(r.Repo.RepositoryStr())
	return r, err
}

// TagOf is the OCI tag of a version: tags cannot hold a plus sign.
func TagOf(version string) string { return strings.ReplaceAll(version, "+", "_") }

// VersionOf is the version that a tag stands for.
func VersionOf(tag string) string { return strings.ReplaceAll(tag, "_", "+") }
