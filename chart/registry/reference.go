package registry

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// Scheme is how references of charts in OCI registries begin.
const Scheme = "oci://"

var (
	repositoryPath = lazyregexp.New(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$`)
	tagFormat      = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
)

// reference is an oci:// reference in parts.
type reference struct {
	repo   name.Repository
	tag    string // as in the registry; may be empty
	digest string // sha256:...; may be empty
}

// String is the reference as users write it: with scheme, and + in the version.
func (r reference) String() string {
	s := Scheme + r.repo.Name()
	if r.tag != "" {
		s += ":" + versionOf(r.tag)
	}
	if r.digest != "" {
		s += "@" + r.digest
	}
	return s
}

// identified is what the manifest is asked for by: the digest, if there is one.
func (r reference) identified() name.Reference {
	if r.digest != "" {
		return r.repo.Digest(r.digest)
	}
	return r.repo.Tag(r.tag)
}

// parseReference reads oci://host[:port]/path[:version][@digest].
func parseReference(ref string) (reference, error) {
	rest, ok := strings.CutPrefix(ref, Scheme)
	if !ok {
		return reference{}, errors.New("not an OCI reference: write oci://host/path")
	}
	var r reference
	rest, r.digest, _ = strings.Cut(rest, "@")
	if r.digest != "" {
		if h, err := v1.NewHash(r.digest); err != nil || h.Algorithm != "sha256" {
			return reference{}, fmt.Errorf("digest %q is not sha256: with 64 hexadecimal digits", r.digest)
		}
	}
	host, path, ok := strings.Cut(rest, "/")
	if !ok || host == "" {
		return reference{}, errors.New("no path after the host: write oci://host/path")
	}
	path, tag, hasTag := strings.Cut(strings.TrimSuffix(path, "/"), ":")
	r.tag = tagOf(tag)
	if hasTag && !tagFormat.MatchString(r.tag) {
		return reference{}, fmt.Errorf("tag %q is not allowed: letters, digits, and . _ -, at most 128", tag)
	}
	if !repositoryPath.MatchString(path) {
		return reference{}, fmt.Errorf("path %q is not allowed: lower-case letters, digits, and single . _ - between them", path)
	}
	if host == "registry-1.docker.io" { // what Helm's users write; credentials are kept under the other name
		host = "docker.io"
	}
	registry, err := name.NewRegistry(host)
	if err != nil {
		return reference{}, fmt.Errorf("host %q is not allowed", host)
	}
	r.repo = registry.Repo(path)
	return r, nil
}

// insecure is r reached by plain HTTP.
func (r reference) insecure() (reference, error) {
	registry, err := name.NewRegistry(r.repo.RegistryStr(), name.Insecure)
	r.repo = registry.Repo(r.repo.RepositoryStr())
	return r, err
}
