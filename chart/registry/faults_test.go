package registry

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
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
)

// answer gives each of the first n requests whose "METHOD path" contains part a status and a body.
func answer(n int, part string, status int, body string, header ...string) fault {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if n <= 0 || !strings.Contains(r.Method+" "+r.URL.Path, part) {
			return false
		}
		n--
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

func cut(n int, part string) fault {
	f := answer(n, part, 0, "")
	return func(w http.ResponseWriter, r *http.Request) (handled bool) {
		defer func() {
			if recover() != nil { // WriteHeader refuses status 0: the request is one of the n
				panic(http.ErrAbortHandler)
			}
		}()
		return f(w, r)
	}
}

func TestTransientFaults(t *testing.T) {
	tests := []struct {
		name  string
		fault fault
	}{
		{"500 at the ping", answer(2, "GET /v2/", 500, "")},
		{"503 at the manifest", answer(3, "PUT /v2/shop/charts/cart/manifests", 503, "")},
		{"502 at an upload", answer(1, "POST ", 502, "<html>bad gateway</html>")},
		{"429", answer(2, "PUT ", 429, `{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}`)},
		{"connection cut at the ping", cut(1, "GET /v2/")},
		{"connection cut at an upload", cut(2, "PATCH ")},
		{"connection cut at the manifest", cut(1, "PUT /v2/shop/charts/cart/manifests")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.inject(tt.fault)
			if p := mustPush(t, s, "1.0.0"); p.AlreadyPublished {
				t.Errorf("%+v, but it was not there before", p)
			}
			s.inject(nil)
			got, _, err := Pull(t.Context(), s.ref("shop/charts/cart:1.0.0"), PullOptions{Access: quick})
			if err != nil || !bytes.Equal(got, packaged(t, "1.0.0")) {
				t.Errorf("pulled %d bytes, %v", len(got), err)
			}
		})
	}
}

func TestPushWhoseAnswerIsLost(t *testing.T) {
	s := newServer(t)
	lost := false
	s.inject(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/manifests/") || lost {
			return false
		}
		lost = true
		s.real.ServeHTTP(httptest.NewRecorder(), r)
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
		fault fault
		want  string // after "push oci://HOST/shop/charts/cart:1.0.0: "
		kind  error
	}{
		{
			"401 without credentials", answer(99, "", 401, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`, "WWW-Authenticate", `Basic realm="x"`),
			"access denied: 401 UNAUTHORIZED: authentication required; no credentials for HOST: log in with docker login HOST or helm registry login HOST, or set CI_REGISTRY, CI_REGISTRY_USER and CI_REGISTRY_PASSWORD", ErrDenied,
		},
		{
			"403", answer(99, "POST ", 403, `{"errors":[{"code":"DENIED","message":"no push right"}]}`),
			"access denied: 403 DENIED: no push right; no credentials for HOST: log in with docker login HOST or helm registry login HOST", ErrDenied,
		},
		{
			"507", answer(99, "POST ", 507, ""),
			"the registry is full: 507 Insufficient Storage; delete old versions, raise the quota, or push to another registry", ErrFull,
		},
		{
			"413", answer(99, "PATCH ", 413, ""),
			"the registry is full: 413 Request Entity Too Large; delete old versions, raise the quota, or push to another registry", ErrFull,
		},
		{
			"Harbor's quota", answer(99, "PUT ", 403, denied),
			"the registry is full: 403 DENIED: adding 1.2 KiB of storage resource, which will exceed the configured upper limit of 1.0 GiB; delete old versions, raise the quota, or push to another registry", ErrFull,
		},
		{
			"a full disk", answer(99, "PATCH ", 500, "mkdir /var/lib/registry: no space left on device\n"),
			"the registry is full: 500 Internal Server Error: mkdir /var/lib/registry: no space left on device; delete old versions, raise the quota, or push to another registry", ErrFull,
		},
		{
			"429 for ever", answer(99, "GET /v2/shop", 429, ""),
			"the registry is overloaded or broken: 429 Too Many Requests; too many requests: wait, or log in to get a higher limit", ErrBusy,
		},
		{
			"429 for an hour", answer(1, "GET /v2/shop", 429, "", "Retry-After", "3600"),
			"the registry is overloaded or broken: 429 Too Many Requests; too many requests: wait, or log in to get a higher limit", ErrBusy,
		},
		{
			"500 for ever", answer(99, "GET /v2/shop", 500, strings.Repeat("x", 500)),
			"the registry is overloaded or broken: 500 Internal Server Error: " + strings.Repeat("x", 373) + "...; try again later, or look at the registry's log", ErrBusy,
		},
		{"connections always cut", cut(99, "GET /v2/shop"), "the registry cannot be reached: EOF; check the host name, the network and the proxy settings", ErrUnreachable},
		{"an answer without end", answer(1, "GET /v2/shop", 200, strings.Repeat("x", maxDocumentBytes+1)), "the registry's answer is larger than allowed", errTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.inject(tt.fault)
			_, err := Push(t.Context(), s.ref("shop/charts"), packaged(t, "1.0.0"), PushOptions{Access: quick})
			if err == nil {
				t.Fatal("no error")
			}
			want := "push oci://HOST/shop/charts/cart:1.0.0: " + tt.want
			if diff := cmp.Diff(want, strings.ReplaceAll(err.Error(), s.host, "HOST")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !errors.Is(err, tt.kind) {
				t.Errorf("kind is not %v", tt.kind)
			}
			if n := s.count("GET /v2/shop/charts/cart/manifests"); n > 2*maxAttempts { // net/http itself repeats a request whose connection was cut
				t.Errorf("%d requests in %d attempts", n, maxAttempts)
			}
			s.inject(nil)
			if _, err := Versions(t.Context(), s.ref("shop/charts/cart"), quick); !errors.Is(err, ErrNotFound) {
				t.Errorf("something was published: %v", err)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	s := httptest.NewServer(nil)
	host := strings.TrimPrefix(s.URL, "http://")
	s.Close()
	_, _, err := Pull(t.Context(), Scheme+host+"/cart:1.0.0", PullOptions{Access: quick})
	want := "pull oci://HOST/cart:1.0.0: the registry cannot be reached: dial tcp HOST: connect: connection refused; check the host name, the network and the proxy settings"
	if err == nil || strings.ReplaceAll(err.Error(), host, "HOST") != want || !errors.Is(err, ErrUnreachable) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestPlainHTTPOnlyWhenAsked(t *testing.T) {
	s := newServer(t)
	mustPush(t, s, "1.0.0")
	// A proxy-like transport leads any host to the registry, so that no name needs to resolve.
	lead := roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Scheme == "https" {
			return nil, io.ErrUnexpectedEOF
		}
		r = r.Clone(r.Context())
		r.URL.Host = s.host
		return http.DefaultTransport.RoundTrip(r)
	})
	a := quick
	a.Transport = lead
	for _, host := range []string{"10.1.2.3:5000", "registry.example.com"} {
		ref := Scheme + host + "/shop/charts/cart:1.0.0"
		a.PlainHTTP = false
		if _, _, err := Pull(t.Context(), ref, PullOptions{Access: a}); err == nil {
			t.Errorf("%s: plain HTTP to another machine, unasked", host)
		}
		a.PlainHTTP = true
		if _, _, err := Pull(t.Context(), ref, PullOptions{Access: a}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestUnknownCertificate(t *testing.T) {
	s := httptest.NewTLSServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	host := strings.TrimPrefix(s.URL, "https://")
	_, _, err := Pull(t.Context(), Scheme+strings.Replace(host, "127.0.0.1", "localhost.localdomain", 1)+"/cart:1.0.0", PullOptions{Access: Access{
		Pause: time.Nanosecond, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.URL.Host = host
			return http.DefaultTransport.RoundTrip(r)
		}),
	}})
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "SSL_CERT_FILE") {
		t.Errorf("got %v", err)
	}
}

func TestContextEndsRetries(t *testing.T) {
	s := newServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.inject(func(w http.ResponseWriter, r *http.Request) bool {
		cancel() // while the client would wait an hour for its second attempt
		w.WriteHeader(503)
		return true
	})
	_, err := Push(ctx, s.ref("shop"), packaged(t, "1.0.0"), PushOptions{Access: Access{Pause: 20 * time.Second}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestContextEndsRequest(t *testing.T) {
	s := newServer(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	s.inject(func(w http.ResponseWriter, r *http.Request) bool {
		cancel(errors.New("the job was stopped"))
		<-r.Context().Done() // as slow as the client is patient
		return true
	})
	_, _, err := Pull(ctx, s.ref("shop/cart:1.0.0"), PullOptions{Access: quick})
	want := fmt.Sprintf("pull %s: interrupted: the job was stopped", s.ref("shop/cart:1.0.0"))
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
	_, err := Versions(t.Context(), "oci://"+strings.TrimPrefix(server.URL, "http://")+"/shop/cart", Access{Transport: impatient})
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("got %v", err)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}
