package repository

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/pintle-ci/pintle/registry"
)

// Client reads from one index repository.
type Client struct {
	download *registry.Download
}

// Open prepares to read from r. The caller calls Close. The error is a *registry.Error.
func (r Repository) Open(a registry.Access) (*Client, error) {
	base, user, password, err := r.credentials()
	if err != nil {
		return nil, &registry.Error{Action: "download", Ref: registry.Shown(r.URL), Cause: err.Error(), Err: err}
	}
	s := registry.Server{URL: base, User: user, Password: password, PassCredentialsAll: r.PassCredentialsAll}
	if a.Transport == nil {
		if s.TLS, err = r.tls(); err != nil {
			return nil, &registry.Error{Action: "download", Ref: registry.ShownURL(base), Cause: err.Error(), Err: err}
		}
	}
	c := &Client{}
	s.Hint = c.hint
	c.download = registry.NewDownload(a, s)
	return c, nil
}

// Close ends idle connections.
func (c *Client) Close() { c.download.Close() }

// Shown is the repository's URL without what may be secret in it.
func (c *Client) Shown() string { return registry.ShownURL(c.download.URL) }

// hint is what to do about a status.
func (c *Client) hint(u *url.URL, status int) string {
	d := c.download
	switch denied := status == http.StatusUnauthorized || status == http.StatusForbidden; {
	case denied && d.User != "" && !d.Sends(u):
		return fmt.Sprintf("credentials for %s are not sent to another host: allow it with helm repo add NAME URL --pass-credentials", d.URL.Host)
	case denied && d.User != "":
		return fmt.Sprintf("the user %q was refused: correct the credentials with helm repo add --force-update", d.User)
	case denied:
		return fmt.Sprintf("no credentials for %s: add them with helm repo add NAME %s --username USER --password-stdin", u.Host, c.Shown())
	case status == http.StatusNotFound && u.Path == c.indexURL().Path:
		return "no chart repository is there: check its URL"
	case status == http.StatusNotFound:
		return "the repository's index names it, but it is not there: its index is out of date"
	case status == http.StatusTooManyRequests:
		return "too many requests: wait a while"
	case status >= 500:
		return "try again later, or look at the repository's log"
	}
	return ""
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
