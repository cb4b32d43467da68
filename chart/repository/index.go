package repository

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/oci"
	"github.com/pintle-ci/pintle/registry"
)

// Bounds of an index.yaml. Parsed YAML takes many times its size, so of a large
// index only the charts asked for are parsed.
const (
	maxIndexBytes  = 128 << 20
	maxParsedBytes = 16 << 20
)

// Entry is one version of a chart in an index repository: its Chart.yaml
// and where its archive is.
type Entry struct {
	chart.Metadata
	URLs    []string `json:"urls"`              // absolute, or relative to the repository
	Created string   `json:"created,omitempty"` // RFC 3339
	Removed bool     `json:"removed,omitempty"`
	Digest  string   `json:"digest,omitempty"` // SHA-256 of the archive in hexadecimal
}

// Index is what an index.yaml says about the charts asked for.
type Index struct {
	entries map[string][]*Entry // newest first
	names   []string            // of all charts
	Skipped []string            // why entries were left out
}

func (c *Client) indexURL() *url.URL {
	u, err := resolve(c.download.URL, "index.yaml")
	if err != nil {
		return c.download.URL
	}
	return u
}

// Index reads the repository's index.yaml for the charts called names.
func (c *Client) Index(ctx context.Context, names ...string) (*Index, error) {
	data, err := c.download.Get(ctx, c.indexURL(), maxIndexBytes, true)
	if err != nil {
		return nil, err
	}
	ix, err := parseIndex(data, names)
	if err != nil {
		return nil, &registry.Error{Action: "read", Ref: registry.ShownURL(c.indexURL()), Cause: registry.OneLine(err.Error()), Hint: "is this the URL of a chart repository?", Err: err}
	}
	return ix, nil
}

// parseIndex reads the entries called names from an index.yaml, which may be
// JSON. Entries that are no charts are left out and told (facts/helm-format.md 4.20).
func parseIndex(data []byte, names []string) (*Index, error) {
	raw, all, err := splitIndex(data, names)
	if err != nil {
		return nil, err
	}
	ix := &Index{entries: map[string][]*Entry{}, names: all}
	for _, name := range names {
		for i, text := range raw[name] {
			entry := &Entry{}
			err := json.Unmarshal(text, entry)
			if err == nil {
				err = entry.check()
			}
			if err != nil {
				ix.Skipped = append(ix.Skipped, fmt.Sprintf("entry %d of chart %s in the index is left out: %s", i+1, name, registry.OneLine(err.Error())))
				continue
			}
			ix.entries[name] = append(ix.entries[name], entry)
		}
		slices.SortStableFunc(ix.entries[name], func(a, b *Entry) int { return compareVersions(b.Version, a.Version) })
	}
	return ix, nil
}

// check holds an entry against the rules for Chart.yaml, except those for its
// dependencies, which some servers cripple.
func (e *Entry) check() error {
	e.APIVersion = cmp.Or(e.APIVersion, "v1")
	md := e.Metadata
	md.Dependencies = nil
	return (&chart.Chart{Metadata: &md}).Validate()
}

func compareVersions(a, b string) int {
	va, errA := semver.NewVersion(a)
	vb, errB := semver.NewVersion(b)
	if errA != nil || errB != nil {
		return strings.Compare(a, b)
	}
	return va.Compare(vb)
}

// splitIndex gives the entries of the charts called names, each as JSON, and
// the names of all charts.
func splitIndex(data []byte, names []string) (map[string][]json.RawMessage, []string, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	trimmed := bytes.TrimSpace(data)
	switch {
	case len(trimmed) == 0:
		return nil, nil, errors.New("the index is empty")
	case trimmed[0] == '<':
		return nil, nil, errors.New("this is a web page, not an index")
	case trimmed[0] == '{' && json.Valid(trimmed):
		return decodeIndex(data, names)
	}
	if part, all, ok := cutIndex(data, names); ok && len(part) <= maxParsedBytes {
		if raw, _, err := yamlIndex(part, names); err == nil {
			return raw, all, nil
		}
	}
	if len(data) > maxParsedBytes {
		return nil, nil, fmt.Errorf("the index has %d MiB and is not laid out as Helm writes it", len(data)>>20)
	}
	return yamlIndex(data, names)
}

func yamlIndex(data []byte, names []string) (map[string][]json.RawMessage, []string, error) {
	text, err := yaml.YAMLToJSON(data)
	if err != nil {
		return nil, nil, err
	}
	return decodeIndex(text, names)
}

func decodeIndex(data []byte, names []string) (map[string][]json.RawMessage, []string, error) {
	var content struct {
		APIVersion string                     `json:"apiVersion"`
		Entries    map[string]json.RawMessage `json:"entries"`
	}
	if err := json.Unmarshal(data, &content); err != nil {
		return nil, nil, err
	}
	if content.APIVersion == "" {
		return nil, nil, errors.New("apiVersion is missing")
	}
	raw := map[string][]json.RawMessage{}
	for _, name := range names {
		var list []json.RawMessage
		if text, ok := content.Entries[name]; ok {
			if err := json.Unmarshal(text, &list); err != nil {
				return nil, nil, fmt.Errorf("entries.%s: %w", name, err)
			}
			raw[name] = list
		}
	}
	return raw, slices.Sorted(maps.Keys(content.Entries)), nil
}

// Pick is the version of a chart that is wanted: that very version, or else the
// newest in the range; without one the newest that is no pre-release. The error
// says what there is.
func (ix *Index) Pick(name, wanted string) (*Entry, error) {
	entries := slices.DeleteFunc(slices.Clone(ix.entries[name]), func(e *Entry) bool { return len(e.URLs) == 0 })
	if !slices.Contains(ix.names, name) {
		return nil, fmt.Errorf("%w: no chart %s in the index, which has %s", registry.ErrNotFound, name, some(ix.names))
	}
	for _, e := range entries {
		if wanted != "" && e.Version == wanted {
			return e, nil
		}
	}
	constraint, err := semver.NewConstraint(cmp.Or(wanted, "*"))
	if err != nil {
		return nil, registry.InvalidVersion(wanted)
	}
	var versions []string
	for _, e := range entries {
		v, err := semver.NewVersion(e.Version)
		if err == nil && constraint.Check(v) {
			return e, nil
		}
		versions = append(versions, e.Version)
	}
	if len(versions) == 0 {
		return nil, fmt.Errorf("%w: the index has no version of %s that can be downloaded", registry.ErrNotFound, name)
	}
	return nil, fmt.Errorf("%w: no version of %s matches %s; the newest are %s", registry.ErrNotFound, name, cmp.Or(wanted, "* (pre-releases do not)"), some(versions))
}

// some lists the first few of list.
func some(list []string) string {
	const few = 5
	if len(list) == 0 {
		return "none"
	}
	text := strings.Join(list[:min(few, len(list))], ", ")
	if len(list) > few {
		text += fmt.Sprintf(" and %d more", len(list)-few)
	}
	return text
}

// Archive downloads a chart's archive and holds it against the index's digest.
// name is that of the file in the repository.
func (c *Client) Archive(ctx context.Context, e *Entry) (tgz []byte, name string, err error) {
	u, err := resolve(c.download.URL, e.URLs[0])
	if err != nil {
		return nil, "", err
	}
	switch u.Scheme {
	case "http", "https":
	case "oci": // some repositories keep no more than an index
		tgz, _, err = oci.Pull(ctx, e.URLs[0], oci.PullOptions{Access: c.download.Access})
		return tgz, e.Name + "-" + e.Version + ".tgz", err
	default:
		return nil, "", &registry.Error{Action: "download", Ref: registry.ShownURL(u), Cause: "the index leads to something that is neither http(s) nor oci"}
	}
	if tgz, err = c.download.Get(ctx, u, registry.MaxBlobBytes, false); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(tgz)
	got := hex.EncodeToString(sum[:])
	if want := strings.TrimPrefix(e.Digest, "sha256:"); want != "" && !strings.EqualFold(want, got) {
		return nil, "", &registry.Error{
			Action: "download", Ref: registry.ShownURL(u), Cause: fmt.Sprintf("the archive is not the one of the index: its digest is %s, not %s", got, registry.OneLine(want)),
			Hint: "the index is out of date, or somebody changed the file: ask the repository's owner",
		}
	}
	name = path.Base(u.Path)
	if !strings.HasSuffix(name, ".tgz") || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		name = e.Name + "-" + e.Version + ".tgz"
	}
	return tgz, name, nil
}

// Pull gets a packaged chart from an index repository, and its version.
// wanted is a version or a range; empty means the newest that is no pre-release.
// The bytes are held against the index's digest. warn, which may be nil, hears about
// entries of the index that are no charts.
func Pull(ctx context.Context, r Repository, name, wanted string, a registry.Access, warn func(string)) ([]byte, *Entry, error) {
	c, err := r.Open(a)
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	ix, err := c.Index(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	if warn != nil {
		for _, text := range ix.Skipped {
			warn(c.Shown() + ": " + text)
		}
	}
	entry, err := ix.Pick(name, wanted)
	if err != nil {
		return nil, nil, fmt.Errorf("find %s in %s: %w", name, c.Shown(), err)
	}
	tgz, _, err := c.Archive(ctx, entry)
	return tgz, entry, err
}
