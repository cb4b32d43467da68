package registry

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/pintle-ci/pintle/internal/sleep"
)

// download is what is read from an index repository, with its credentials.
type download struct {
	Access
	repository     Repository
	base           *url.URL // of the repository, without credentials
	user, password string
	client         *http.Client
}

// newDownload prepares to read from r. The caller calls close.
func newDownload(a Access, r Repository) (*download, error) {
	base, user, password, err := r.credentials()
	if err != nil {
		return nil, &Error{Action: "download", Ref: shownText(r.URL), Cause: err.Error(), err: err}
	}
	d := &download{Access: a, repository: r, base: base, user: user, password: password}
	inner := a.Transport
	if inner == nil {
		own := ownTransport()
		own.DisableCompression = true // or it would unpack archives that a server calls compressed
		if own.TLSClientConfig, err = r.tls(); err != nil {
			return nil, &Error{Action: "download", Ref: shown(base), Cause: err.Error(), err: err}
		}
		inner = own
	}
	d.client = &http.Client{Transport: credentialTransport{d, a.deadlines(inner)}}
	return d, nil
}

func (d *download) close() {
	if d.Transport == nil {
		d.client.CloseIdleConnections()
	}
}

// credentialTransport sends the credentials to the repository's own scheme and
// host only, also after a redirect (facts/helm-format.md 4.20).
type credentialTransport struct {
	*download
	inner http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t credentialTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	own := req.URL.Scheme == t.base.Scheme && req.URL.Host == t.base.Host
	if t.user != "" && t.password != "" && (own || t.repository.PassCredentialsAll) {
		req.SetBasicAuth(t.user, t.password)
	}
	return t.inner.RoundTrip(req)
}

// CloseIdleConnections is asked for by http.Client.
func (t credentialTransport) CloseIdleConnections() {
	if c, ok := t.inner.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// tls is the configuration that r asks for, nil for the usual one.
func (r Repository) tls() (*tls.Config, error) {
	if r.CAFile == "" && r.CertFile == "" && !r.InsecureSkipTLSVerify {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: r.InsecureSkipTLSVerify}
	if r.CAFile != "" {
		pem, err := os.ReadFile(r.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the CA: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read the CA: %s holds no certificate", r.CAFile)
		}
	}
	if r.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(r.CertFile, r.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("read the client certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// statusError is an answer other than 200.
type statusError struct {
	code  int
	after time.Duration // how long the server wants to be left alone
}

// Error is the status as servers write it.
func (e *statusError) Error() string { return fmt.Sprintf("%d %s", e.code, http.StatusText(e.code)) }

// get reads u, at most limit bytes, again where the failure may pass. compressed
// says whether the answer may come compressed. The error is an *Error.
func (d *download) get(ctx context.Context, u *url.URL, limit int64, compressed bool) ([]byte, error) {
	pause := d.Pause
	if pause <= 0 {
		pause = 500 * time.Millisecond
	}
	for attempt := 1; ; attempt++ {
		data, err := d.once(ctx, u, limit, compressed)
		if err == nil {
			return data, nil
		}
		wait := pause
		if status, ok := errors.AsType[*statusError](err); ok {
			wait = max(wait, status.after)
		}
		if attempt == maxAttempts || wait > maxWait || ctx.Err() != nil || !passing(err) {
			return nil, d.failure(ctx, u, err)
		}
		if !sleep.For(ctx, wait) {
			return nil, d.failure(ctx, u, ctx.Err())
		}
		pause *= 2
	}
}

// passing says whether a second attempt may help.
func passing(err error) bool {
	if status, ok := errors.AsType[*statusError](err); ok {
		return status.code == http.StatusRequestTimeout || status.code == http.StatusTooManyRequests || status.code >= 500
	}
	return transient(err)
}

func (d *download) once(ctx context.Context, u *url.URL, limit int64, compressed bool) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", d.UserAgent)
	if compressed {
		req.Header.Set("Accept-Encoding", "gzip")
	} else {
		req.Header.Set("Accept", "application/gzip,application/octet-stream")
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return nil, &statusError{resp.StatusCode, time.Duration(min(max(seconds, 0), 86400)) * time.Second}
	}
	var body io.Reader = &boundedBody{ReadCloser: resp.Body, left: limit}
	if compressed && resp.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = &boundedBody{ReadCloser: unzipped, left: limit}
	}
	return d.Memory.Read(ctx, body, limit)
}

// failure explains err in one line.
func (d *download) failure(ctx context.Context, u *url.URL, err error) error {
	e := &Error{Action: "download", Ref: shown(u), Cause: oneLine(cause(err)), err: err}
	status, answered := errors.AsType[*statusError](err)
	switch {
	case answered && ctx.Err() == nil:
		v := d.judge(u, status.code)
		e.Kind, e.Hint = v.kind, v.hint
	case errors.Is(err, io.ErrUnexpectedEOF) && ctx.Err() == nil:
		e.Kind, e.Cause, e.Hint = ErrBusy, "the answer ended early", "try again later, or look at the repository's log and at what stands between"
	default:
		e.unanswered(ctx, "repository", "to Helm: helm repo add NAME URL --ca-file FILE")
	}
	return e
}

// judge says what a status means here.
func (d *download) judge(u *url.URL, code int) verdict {
	own := u.Host == d.base.Host && u.Scheme == d.base.Scheme
	switch denied := code == http.StatusUnauthorized || code == http.StatusForbidden; {
	case denied && !own && d.user != "" && !d.repository.PassCredentialsAll:
		return verdict{ErrDenied, fmt.Sprintf("credentials for %s are not sent to another host: allow it with helm repo add NAME URL --pass-credentials", d.base.Host)}
	case denied && d.user != "":
		return verdict{ErrDenied, fmt.Sprintf("the user %q was refused: correct the credentials with helm repo add --force-update", d.user)}
	case denied:
		return verdict{ErrDenied, fmt.Sprintf("no credentials for %s: add them with helm repo add NAME %s --username USER --password-stdin", u.Host, shown(d.base))}
	case code == http.StatusNotFound && u.Path == d.indexURL().Path:
		return verdict{ErrNotFound, "no chart repository is there: check its URL"}
	case code == http.StatusNotFound:
		return verdict{ErrNotFound, "the repository's index names it, but it is not there: its index is out of date"}
	case code == http.StatusTooManyRequests:
		return verdict{ErrBusy, "too many requests: wait a while"}
	case code >= 500:
		return verdict{ErrBusy, "try again later, or look at the repository's log"}
	}
	return verdict{}
}
