package registry

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/docker/cli/cli/config"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// MaxConfigBytes bounds a file of credentials or of known repositories.
const MaxConfigBytes = 4 << 20

// credentials are what is sent to a registry, and where they were found.
type credentials struct {
	auth   authn.Authenticator
	source string // a file or a variable; empty when anonymous
}

// findCredentials looks, in this order, into Helm's registry configuration,
// Docker's, Podman's, and the variables of the CI. Credential helpers named in
// the files are asked (facts/helm-format.md 4.21).
func findCredentials(getenv func(string) string, repo name.Repository) (credentials, error) {
	if getenv == nil {
		return credentials{auth: authn.Anonymous}, nil
	}
	for _, file := range configFiles(getenv) {
		auth, err := fromFile(file, repo)
		if err != nil {
			return credentials{}, fmt.Errorf("read credentials from %s: %w", file, err)
		}
		if auth != nil {
			return credentials{auth: auth, source: file}, nil
		}
	}
	return fromEnvironment(getenv, repo.RegistryStr()), nil
}

func configFiles(getenv func(string) string) []string {
	home := getenv("HOME")
	var files []string
	add := func(path string, below ...string) {
		if path != "" {
			files = append(files, filepath.Join(append([]string{path}, below...)...))
		}
	}
	if file := getenv("HELM_REGISTRY_CONFIG"); file != "" {
		add(file)
	} else {
		add(HelmConfig(getenv), "registry", "config.json")
	}
	if docker := getenv("DOCKER_CONFIG"); docker != "" {
		add(docker, "config.json")
	} else {
		add(home, ".docker", "config.json")
	}
	add(getenv("REGISTRY_AUTH_FILE"))
	add(getenv("XDG_RUNTIME_DIR"), "containers", "auth.json")
	return files
}

// HelmConfig is the folder of Helm's configuration; empty without a home folder.
func HelmConfig(getenv func(string) string) string {
	switch home := getenv("HOME"); {
	case getenv("HELM_CONFIG_HOME") != "":
		return getenv("HELM_CONFIG_HOME")
	case getenv("XDG_CONFIG_HOME") != "":
		return filepath.Join(getenv("XDG_CONFIG_HOME"), "helm")
	case home == "":
		return ""
	case runtime.GOOS == "darwin":
		return filepath.Join(home, "Library", "Preferences", "helm")
	default:
		return filepath.Join(home, ".config", "helm")
	}
}

// fromFile gives the credentials in a configuration of Docker's form, or nil.
func fromFile(path string, repo name.Repository) (authn.Authenticator, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer f.Close()
	file, err := config.LoadFromReader(io.LimitReader(f, MaxConfigBytes))
	if err != nil {
		return nil, err
	}
	host := repo.RegistryStr()
	if host == name.DefaultRegistry {
		host = authn.DefaultAuthKey
	}
	for _, key := range []string{repo.Name(), host} {
		found, err := file.GetAuthConfig(key)
		if err != nil {
			return nil, err
		}
		auth := authn.AuthConfig{
			Username: found.Username, Password: found.Password, Auth: found.Auth,
			IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
		}
		if auth != (authn.AuthConfig{}) {
			return authn.FromConfig(auth), nil
		}
	}
	return nil, nil
}

// fromEnvironment gives what GitLab and Harbor's integration put into a job.
func fromEnvironment(getenv func(string) string, host string) credentials {
	for _, v := range []struct{ host, user, password string }{
		{"CI_REGISTRY", "CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD"},
		{"HARBOR_HOST", "HARBOR_USERNAME", "HARBOR_PASSWORD"},
	} {
		if getenv(v.host) == host && getenv(v.password) != "" {
			auth := &authn.Basic{Username: cmp.Or(getenv(v.user), "gitlab-ci-token"), Password: getenv(v.password)}
			return credentials{auth: auth, source: v.user}
		}
	}
	return credentials{auth: authn.Anonymous}
}
