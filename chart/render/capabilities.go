package render

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// What a chart sees of Helm and of Kubernetes without a cluster: what Helm v4.3.1 shows when it is built from its
// module, which leaves the commit and the patch number out.
const (
	helmVersion    = "v4.3"
	helmGoVersion  = "go1.26.8"
	helmKubeClient = "v1.37"
)

// DefaultKubeVersion is the Kubernetes that charts are rendered for unless Options say otherwise: Helm's.
const DefaultKubeVersion = "v1.37.0"

// ErrKubeVersion says that Options.KubeVersion is no version.
var ErrKubeVersion = errors.New("kube version")

// capabilities is the template object of that name. Its fields, their order and their methods are Helm's, because
// templates print and serialize it (facts/helm-format.md 4.16).
type capabilities struct {
	KubeVersion kubeVersion
	APIVersions versionSet
	HelmVersion buildInfo
}

type kubeVersion struct {
	Version           string // with suffixes: v1.33.4-gke.1245000
	normalizedVersion string // without: v1.33.4; empty for a live cluster's
	Major             string
	Minor             string
}

// String is the version for constraints.
func (v *kubeVersion) String() string {
	if v.normalizedVersion != "" {
		return v.normalizedVersion
	}
	return v.Version
}

// GitVersion is the full version; charts written for Helm 2 ask for it.
func (v *kubeVersion) GitVersion() string { return v.Version }

type versionSet []string

// Has reports whether the cluster serves group/version, or group/version/Kind.
func (s versionSet) Has(version string) bool { return slices.Contains(s, version) }

type buildInfo struct {
	Version           string `json:"version,omitempty"`
	GitCommit         string `json:"git_commit,omitempty"`
	GitTreeState      string `json:"git_tree_state,omitempty"`
	GoVersion         string `json:"go_version,omitempty"`
	KubeClientVersion string `json:"kube_client_version"`
}

func newCapabilities(opts Options) (*capabilities, error) {
	version := opts.KubeVersion
	if version == "" {
		version = DefaultKubeVersion
	}
	kube, err := parseKubeVersion(version)
	if err != nil {
		return nil, err
	}
	versions := versionSet(opts.APIVersions)
	if opts.Discovered {
		kube.Version, kube.normalizedVersion = version, ""
		kube.Minor = cmp.Or(opts.KubeMinor, kube.Minor)
	} else {
		versions = append(slices.Clip(versionSet(builtinAPIVersions)), opts.APIVersions...)
	}
	return &capabilities{
		KubeVersion: kube,
		APIVersions: versions,
		HelmVersion: buildInfo{Version: helmVersion, GoVersion: helmGoVersion, KubeClientVersion: helmKubeClient},
	}, nil
}

// parseKubeVersion reads two or more numbers, joined by dots, after an optional v; whatever follows them is kept in
// Version only.
func parseKubeVersion(s string) (kubeVersion, error) {
	rest := strings.TrimPrefix(strings.TrimSpace(s), "v")
	end := 0
	between := func(i int) bool { return rest[i] == '.' && i > 0 && i+1 < len(rest) && isDigit(rest[i+1]) }
	for end < len(rest) && (isDigit(rest[end]) || between(end)) {
		end++
	}
	parts := strings.Split(rest[:end], ".")
	if len(parts) < 2 || len(parts[0]) > 1 && parts[0][0] == '0' {
		return kubeVersion{}, fmt.Errorf("%w %q: write it like v1.31 or 1.31.4", ErrKubeVersion, s)
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			return kubeVersion{}, fmt.Errorf("%w %q: %s is too large a number", ErrKubeVersion, s, part)
		}
		parts[i] = strconv.FormatUint(n, 10)
	}
	version := s
	if !strings.HasPrefix(version, "v") {
		version = "v" + version
	}
	return kubeVersion{
		Version:           version,
		normalizedVersion: "v" + strings.Join(parts, "."),
		Major:             parts[0],
		Minor:             parts[1],
	}, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
