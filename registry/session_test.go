package registry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	ggcr "github.com/google/go-containerregistry/pkg/registry"

	"github.com/pintle-ci/pintle/chart/oci"
	"github.com/pintle-ci/pintle/internal/charttest"
	"github.com/pintle-ci/pintle/registry"
	"github.com/pintle-ci/pintle/registry/registrytest"
)

// quick retries without delay.
var quick = registry.Access{Pause: time.Nanosecond}

func mustPush(t *testing.T, s *registrytest.Server, version string) oci.Pushed {
	t.Helper()
	p, err := oci.Push(t.Context(), s.Ref("shop/charts"), charttest.Archive(t, "cart", version), oci.PushOptions{Access: quick})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTransientFaults(t *testing.T) {
	tests := []struct {
		name  string
		fault registrytest.Fault
	}{
		{"500 at the ping", registrytest.Answer(2, "GET /v2/", 500, "")},
		{"503 at the manifest", registrytest.Answer(3, "PUT /v2/shop/charts/cart/manifests", 503, "")},
		{"502 at an upload", registrytest.Answer(1, "POST ", 502, "<html>bad gateway</html>")},
		{"429", registrytest.Answer(2, "PUT ", 429, `{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}`)},
		{"connection cut at the ping", registrytest.Cut(1, "GET /v2/")},
		{"connection cut at an upload", registrytest.Cut(2, "PATCH ")},
		{"connection cut at the manifest", registrytest.Cut(1, "PUT /v2/shop/charts/cart/manifests")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := registrytest.New(t)
			s.Inject(tt.fault)
			if p := mustPush(t, s, "1.0.0"); p.AlreadyPublished {
				t.Errorf("%+v, but it was not there before", p)
			}
			s.Inject(nil)
			got, _, err := oci.Pull(t.Context(), s.Ref("shop/charts/cart:1.0.0"), oci.PullOptions{Access: quick})
			if err != nil || !bytes.Equal(got, charttest.Archive(t, "cart", "1.0.0")) {
				t.Errorf("pulled %d bytes, %v", len(got), err)
			}
		})
	}
}

func TestPushWhoseAnswerIsLost(t *testing.T) {
	s := registrytest.New(t)
	lost := false
	s.Inject(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/manifests/") || lost {
			return false
		}
		lost = true
		s.Real.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	})
	if p := mustPush(t, s, "1.0.0"); p.AlreadyPublished || !lost {
		t.Errorf("%+v, but it was not there before", p)
	}
}

func TestFatalFaults(t *testing.T) {
	const denied = `{"errors":[{"code":"DENIED","message":"adding 1.2 KiB of storage resource, which will exceed the configured upper limit of 1.0 GiB"}]}`
	tests := []struct {
		name  string
		fault registrytest.Fault
		want  string // after "push oci://HOST/shop/charts/cart:1.0.0: "
		kind  error
	}{
		{
			"401 without credentials", registrytest.Answer(99, "", 401, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`, "WWW-Authenticate", `Basic realm="x"`),
			"access denied: 401 UNAUTHORIZED: authentication required; no credentials for HOST: log in with docker login HOST or helm registry login HOST, or set CI_REGISTRY, CI_REGISTRY_USER and CI_REGISTRY_PASSWORD", registry.ErrDenied,
		},
		{
			"403", registrytest.Answer(99, "POST ", 403, `{"errors":[{"code":"DENIED","message":"no push right"}]}`),
			"access denied: 403 DENIED: no push right; no credentials for HOST: log in with docker login HOST or helm registry login HOST", registry.ErrDenied,
		},
		{
			"507", registrytest.Answer(99, "POST ", 507, ""),
			"the registry is full: 507 Insufficient Storage; delete old versions, raise the quota, or push to another registry", registry.ErrFull,
		},
		{
			"413", registrytest.Answer(99, "PATCH ", 413, ""),
			"the registry is full: 413 Request Entity Too Large; delete old versions, raise the quota, or push to another registry", registry.ErrFull,
		},
		{
			"Harbor's quota", registrytest.Answer(99, "PUT ", 403, denied),
			"the registry is full: 403 DENIED: adding 1.2 KiB of storage resource, which will exceed the configured upper limit of 1.0 GiB; delete old versions, raise the quota, or push to another registry", registry.ErrFull,
		},
		{
			"a full disk", registrytest.Answer(99, "PATCH ", 500, "mkdir /var/lib/registry: no space left on device\n"),
			"the registry is full: 500 Internal Server Error: mkdir /var/lib/registry: no space left on device; delete old versions, raise the quota, or push to another registry", registry.ErrFull,
		},
		{
			"429 for ever", registrytest.Answer(99, "GET /v2/shop", 429, ""),
			"the registry is overloaded or broken: 429 Too Many Requests; too many requests: wait, or log in to get a higher limit", registry.ErrBusy,
		},
		{
			"429 for an hour", registrytest.Answer(1, "GET /v2/shop", 429, "", "Retry-After", "3600"),
			"the registry is overloaded or broken: 429 Too Many Requests; too many requests: wait, or log in to get a higher limit", registry.ErrBusy,
		},
		{
			"500 for ever", registrytest.Answer(99, "GET /v2/shop", 500, strings.Repeat("x", 500)),
			"the registry is overloaded or broken: 500 Internal Server Error: " + strings.Repeat("x", 373) + "...; try again later, or look at the registry's log", registry.ErrBusy,
		},
		{"connections always cut", registrytest.Cut(99, "GET /v2/shop"), "the registry cannot be reached: EOF; check the host name, the network and the proxy settings", registry.ErrUnreachable},
		{"an answer without end", registrytest.Answer(1, "GET /v2/shop", 200, strings.Repeat("x", registry.MaxDocumentBytes+1)), "the registry's answer is larger than allowed", registry.ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := registrytest.New(t)
			s.Inject(tt.fault)
			_, err := oci.Push(t.Context(), s.Ref("shop/charts"), charttest.Archive(t, "cart", "1.0.0"), oci.PushOptions{Access: quick})
			if err == nil {
				t.Fatal("no error")
			}
			want := "push oci://HOST/shop/charts/cart:1.0.0: " + tt.want
			if diff := cmp.Diff(want, strings.ReplaceAll(err.Error(), s.Host, "HOST")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !errors.Is(err, tt.kind) {
				t.Errorf("kind is not %v", tt.kind)
			}
			if n := s.Count("GET /v2/shop/charts/cart/manifests"); n > 2*registry.MaxAttempts { // net/http itself repeats a request whose connection was cut
				t.Errorf("%d requests in %d attempts", n, registry.MaxAttempts)
			}
			s.Inject(nil)
			if _, err := oci.Versions(t.Context(), s.Ref("shop/charts/cart"), quick); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("something was published: %v", err)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	s := httptest.NewServer(nil)
	host := strings.TrimPrefix(s.URL, "http://")
	s.Close()
	_, _, err := oci.Pull(t.Context(), registry.Scheme+host+"/cart:1.0.0", oci.PullOptions{Access: quick})
	want := "pull oci://HOST/cart:1.0.0: the registry cannot be reached: dial tcp HOST: connect: connection refused; check the host name, the network and the proxy settings"
	if err == nil || strings.ReplaceAll(err.Error(), host, "HOST") != want || !errors.Is(err, registry.ErrUnreachable) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestPlainHTTPOnlyWhenAsked(t *testing.T) {
	s := registrytest.New(t)
	mustPush(t, s, "1.0.0")
	// A proxy-like transport leads any host to the registry, so that no name needs to resolve.
	lead := registrytest.RoundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Scheme == "https" {
			return nil, io.ErrUnexpectedEOF
		}
		r = r.Clone(r.Context())
		r.URL.Host = s.Host
		return http.DefaultTransport.RoundTrip(r)
	})
	a := quick
	a.Transport = lead
	for _, host := range []string{"10.1.2.3:5000", "registry.example.com"} {
		ref := registry.Scheme + host + "/shop/charts/cart:1.0.0"
		a.PlainHTTP = false
		if _, _, err := oci.Pull(t.Context(), ref, oci.PullOptions{Access: a}); err == nil {
			t.Errorf("%s: plain HTTP to another machine, unasked", host)
		}
		a.PlainHTTP = true
		if _, _, err := oci.Pull(t.Context(), ref, oci.PullOptions{Access: a}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestUnknownCertificate(t *testing.T) {
	s := httptest.NewTLSServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	host := strings.TrimPrefix(s.URL, "https://")
	_, _, err := oci.Pull(t.Context(), registry.Scheme+strings.Replace(host, "127.0.0.1", "localhost.localdomain", 1)+"/cart:1.0.0", oci.PullOptions{Access: registry.Access{
		Pause: time.Nanosecond, Transport: registrytest.RoundTrip(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.URL.Host = host
			return http.DefaultTransport.RoundTrip(r)
		}),
	}})
	if !errors.Is(err, registry.ErrUnreachable) || !strings.Contains(err.Error(), "SSL_CERT_FILE") {
		t.Errorf("got %v", err)
	}
}

func TestContextEndsRetries(t *testing.T) {
	s := registrytest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.Inject(func(w http.ResponseWriter, r *http.Request) bool {
		cancel() // while the client would wait an hour for its second attempt
		w.WriteHeader(503)
		return true
	})
	_, err := oci.Push(ctx, s.Ref("shop"), charttest.Archive(t, "cart", "1.0.0"), oci.PushOptions{Access: registry.Access{Pause: 20 * time.Second}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestContextEndsRequest(t *testing.T) {
	s := registrytest.New(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	s.Inject(func(w http.ResponseWriter, r *http.Request) bool {
		cancel(errors.New("the job was stopped"))
		<-r.Context().Done() // as slow as the client is patient
		return true
	})
	_, _, err := oci.Pull(ctx, s.Ref("shop/cart:1.0.0"), oci.PullOptions{Access: quick})
	want := fmt.Sprintf("pull %s: interrupted: the job was stopped", s.Ref("shop/cart:1.0.0"))
	if !errors.Is(err, context.Canceled) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// A registry that takes the connection and says nothing is given up after one
// question: it is said so, whatever other protocol was tried before.
func TestRegistryThatHangs(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		<-r.Context().Done()
	}))
	defer server.Close()
	impatient := &http.Transport{ResponseHeaderTimeout: 20 * time.Millisecond}
	defer impatient.CloseIdleConnections()
	_, err := oci.Versions(t.Context(), "oci://"+strings.TrimPrefix(server.URL, "http://")+"/shop/cart", registry.Access{Transport: impatient})
	if !errors.Is(err, registry.ErrUnreachable) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("got %v", err)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestTagsWithoutEnd(t *testing.T) {
	s := registrytest.New(t)
	s.Inject(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/tags/list") {
			return false
		}
		w.Header().Set("Link", `</v2/shop/cart/tags/list?n=1>; rel="next"`)
		_, _ = io.WriteString(w, `{"name":"shop/cart","tags":["1.0.0"]}`)
		return true
	})
	_, err := oci.Versions(t.Context(), s.Ref("shop/cart"), quick)
	if !errors.Is(err, registry.ErrEndless) {
		t.Errorf("got %v", err)
	}
	if n := s.Count("/tags/list"); n > registry.MaxRequests {
		t.Errorf("%d requests", n)
	}
}
