// Package registry moves charts to and from OCI registries in Helm's layout
// (facts/helm-format.md 4.21), so that `helm pull` gets what it pushed and it
// gets what `helm push` pushed. It refuses to overwrite a published version
// with other content, to speak plain HTTP to other machines unasked, and to
// read more than a chart can be.
package registry

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pintle-ci/pintle/internal/answers"
	"github.com/pintle-ci/pintle/internal/sleep"
)

// Media types of Helm charts in OCI registries.
const (
	ConfigMediaType      = "application/vnd.cncf.helm.config.v1+json"
	ChartMediaType       = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	LegacyChartMediaType = "application/tar+gzip"
	ProvenanceMediaType  = "application/vnd.cncf.helm.chart.provenance.v1.prov"
)

// Bounds of what is read from a registry. Helm loads no chart above the first.
const (
	maxChartBytes    = 100 << 20
	maxDocumentBytes = 8 << 20 // a manifest, a page of tags, a token, an error
	maxRequests      = 500     // of one attempt: pages of tags, entries of an index
)

// Access says how a registry is reached. The zero value is anonymous HTTPS.
type Access struct {
	// Getenv is where credentials are looked for: it finds Helm's registry
	// configuration, Docker's and Podman's, and the variables of GitLab
	// (CI_REGISTRY*) and Harbor. Nil means anonymous.
	Getenv func(name string) string

	PlainHTTP bool // also to other machines; loopback is always tried with both

	// Untrusted says that PlainHTTP is the wish of a file of the repository, which
	// may be a fork's: no credentials are sent to another machine then.
	Untrusted bool
	Warn      func(text string) // hears that they are not sent; nil means nobody does

	// Memory is what all downloads of the process have together for large answers;
	// nil lets none wait for another.
	Memory *answers.Memory

	stall, request time.Duration // instead of stallTimeout and requestTimeout; 0 means those
	UserAgent      string
	Transport      http.RoundTripper // nil means one of its own, with the proxies of the environment
	Pause          time.Duration     // before the first retry, doubled for each further one; 0 means 500 ms
}

// session is one operation on one repository.
type session struct {
	Access
	action string // push, pull, list
	ref    reference
	creds  credentials
	hidden bool // there are credentials, which are not sent: see Untrusted
}

func open(a Access, action, ref string) (*session, error) {
	r, err := parseReference(ref)
	if err != nil {
		return nil, &Error{Action: action, Ref: ref, Cause: err.Error(), err: invalidError(err.Error())}
	}
	s := &session{Access: a, action: action, ref: r}
	s.creds, err = findCredentials(a.Getenv, r.repo)
	if err != nil {
		return nil, &Error{Action: action, Ref: ref, Cause: err.Error()}
	}
	if host, _, _ := strings.Cut(r.repo.RegistryStr(), ":"); a.PlainHTTP && a.Untrusted && s.creds.source != "" && !loopback(host) {
		s.creds, s.hidden = credentials{auth: authn.Anonymous}, true
		if a.Warn != nil {
			a.Warn(s.secrecy())
		}
	}
	return s, nil
}

// secrecy says why no credentials are sent, and what to do.
func (s *session) secrecy() string {
	return fmt.Sprintf("the credentials for %s are not sent in clear because pintle.yaml says plainHTTP: "+
		"the job allows it with --plain-http or $PINTLE_PLAIN_HTTP=true", s.ref.repo.RegistryStr())
}

// do runs one idempotent operation, again where the failure may pass.
func (s *session) do(ctx context.Context, f func(options ...remote.Option) error) error {
	pause := s.Pause
	if pause <= 0 {
		pause = 500 * time.Millisecond
	}
	for attempt := 1; ; attempt++ {
		t, closeIdle := newTransport(s.Access)
		err := f(
			remote.WithContext(ctx), remote.WithTransport(t), remote.WithAuth(s.creds.auth), remote.WithUserAgent(s.UserAgent),
			remote.WithRetryStatusCodes(), remote.WithRetryPredicate(func(error) bool { return false }),
		)
		closeIdle()
		if err == nil {
			return nil
		}
		wait := max(pause, t.retryAfter())
		if attempt == maxAttempts || wait > maxWait || ctx.Err() != nil || !transient(err) {
			return s.failure(ctx, err)
		}
		if !sleep.For(ctx, wait) {
			return s.failure(ctx, ctx.Err())
		}
		pause *= 2
	}
}

const (
	maxAttempts = 4
	maxWait     = 30 * time.Second // a registry that asks for more is reported instead
)

// Versions lists the versions of the chart at ref (oci://host/path/name),
// newest first. Tags that are no strict semantic version are left out, as Helm
// does. The error is an *Error.
func Versions(ctx context.Context, ref string, a Access) ([]string, error) {
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
	err := s.do(ctx, func(options ...remote.Option) (err error) {
		tags, err = remote.List(s.ref.repo, options...)
		return err
	})
	if err != nil {
		return nil, err
	}
	var versions []*semver.Version
	for _, tag := range tags {
		if v, err := semver.StrictNewVersion(versionOf(tag)); err == nil {
			versions = append(versions, v)
		}
	}
	slices.SortStableFunc(versions, func(a, b *semver.Version) int { return b.Compare(a) })
	return versions, nil
}

// tagOf is the OCI tag of a version: tags cannot hold a plus sign.
func tagOf(version string) string { return strings.ReplaceAll(version, "+", "_") }

func versionOf(tag string) string { return strings.ReplaceAll(tag, "_", "+") }
