package registry

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
)

// stall answers requests whose "METHOD path" contains part with the beginning of
// an answer, and then with nothing, or with a byte now and then.
func stall(part string, drip time.Duration) fault {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.Method+" "+r.URL.Path, part) {
			return false
		}
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		w.Header().Set("Content-Length", "1000000")
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
			if drip == 0 {
				<-r.Context().Done()
				break
			}
			select {
			case <-r.Context().Done():
			case <-time.After(drip):
			}
		}
		return true
	}
}

// Answers that stall or drip are given up after one question.
func TestStalledAnswers(t *testing.T) {
	s := newServer(t)
	mustPush(t, s, "1.0.0")
	impatient, slow := quick, quick
	impatient.stall, slow.stall, slow.request = 50*time.Millisecond, time.Minute, 200*time.Millisecond
	pull := func(a Access) error {
		_, _, err := Pull(t.Context(), s.ref("shop/charts/cart:1.0.0"), PullOptions{Access: a})
		return err
	}
	list := func(a Access) error {
		_, err := Versions(t.Context(), s.ref("shop/charts/cart"), a)
		return err
	}
	for _, tt := range []struct {
		part string
		do   func(Access) error
	}{{"GET /v2/shop/charts/cart/manifests/", pull}, {"GET /v2/shop/charts/cart/blobs/", pull}, {"/tags/list", list}} {
		for name, a := range map[string]Access{"stalls": impatient, "drips": slow} {
			drip := time.Duration(0)
			if name == "drips" {
				drip = time.Millisecond
			}
			s.inject(stall(tt.part, drip))
			err := tt.do(a)
			if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "no answer in time") {
				t.Errorf("%s %s: %v", tt.part, name, err)
			}
			if n := s.count(tt.part); n != 1 {
				t.Errorf("%s %s: asked %d times", tt.part, name, n)
			}
		}
	}
}

// An index or an archive of a repository that stalls is given up too.
func TestStalledDownloads(t *testing.T) {
	for _, part := range []string{"index.yaml", ".tgz"} {
		web := newIndexServer(t, "redis", "1.2.0")
		front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !stall(part, 0)(w, r) {
				web.Config.Handler.ServeHTTP(w, r)
			}
		}))
		t.Cleanup(front.Close)
		a := quick
		a.stall = 50 * time.Millisecond
		_, _, err := PullFrom(t.Context(), Repository{URL: front.URL + "/repo"}, "redis", "", a, nil)
		if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "no answer in time") {
			t.Errorf("%s: %v", part, err)
		}
	}
}

// A file of the repository that asks for plain HTTP gets no credentials sent in
// clear to another machine; the job's word does.
func TestPlainHTTPOfTheFile(t *testing.T) {
	s := newServer(t)
	mustPush(t, s, "1.0.0")
	var sent []string
	a := quick
	a.PlainHTTP = true
	a.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
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
		r.URL.Host = s.host
		return http.DefaultTransport.RoundTrip(r)
	})
	dir := t.TempDir()
	config := `{"auths": {"registry.example.com:5000": {"auth": "dXNlcjpzM2NyM3Q="}}}`
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	a.Getenv = func(name string) string { return map[string]string{"DOCKER_CONFIG": dir}[name] }
	const ref = Scheme + "registry.example.com:5000/shop/charts/cart:1.0.0"
	if _, _, err := Pull(t.Context(), ref, PullOptions{Access: a}); err != nil || !strings.Contains(strings.Join(sent, ""), "Basic ") {
		t.Errorf("by the job's word: %v, sent %q", err, sent)
	}
	sent, a.Untrusted = nil, true
	var warned string
	a.Warn = func(text string) { warned = text }
	_, _, err := Pull(t.Context(), ref, PullOptions{Access: a})
	if !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), "--plain-http") || !strings.Contains(warned, "not sent in clear") {
		t.Errorf("by the file's word: %v, warned %q", err, warned)
	}
	if strings.Join(sent, "") != "" {
		t.Errorf("sent %q", sent)
	}
}
