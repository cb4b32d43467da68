// Package repository reads chart repositories that publish an index over HTTP: which of
// them Helm knows on this machine, what an index says, and the archives it leads to,
// held against its digests. It refuses indexes that are too large to read and sends
// credentials to the repository's own host only. It writes nothing.
package repository

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/registry"
)

// Repository is an index repository with what it takes to reach it, as Helm's
// repositories.yaml has it (facts/helm-format.md 4.20).
type Repository struct {
	Name                  string `json:"name"`
	URL                   string `json:"url"` // http or https; may hold user and password
	Username              string `json:"username"`
	Password              string `json:"password"`
	CertFile              string `json:"certFile"`
	KeyFile               string `json:"keyFile"`
	CAFile                string `json:"caFile"`
	InsecureSkipTLSVerify bool   `json:"insecure_skip_tls_verify"`
	PassCredentialsAll    bool   `json:"pass_credentials_all"` // send them to other hosts too
}

// Repositories are the repositories that Helm knows on this machine.
type Repositories struct {
	File string // where they stand; empty without a home folder
	List []Repository
}

// Load reads Helm's repositories.yaml. Without one the list is empty.
func Load(getenv func(string) string) (Repositories, error) {
	if getenv == nil {
		return Repositories{}, nil
	}
	file := getenv("HELM_REPOSITORY_CONFIG")
	if file == "" && registry.HelmConfig(getenv) != "" {
		file = filepath.Join(registry.HelmConfig(getenv), "repositories.yaml")
	}
	known := Repositories{File: file}
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return known, fmt.Errorf("read repositories: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, registry.MaxConfigBytes))
	if err != nil {
		return known, fmt.Errorf("read repositories: %w", err)
	}
	var content struct {
		Repositories []Repository `json:"repositories"`
	}
	if err := yaml.Unmarshal(data, &content); err != nil {
		return known, fmt.Errorf("read repositories from %s: %w", file, err)
	}
	known.List = content.Repositories
	return known, nil
}

// Find returns the repository that a dependency names: @NAME, alias:NAME or a
// URL. A URL that Helm does not know is a repository without credentials.
func (known Repositories) Find(repository string) (Repository, error) {
	name, named := strings.CutPrefix(repository, "@")
	if !named {
		name, named = strings.CutPrefix(repository, "alias:")
	}
	for _, r := range known.List {
		if named && r.Name == name || !named && sameURL(r.URL, repository) {
			return r, nil
		}
	}
	if named {
		return Repository{}, fmt.Errorf("no repository is called %q in %s: add it with \"helm repo add %s URL\", or write its URL", name, known.File, name)
	}
	if u, err := url.Parse(repository); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return Repository{}, fmt.Errorf("repository %q is neither a URL (https://, oci://, file://) nor @NAME of a repository", registry.Shown(repository))
	}
	return Repository{URL: repository}, nil
}

// sameURL compares URLs without regard to a slash at the end.
func sameURL(a, b string) bool {
	ua, errA := url.Parse(a)
	ub, errB := url.Parse(b)
	if errA != nil || errB != nil {
		return a == b
	}
	for _, u := range []*url.URL{ua, ub} {
		u.Path = path.Clean("/" + u.Path)
	}
	return ua.String() == ub.String()
}

// credentials are the user and password of r, and its URL without them.
func (r Repository) credentials() (base *url.URL, user, password string, err error) {
	base, err = url.Parse(r.URL)
	if err != nil || base.Host == "" {
		return nil, "", "", errors.New("not a URL")
	}
	user, password = r.Username, r.Password
	if base.User != nil && user == "" {
		user = base.User.Username()
		password, _ = base.User.Password()
	}
	base.User = nil
	return base, user, password, nil
}

// resolve makes a link of the repository's index absolute. The query of the
// repository's URL, which may be how it knows its readers, goes along.
func resolve(base *url.URL, link string) (*url.URL, error) {
	ref, err := url.Parse(link)
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL", registry.Shown(link))
	}
	if ref.IsAbs() {
		return ref, nil
	}
	folder := *base
	folder.Path, folder.RawPath = strings.TrimSuffix(folder.Path, "/")+"/", ""
	u := folder.ResolveReference(ref)
	u.RawQuery = base.RawQuery
	return u, nil
}
