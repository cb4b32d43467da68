package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
	"github.com/pintle-ci/pintle/internal/text"
)

// Reason classes what went wrong with a request.
type Reason string

// The reasons. A caller may decide on them; it never searches text.
const (
	Misconfigured Reason = "misconfigured" // no usable kubeconfig or context
	Unreachable   Reason = "unreachable"   // no answer: address, network, certificate
	Unauthorized  Reason = "unauthorized"  // 401: no, wrong or expired credentials
	Forbidden     Reason = "forbidden"     // 403: RBAC, quota or admission said no
	NotFound      Reason = "not-found"     // 404
	NoKind        Reason = "no-kind"       // the cluster does not serve this apiVersion and kind
	Exists        Reason = "exists"        // 409 on create
	Conflict      Reason = "conflict"      // 409: another manager's field, or a newer version
	Invalid       Reason = "invalid"       // 400 and 422: the object is wrong
	Immutable     Reason = "immutable"     // 422: a field that cannot be changed
	Expired       Reason = "expired"       // 410: the watch's resource version is too old
	Unavailable   Reason = "unavailable"   // 429 and 5xx that outlasted the retries
	Cancelled     Reason = "cancelled"     // the caller's context ended
)

// Error is a failed request. Error() is one line with the hint.
type Error struct {
	Reason   Reason
	Doing    string   // "apply Deployment/web in shop"
	Cause    string   // one line
	Hint     string   // the next step; may be empty
	Managers []string // Conflict: who owns the fields
	Fields   []string // Conflict and Invalid: which fields
	Err      error
}

// Error is "doing: cause; hint".
func (e *Error) Error() string {
	return e.Doing + ": " + e.Brief()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// ReasonOf is the Reason of the first *Error in err's chain, else empty.
func ReasonOf(err error) Reason {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return ""
}

// Is reports whether err is an *Error of the given reason.
func Is(err error, r Reason) bool { return err != nil && ReasonOf(err) == r }

// FatalOnly passes on what concerns all that is asked of the cluster, not one object: no connection, no credentials, no
// time.
func FatalOnly(err error) error {
	switch ReasonOf(err) {
	case Unreachable, Unauthorized, Cancelled:
		return err
	}
	return nil
}

// transportError is for a request that got no answer.
func (c *Client) transportError(ctx context.Context, doing string, err error) *Error {
	e := &Error{Reason: Unreachable, Doing: doing, Err: err, Cause: rootCause(err)}
	if ctx.Err() != nil {
		e.Reason, e.Cause, e.Err = Cancelled, context.Cause(ctx).Error(), context.Cause(ctx)
		return e
	}
	e.Cause = fmt.Sprintf("cluster %s (%s) cannot be reached: %s", c.Server(), c.source, e.Cause)
	e.Hint = "check that it runs and that this machine may reach it: kubectl cluster-info"
	if isCertificate(err) {
		e.Hint = "the kubeconfig's certificate authority does not fit this server"
	}
	if isCredential(err) {
		e.Reason, e.Hint = Unauthorized, "the kubeconfig's credential command failed; run it by hand"
	}
	return e
}

// statusError is for a request that the server refused.
func (c *Client) statusError(doing string, code int, body []byte) *Error {
	var status metav1.Status
	if json.Unmarshal(body, &status) != nil || status.Kind != "Status" {
		status = metav1.Status{Code: int32(code), Message: http.StatusText(code) + ": " + text.Clip(string(body), 200)}
	}
	if status.Code == 0 {
		status.Code = int32(code)
	}
	e := &Error{Doing: doing, Cause: refusalCause(status.Message), Err: &apierrors.StatusError{ErrStatus: status}}
	e.Reason, e.Hint = c.classify(code, status)
	if status.Details != nil {
		for _, cause := range status.Details.Causes {
			e.Fields = append(e.Fields, strings.TrimPrefix(cause.Field, "."))
			if m := managerOf(cause); m != "" {
				e.Managers = append(e.Managers, m)
			}
		}
	}
	if len(e.Managers) > 0 {
		e.Cause = conflictCause(e.Managers, e.Fields)
		e.Hint = "drop the field from the chart, or take it over with --force-conflicts"
	}
	return e
}

func (c *Client) classify(code int, status metav1.Status) (Reason, string) {
	if code >= 500 && denied.MatchString(status.Message) {
		return Forbidden, ""
	}
	switch code {
	case http.StatusUnauthorized:
		return Unauthorized, fmt.Sprintf("the credentials of %s are wrong or expired; renew them", c.source)
	case http.StatusForbidden:
		return Forbidden, ""
	case http.StatusNotFound:
		return NotFound, ""
	case http.StatusConflict:
		if status.Reason == metav1.StatusReasonAlreadyExists {
			return Exists, ""
		}
		return Conflict, ""
	case http.StatusGone:
		return Expired, ""
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		if immutable(status) {
			return Immutable, "the object must be deleted and created anew, or keep its old value"
		}
		return Invalid, ""
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Unavailable, ""
	}
	if code < 500 || isMisfit(status.Message) {
		return Invalid, ""
	}
	return Unavailable, ""
}

// denied is how the server says that an admission webhook has decided, with whatever code the webhook likes; one that
// cannot be asked reads otherwise.
var denied = lazyregexp.New(`^admission webhook "[^"]*" denied the request`)

// unchangeable is how the server's validation says that a field keeps the value it was created with; there is no code
// for it.
var unchangeable = lazyregexp.New(`immutable|may not be changed|may not change|cannot be changed|cannot change roleRef|` +
	`for fields other than|updates to \w+ are forbidden|not be (updated|modified)`)

// immutable reports whether all that is wrong with an object is that fields of it cannot be changed: then it would be
// taken anew.
func immutable(s metav1.Status) bool {
	if s.Details == nil || len(s.Details.Causes) == 0 {
		return unchangeable.MatchString(s.Message)
	}
	return !slices.ContainsFunc(s.Details.Causes,
		func(c metav1.StatusCause) bool { return !unchangeable.MatchString(c.Message) })
}

// Immutables are the fields that a refused change of an object would change though they cannot be; ok is false for any
// other error.
func Immutables(err error) (fields []string, ok bool) {
	e, is := errors.AsType[*Error](err)
	if !is || e.Reason != Immutable {
		return nil, false
	}
	return e.Fields, true
}

// Fields are the fields that a conflict or a refusal is about; nil for any other error.
func Fields(err error) []string {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return nil
	}
	return e.Fields
}

// Brief is the error without what was being done, for a reader who sees the object's name already.
func (e *Error) Brief() string {
	if e.Hint == "" {
		return e.Cause
	}
	return e.Cause + "; " + e.Hint
}

var managerPattern = lazyregexp.New(`conflict with "((?:[^"\\]|\\.)*)"`)

func managerOf(cause metav1.StatusCause) string {
	if cause.Type != metav1.CauseTypeFieldManagerConflict {
		return ""
	}
	if m := managerPattern.FindStringSubmatch(cause.Message); m != nil {
		return m[1]
	}
	return "unknown"
}

func conflictCause(managers, fields []string) string {
	var parts []string
	for i, m := range managers {
		part := fmt.Sprintf("%q owns %s", m, fields[i])
		if len(parts) < 5 {
			parts = append(parts, part)
		}
	}
	if more := len(managers) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return "another manager owns fields that the chart sets: " + strings.Join(parts, ", ")
}

func isCertificate(err error) bool {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, verify := errors.AsType[*tls.CertificateVerificationError](err)
	return unknown || host || invalid || verify
}

// isCredential spots a failed exec plugin, which client-go reports as text only.
func isCredential(err error) bool {
	return strings.Contains(err.Error(), "getting credentials:")
}

// rootCause drops Go's wrapping ("Get \"https://...\": dial tcp ...") where the network's own word is enough.
func rootCause(err error) string {
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return "no address for " + dns.Name
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		if op.Timeout() {
			return "no answer within " + dialTimeout.String()
		}
		return oneLine(op.Err.Error())
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return oneLine(err.Error())
}

func oneLine(s string) string {
	return text.Clip(strings.Join(strings.Fields(s), " "), 2000)
}
