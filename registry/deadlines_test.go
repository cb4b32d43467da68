package registry_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/chart/oci"
	"github.com/pintle-ci/pintle/chart/repository"
	"github.com/pintle-ci/pintle/internal/charttest"
	"github.com/pintle-ci/pintle/registry"
	"github.com/pintle-ci/pintle/registry/registrytest"
)

// Answers that stall or drip are given up after one question.
func TestStalledAnswers(t *testing.T) {
	s := registrytest.New(t)
	mustPush(t, s, "1.0.0")
	impatient, slow := quick.WithDeadlines(50*time.Millisecond, 0), quick.WithDeadlines(time.Minute, 200*time.Millisecond)
	pull := func(a registry.Access) error {
		_, _, err := oci.Pull(t.Context(), s.Ref("shop/charts/cart:1.0.0"), oci.PullOptions{Access: a})
		return err
	}
	list := func(a registry.Access) error {
		_, err := oci.Versions(t.Context(), s.Ref("shop/charts/cart"), a)
		return err
	}
	for _, tt := range []struct {
		part string
		do   func(registry.Access) error
	}{{"GET /v2/shop/charts/cart/manifests/", pull}, {"GET /v2/shop/charts/cart/blobs/", pull}, {"/tags/list", list}} {
		for name, a := range map[string]registry.Access{"stalls": impatient, "drips": slow} {
			drip := time.Duration(0)
			if name == "drips" {
				drip = time.Millisecond
			}
			s.Inject(registrytest.Stall(tt.part, drip))
			err := tt.do(a)
			if !errors.Is(err, registry.ErrUnreachable) || !strings.Contains(err.Error(), "no answer in time") {
				t.Errorf("%s %s: %v", tt.part, name, err)
			}
			if n := s.Count(tt.part); n != 1 {
				t.Errorf("%s %s: asked %d times", tt.part, name, n)
			}
		}
	}
}

// An index or an archive of a repository that stalls is given up too.
func TestStalledDownloads(t *testing.T) {
	for _, part := range []string{"index.yaml", ".tgz"} {
		web := charttest.NewRepository(t, "redis", "1.2.0")
		front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !registrytest.Stall(part, 0)(w, r) {
				web.Config.Handler.ServeHTTP(w, r)
			}
		}))
		t.Cleanup(front.Close)
		a := quick.WithDeadlines(50*time.Millisecond, 0)
		_, _, err := repository.Pull(t.Context(), repository.Repository{URL: front.URL + "/repo"}, "redis", "", a, nil)
		if !errors.Is(err, registry.ErrUnreachable) || !strings.Contains(err.Error(), "no answer in time") {
			t.Errorf("%s: %v", part, err)
		}
	}
}

// A file of the repository that asks for plain HTTP gets no credentials sent in
// clear to another machine; the job's word does.
func TestPlainHTTPOfTheFile(t *testing.T) {
	s := registrytest.New(t)
	mustPush(t, s, "1.0.0")
	var sent []string
	a := quick
	a.PlainHTTP = true
	a.Transport = registrytest.RoundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Scheme == "https" {
			return nil, io.ErrUnexpectedEOF
		}
		sent = append(sent, r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") == "" && r.URL.Path != "/v2/" {
			return &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		}
		if r.URL.Path == "/v2/" {
			header := http.Header{"Www-Authenticate": {`Basic realm="charts"`}}
			return &http.Response{StatusCode: http.StatusUnauthorized, Header: header, Body: http.NoBody, Request: r}, nil
		}
		r = r.Clone(r.Context())
		r.URL.Host = s.Host
		return http.DefaultTransport.RoundTrip(r)
	})
	dir := t.TempDir()
	config := `{"auths": {"registry.example.com:5000": {"auth": "dXNlcjpzM2NyM3Q="}}}`
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	a.Getenv = func(name string) string { return map[string]string{"DOCKER_CONFIG": dir}[name] }
	const ref = registry.Scheme + "registry.example.com:5000/shop/charts/cart:1.0.0"
	if _, _, err := oci.Pull(t.Context(), ref, oci.PullOptions{Access: a}); err != nil || !strings.Contains(strings.Join(sent, ""), "Basic ") {
		t.Errorf("by the job's word: %v, sent %q", err, sent)
	}
	sent, a.Untrusted = nil, true
	var warned string
	a.Warn = func(text string) { warned = text }
	_, _, err := oci.Pull(t.Context(), ref, oci.PullOptions{Access: a})
	if !errors.Is(err, registry.ErrDenied) || !strings.Contains(err.Error(), "--plain-http") || !strings.Contains(warned, "not sent in clear") {
		t.Errorf("by the file's word: %v, warned %q", err, warned)
	}
	if strings.Join(sent, "") != "" {
		t.Errorf("sent %q", sent)
	}
}
