package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/pintle-ci/pintle/internal/answers"
)

// Session is one operation on one repository of an OCI registry.
type Session struct {
	Access
	Action string // push, pull, list: what errors begin with
	Ref    Reference
	creds  credentials
	hidden bool // there are credentials, which are not sent: see Untrusted
}

// Open prepares an operation on ref, oci://host/path with or without a tag and a
// digest, and finds the credentials for it. Nothing is asked yet. The error is an
// *Error, with ErrInvalid where ref is written wrongly.
func Open(a Access, action, ref string) (*Session, error) {
	r, err := ParseReference(ref)
	if err != nil {
		return nil, &Error{Action: action, Ref: ref, Cause: err.Error(), Err: invalidError(err.Error())}
	}
	s := &Session{Access: a, Action: action, Ref: r}
	s.creds, err = findCredentials(a.Getenv, r.Repo)
	if err != nil {
		return nil, &Error{Action: action, Ref: ref, Cause: err.Error()}
	}
	if host, _, _ := strings.Cut(r.Repo.RegistryStr(), ":"); a.PlainHTTP && a.Untrusted && s.creds.source != "" && !loopback(host) {
		s.creds, s.hidden = credentials{auth: authn.Anonymous}, true
		if a.Warn != nil {
			a.Warn(s.secrecy())
		}
	}
	return s, nil
}

// secrecy says why no credentials are sent, and what to do.
func (s *Session) secrecy() string {
	return fmt.Sprintf("the credentials for %s are not sent in clear because pintle.yaml says plainHTTP: "+
		"the job allows it with --plain-http or $PINTLE_PLAIN_HTTP=true", s.Ref.Repo.RegistryStr())
}

// Do runs one idempotent operation, again where the failure may pass. f passes the
// options on to each request. The error is an *Error.
func (s *Session) Do(ctx context.Context, f func(options ...remote.Option) error) error {
	err := s.retry(ctx, func() (time.Duration, error) {
		t, closeIdle := newTransport(s.Access)
		defer closeIdle()
		err := f(
			remote.WithContext(ctx), remote.WithTransport(t), remote.WithAuth(s.creds.auth), remote.WithUserAgent(s.UserAgent),
			remote.WithRetryStatusCodes(), remote.WithRetryPredicate(func(error) bool { return false }),
		)
		return t.retryAfter(), err
	})
	if err != nil {
		return s.failure(ctx, err)
	}
	return nil
}

// Target is what the operation asks for, by the protocol it may use.
func (s *Session) Target() (name.Reference, error) {
	r := s.Ref
	if s.PlainHTTP {
		var err error
		if r, err = r.insecure(); err != nil {
			return nil, err
		}
	}
	return r.identified(), nil
}

// Blob reads a blob of a known size; its digest is verified on the way.
func (s *Session) Blob(ctx context.Context, ref name.Digest, size int64, options []remote.Option) ([]byte, error) {
	layer, err := remote.Layer(ref, options...)
	if err != nil {
		return nil, err
	}
	body, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := s.Memory.Read(ctx, body, size)
	if errors.Is(err, answers.ErrTooLarge) {
		return nil, fmt.Errorf("more than its %d bytes came", size)
	}
	if err == nil && int64(len(data)) != size {
		err = fmt.Errorf("%w: got %d bytes of %d", io.ErrUnexpectedEOF, len(data), size)
	}
	return data, err
}

// Fail is the operation's failure for a cause of the caller's.
func (s *Session) Fail(cause string) error {
	return &Error{Action: s.Action, Ref: s.Ref.String(), Cause: cause}
}

// failure explains err in one line.
func (s *Session) failure(ctx context.Context, err error) error {
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	e := &Error{Action: s.Action, Ref: s.Ref.String(), Cause: OneLine(cause(err)), Err: err}
	answer, answered := errors.AsType[*transport.Error](err)
	switch {
	case answered && ctx.Err() == nil && isFull(answer):
		e.Kind, e.Hint = ErrFull, "delete old versions, raise the quota, or push to another registry"
	case answered && ctx.Err() == nil:
		e.Kind, e.Hint = kindOf(answer.StatusCode), s.hint(answer.StatusCode)
	case errors.Is(err, errPlainHTTP) && ctx.Err() == nil:
		e.Hint = "allow plain HTTP for this registry, or give it a certificate"
	default:
		e.unanswered(ctx, "registry", "allow plain HTTP if the registry speaks no TLS")
	}
	return e
}

// hint is what to do about a status.
func (s *Session) hint(status int) string {
	host := s.Ref.Repo.RegistryStr()
	denied := status == http.StatusUnauthorized || status == http.StatusForbidden
	switch {
	case denied && s.hidden:
		return s.secrecy()
	case status == http.StatusUnauthorized && s.creds.source == "":
		return fmt.Sprintf("no credentials for %s: log in with docker login %[1]s or helm registry login %[1]s, or set CI_REGISTRY, CI_REGISTRY_USER and CI_REGISTRY_PASSWORD", host)
	case status == http.StatusUnauthorized:
		return fmt.Sprintf("the credentials in %s were refused: log in again with docker login %s", s.creds.source, host)
	case denied && s.creds.source == "":
		return fmt.Sprintf("no credentials for %s: log in with docker login %[1]s or helm registry login %[1]s", host)
	case denied:
		return fmt.Sprintf("the user of %s may not %s there: ask for the right, or log in as another with docker login %s", s.creds.source, s.Action, host)
	case status == http.StatusTooManyRequests:
		return "too many requests: wait, or log in to get a higher limit"
	case status >= 500:
		return "try again later, or look at the registry's log"
	}
	return ""
}
