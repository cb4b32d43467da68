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

// InvalidVersion is an ErrInvalid about a version that is wanted.
func InvalidVersion(wanted string) error {
	return invalidError(fmt.Sprintf("version %q is neither a version nor a range: write 1.2.3, ^1.2 or >=1.2 <2", wanted))
}

// Error is a failed operation on a registry.
type Error struct {
	Action string // push, pull, list, download
	Ref    string // oci://..., or a URL without secrets
	Kind   error  // one of the errors above, or nil
	Cause  string // what the registry or the network said
	Hint   string // what to do next
	Err    error  // what the operation failed with; it is not printed, but can be asked for
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
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// unanswered says what kept a server, a registry or a repository, from giving an
// answer that could be read, and what else to do about its certificate.
func (e *Error) unanswered(ctx context.Context, server, certificate string) {
	switch err := e.Err; {
	case ctx.Err() != nil: // whatever the network made of it
		e.Cause, e.Err = "interrupted: "+context.Cause(ctx).Error(), ctx.Err()
	case hangs(err):
		e.Kind, e.Cause, e.Hint = ErrUnreachable, "no answer in time", "look at the "+server+"'s log and at what stands between"
	case certificateFault(err):
		e.Kind, e.Hint = ErrUnreachable, "make the CA known to this machine (SSL_CERT_FILE), or "+certificate
	case networkFault(err):
		e.Kind, e.Hint = ErrUnreachable, "check the host name, the network and the proxy settings"
	}
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

// hangs reports whether a registry took the connection and gave no answer in time,
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

// OneLine makes of what a server said one line of at most 400 bytes, without what a
// client sends to log in.
func OneLine(text string) string {
	text = authorization.ReplaceAllString(strings.Join(strings.Fields(text), " "), "$1 ***")
	if len(text) > 400 {
		text = strings.ToValidUTF8(text[:400], "") + "..."
	}
	return text
}
