package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// What can be wrong with a registry. An *Error wraps one of them.
var (
	ErrUnreachable = errors.New("the registry cannot be reached")
	ErrDenied      = errors.New("access denied")
	ErrFull        = errors.New("the registry is full")
	ErrNotFound    = errors.New("not found")
	ErrBusy        = errors.New("the registry is overloaded or broken")
)

// ErrInvalid says that a reference or a version is written wrongly. It adds no
// text to the errors that wrap it.
var ErrInvalid = errors.New("written wrongly")

// invalidError is an ErrInvalid that says what is wrong.
type invalidError string

// Error implements error.
func (e invalidError) Error() string { return string(e) }

// Is implements errors.Is.
func (invalidError) Is(target error) bool { return target == ErrInvalid }

func invalidVersion(wanted string) error {
	return invalidError(fmt.Sprintf("version %q is neither a version nor a range: write 1.2.3, ^1.2 or >=1.2 <2", wanted))
}

// Error is a failed operation on a registry.
type Error struct {
	Action string // push, pull, list
	Ref    string // oci://...
	Kind   error  // one of the errors above, or nil
	Cause  string // what the registry or the network said
	Hint   string // what to do next
	err    error
}

// Error is one line.
func (e *Error) Error() string {
	text := e.Action + " " + e.Ref
	if e.Kind != nil {
		text += ": " + e.Kind.Error()
	}
	if e.Cause != "" {
		text += ": " + e.Cause
	}
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Kind, e.err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func (s *session) fail(cause string) error {
	return &Error{Action: s.action, Ref: s.ref.String(), Cause: cause}
}

// failure explains err in one line.
func (s *session) failure(ctx context.Context, err error) error {
	var own *Error
	var conflict *ConflictError
	if errors.As(err, &own) || errors.As(err, &conflict) {
		return err
	}
	e := &Error{Action: s.action, Ref: s.ref.String(), Cause: oneLine(cause(err)), err: err}
	answer, answered := errors.AsType[*transport.Error](err)
	switch {
	case answered && ctx.Err() == nil:
		v := s.judge(answer)
		e.Kind, e.Hint = v.kind, v.hint
	case errors.Is(err, errPlainHTTP) && ctx.Err() == nil:
		e.Hint = "allow plain HTTP for this registry, or give it a certificate"
	default:
		e.unanswered(ctx, "registry", "allow plain HTTP if the registry speaks no TLS")
	}
	return e
}

// unanswered says what kept a server, a registry or a repository, from giving an
// answer that could be read, and what else to do about its certificate.
func (e *Error) unanswered(ctx context.Context, server, certificate string) {
	switch err := e.err; {
	case ctx.Err() != nil: // whatever the network made of it
		e.Cause, e.err = "interrupted: "+context.Cause(ctx).Error(), ctx.Err()
	case hangs(err):
		e.Kind, e.Cause, e.Hint = ErrUnreachable, "no answer in time", "look at the "+server+"'s log and at what stands between"
	case certificateFault(err):
		e.Kind, e.Hint = ErrUnreachable, "make the CA known to this machine (SSL_CERT_FILE), or "+certificate
	case networkFault(err):
		e.Kind, e.Hint = ErrUnreachable, "check the host name, the network and the proxy settings"
	}
}

// verdict is what a registry's answer means.
type verdict struct {
	kind error // one of the errors above, or nil
	hint string
}

// judge says what a registry's answer means.
func (s *session) judge(answer *transport.Error) verdict {
	host := s.ref.repo.RegistryStr()
	switch status := answer.StatusCode; {
	case isFull(answer):
		return verdict{ErrFull, "delete old versions, raise the quota, or push to another registry"}
	case s.hidden && (status == http.StatusUnauthorized || status == http.StatusForbidden):
		return verdict{ErrDenied, s.secrecy()}
	case status == http.StatusUnauthorized && s.creds.source == "":
		return verdict{ErrDenied, fmt.Sprintf("no credentials for %s: log in with docker login %[1]s or helm registry login %[1]s, or set CI_REGISTRY, CI_REGISTRY_USER and CI_REGISTRY_PASSWORD", host)}
	case status == http.StatusUnauthorized:
		return verdict{ErrDenied, fmt.Sprintf("the credentials in %s were refused: log in again with docker login %s", s.creds.source, host)}
	case status == http.StatusForbidden && s.creds.source == "":
		return verdict{ErrDenied, fmt.Sprintf("no credentials for %s: log in with docker login %[1]s or helm registry login %[1]s", host)}
	case status == http.StatusForbidden:
		return verdict{ErrDenied, fmt.Sprintf("the user of %s may not %s there: ask for the right, or log in as another with docker login %s", s.creds.source, s.action, host)}
	case status == http.StatusNotFound:
		return verdict{ErrNotFound, ""}
	case status == http.StatusTooManyRequests:
		return verdict{ErrBusy, "too many requests: wait, or log in to get a higher limit"}
	case status >= 500:
		return verdict{ErrBusy, "try again later, or look at the registry's log"}
	}
	return verdict{}
}

// isFull knows the answers of registries without room: the statuses made for
// it, and what Harbor's quotas and a full disk under Distribution say.
func isFull(answer *transport.Error) bool {
	if answer.StatusCode == http.StatusInsufficientStorage || answer.StatusCode == http.StatusRequestEntityTooLarge {
		return true
	}
	if answer.StatusCode < 400 {
		return false
	}
	text := strings.ToLower(said(answer))
	for _, sign := range []string{"no space left", "quota", "insufficient storage", "storage limit", "exceed the configured upper limit"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// transient says whether a second attempt may help.
func transient(err error) bool {
	if answer, ok := errors.AsType[*transport.Error](err); ok {
		switch status := answer.StatusCode; status {
		case http.StatusRequestTimeout, http.StatusTooManyRequests, 499, 522:
			return true
		default:
			return status >= 500 && !isFull(answer)
		}
	}
	return networkFault(err) && !certificateFault(err) && !hangs(err)
}

// hangs says whether a registry took the connection and gave no answer in time,
// in any of the errors of an attempt that tried two protocols.
func hangs(err error) bool {
	var operation *net.OpError
	return errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &operation)
}

func networkFault(err error) bool {
	var network net.Error
	var operation *net.OpError
	var lookup *net.DNSError
	switch {
	case errors.Is(err, errPlainHTTP), errors.Is(err, errTooLarge), errors.Is(err, errEndless):
		return false
	case errors.As(err, &lookup), errors.As(err, &operation), errors.As(err, &network) && network.Timeout():
		return true
	}
	for _, fault := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE} {
		if errors.Is(err, fault) {
			return true
		}
	}
	return false
}

func certificateFault(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var record tls.RecordHeaderError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &record)
}

// cause is the innermost part of err that says something, without URLs: they
// may carry tokens.
func cause(err error) string {
	if answer, ok := errors.AsType[*transport.Error](err); ok {
		return said(answer)
	}
	if operation, ok := errors.AsType[*net.OpError](err); ok {
		return operation.Error()
	}
	if request, ok := errors.AsType[*url.Error](err); ok {
		return request.Err.Error()
	}
	return err.Error()
}

// said is the status and what the registry wrote, without the request.
func said(answer *transport.Error) string {
	anonymous := *answer
	anonymous.Request = nil
	text := strings.TrimPrefix(anonymous.Error(), "unexpected status code ")
	if len(answer.Errors) > 0 {
		text = fmt.Sprintf("%d %s", answer.StatusCode, text)
	}
	return text
}

// authorization is what a client sends to log in: a server may repeat it in what it says.
var authorization = lazyregexp.New(`(?i)\b(basic|bearer) [A-Za-z0-9+/=._~-]{6,}`)

func oneLine(text string) string {
	text = authorization.ReplaceAllString(strings.Join(strings.Fields(text), " "), "$1 ***")
	if len(text) > 400 {
		text = strings.ToValidUTF8(text[:400], "") + "..."
	}
	return text
}
