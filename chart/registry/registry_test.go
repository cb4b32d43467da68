package registry

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pintle-ci/pintle/chart"
)

// fault answers a request itself, or reports that the registry shall.
type fault func(w http.ResponseWriter, r *http.Request) (handled bool)

// server is a real registry behind faults.
type server struct {
	host     string
	mu       sync.Mutex
	fault    fault
	requests []string
}

func newServer(t *testing.T) *server {
	t.Helper()
	real := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))
	s := &server{}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		fault := s.fault
		s.mu.Unlock()
		if fault == nil || !fault(w, r) {
			real.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(web.Close)
	s.host = strings.TrimPrefix(web.URL, "http://")
	return s
}

func (s *server) inject(f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.requests = f, nil
}

func (s *server) ref(path string) string { return Scheme + s.host + "/" + path }

// count is how often a request whose "METHOD path" contains part was made.
func (s *server) count(part string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if strings.Contains(r, part) {
			n++
		}
	}
	return n
}

// quick retries without delay.
var quick = Access{Pause: time.Nanosecond}

func packaged(t *testing.T, version string, files ...string) []byte {
	t.Helper()
	c := &chart.Chart{
		Metadata: &chart.Metadata{APIVersion: "v2", Name: "cart", Version: "0.0.0"},
		Raw:      []*chart.File{{Name: "Chart.yaml", Data: []byte(chartYAML)}},
	}
	for _, f := range files {
		c.Raw = append(c.Raw, &chart.File{Name: f, Data: []byte(f)})
	}
	tgz, _, err := chart.Package(t.Context(), c, chart.PackageOptions{})
	if err == nil && version != "0.0.0" {
		c.Raw[0].Data = []byte(strings.Replace(chartYAML, "0.0.0", version, 1))
		c.Metadata.Version = version
		tgz, _, err = chart.Package(t.Context(), c, chart.PackageOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return tgz
}

const chartYAML = `apiVersion: v2
name: cart
version: 0.0.0
description: a cart
home: https://example.com
sources: [https://git.example.com/cart, https://x]
maintainers: [{name: Ann, email: ann@example.com}, {name: Bob}]
annotations:
  org.opencontainers.image.revision: 0a1b2c3d
  org.opencontainers.image.title: not this
  org.opencontainers.image.url: https://own.example.com
`

func mustPush(t *testing.T, s *server, version string, files ...string) Pushed {
	t.Helper()
	p, err := Push(t.Context(), s.ref("shop/charts"), packaged(t, version, files...), PushOptions{Access: quick, Created: time.Unix(1700000000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPushAndPull(t *testing.T) {
	s := newServer(t)
	tgz := packaged(t, "1.2.3+build.5")
	p := mustPush(t, s, "1.2.3+build.5")
	want := Pushed{Ref: s.ref("shop/charts/cart:1.2.3+build.5"), Digest: p.Digest}
	if diff := cmp.Diff(want, p); diff != "" || !strings.HasPrefix(p.Digest, "sha256:") {
		t.Errorf("pushed (-want +got):\n%s", diff)
	}
	want.AlreadyPublished = true
	if diff := cmp.Diff(want, mustPush(t, s, "1.2.3+build.5")); diff != "" {
		t.Errorf("pushed again (-want +got):\n%s", diff)
	}
	for _, ref := range []string{"", ":1.2.3+build.5", ":1.2.3_build.5", "@" + p.Digest, ":1.2.3+build.5@" + p.Digest} {
		got, pulled, err := Pull(t.Context(), s.ref("shop/charts/cart"+ref), PullOptions{Access: quick})
		if err != nil {
			t.Errorf("%s: %v", ref, err)
		}
		if !bytes.Equal(got, tgz) || pulled.Digest != p.Digest || pulled.Version != "1.2.3+build.5" {
			t.Errorf("%s: got %d bytes, %+v", ref, len(got), pulled)
		}
	}
}

func TestPushedManifest(t *testing.T) {
	s := newServer(t)
	tgz := packaged(t, "1.2.3")
	mustPush(t, s, "1.2.3")
	tag, err := name.NewTag(s.host + "/shop/charts/cart:1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	got, err := remote.Get(tag)
	if err != nil {
		t.Fatal(err)
	}
	config := `{"name":"cart","home":"https://example.com","sources":["https://git.example.com/cart","https://x"],"version":"1.2.3",` +
		`"description":"a cart","maintainers":[{"name":"Ann","email":"ann@example.com"},{"name":"Bob"}],"apiVersion":"v2","annotations":` +
		`{"org.opencontainers.image.revision":"0a1b2c3d","org.opencontainers.image.title":"not this","org.opencontainers.image.url":"https://own.example.com"}}`
	want := fmt.Sprintf(`{"schemaVersion":2,"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":%q,"size":%d},`+
		`"layers":[{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":%q,"size":%d}],`+
		`"annotations":{"org.opencontainers.image.authors":"Ann (ann@example.com), Bob","org.opencontainers.image.created":"2023-11-14T22:13:20Z",`+
		`"org.opencontainers.image.description":"a cart","org.opencontainers.image.revision":"0a1b2c3d",`+
		`"org.opencontainers.image.source":"https://git.example.com/cart","org.opencontainers.image.title":"cart",`+
		`"org.opencontainers.image.url":"https://own.example.com","org.opencontainers.image.version":"1.2.3"}}`,
		sha256Digest([]byte(config)), len(config), sha256Digest(tgz), len(tgz))
	if diff := cmp.Diff(want, string(got.Manifest)); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
}

func TestPushConflict(t *testing.T) {
	s := newServer(t)
	mustPush(t, s, "1.2.3")
	_, err := Push(t.Context(), s.ref("shop/charts"), packaged(t, "1.2.3", "new.txt"), PushOptions{Access: quick})
	var conflict *ConflictError
	if !errors.As(err, &conflict) {
		t.Fatalf("got %v", err)
	}
	want := ConflictError{
		Ref: s.ref("shop/charts/cart:1.2.3"), Published: sha256Digest(packaged(t, "1.2.3")), New: sha256Digest(packaged(t, "1.2.3", "new.txt")),
	}
	if diff := cmp.Diff(want, *conflict); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, _, err := Pull(t.Context(), s.ref("shop/charts/cart:1.2.3"), PullOptions{Access: quick}); err != nil || !bytes.Equal(got, packaged(t, "1.2.3")) {
		t.Errorf("the published chart changed: %v", err)
	}
}

func TestVersions(t *testing.T) {
	s := newServer(t)
	for _, v := range []string{"1.2.9", "1.10.0", "2.0.0-rc.1", "1.2.10", "0.9.0+b"} {
		mustPush(t, s, v)
	}
	got, err := Versions(t.Context(), s.ref("shop/charts/cart"), quick)
	want := []string{"2.0.0-rc.1", "1.10.0", "1.2.10", "1.2.9", "0.9.0+b"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	tests := []struct{ wanted, picked string }{
		{"", "1.10.0"},
		{"*", "1.10.0"},
		{"~1.2", "1.2.10"},
		{">=1.2 <1.2.10", "1.2.9"},
		{"1.2.9", "1.2.9"},
		{">0.0.0-0", "2.0.0-rc.1"},
		{"1", "1.10.0"},
		{"0.9.0+b", "0.9.0+b"},
		{"2.0.0-rc.1", "2.0.0-rc.1"},
	}
	for _, tt := range tests {
		_, pulled, err := Pull(t.Context(), s.ref("shop/charts/cart"), PullOptions{Access: quick, Version: tt.wanted})
		if err != nil || pulled.Version != tt.picked {
			t.Errorf("%q picks %q, %v; want %s", tt.wanted, pulled.Version, err, tt.picked)
		}
	}
}

func TestPullErrors(t *testing.T) {
	s := newServer(t)
	for _, v := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0", "2.0.0"} {
		mustPush(t, s, v)
	}
	pushed := mustPush(t, s, "1.0.0")
	host := s.host
	tests := []struct {
		ref, version, want string
		kind               error
	}{
		{"shop/charts/cart:1.2.1", "", "pull oci://HOST/shop/charts/cart:1.2.1: not found: 404 MANIFEST_UNKNOWN: Unknown manifest; the nearest versions are 2.0.0, 1.3.0, 1.2.0, 1.1.0", ErrNotFound},
		{"shop/charts/cart", "9.0.0", "pull oci://HOST/shop/charts/cart:9.0.0: not found: 404 MANIFEST_UNKNOWN: Unknown manifest; the nearest versions are 2.0.0, 1.3.0", ErrNotFound},
		{"shop/charts/cart", "^3", "pull oci://HOST/shop/charts/cart: not found: no version that matches ^3; the newest are 2.0.0, 1.3.0, 1.2.0, 1.1.0, 1.0.0", ErrNotFound},
		{"shop/charts/cart:latest", "", "pull oci://HOST/shop/charts/cart:latest: not found: 404 MANIFEST_UNKNOWN: Unknown manifest; the newest are 2.0.0, 1.3.0, 1.2.0, 1.1.0, 1.0.0", ErrNotFound},
		{"shop/charts/crt:1.0.0", "", "pull oci://HOST/shop/charts/crt:1.0.0: not found: 404 NAME_UNKNOWN: Unknown name; there is no chart of that name; check the path", ErrNotFound},
		{"shop/charts/crt", "^1", "pull oci://HOST/shop/charts/crt: not found: 404 NAME_UNKNOWN: Unknown name", ErrNotFound},
		{"shop/charts/cart", "x.y", `pull oci://HOST/shop/charts/cart: version "x.y" is neither a version nor a range: write 1.2.3, ^1.2 or >=1.2 <2`, nil},
		{"shop/charts/cart:1.0.0", "1.1.0", "pull oci://HOST/shop/charts/cart:1.0.0: the reference names version 1.0.0, but 1.1.0 is asked for: leave one out", nil},
		{"shop/charts/cart@" + pushed.Digest, "^2", `pull oci://HOST/shop/charts/cart@` + pushed.Digest + `: the digest leads to version "1.0.0", but ^2 is asked for`, nil},
		{"shop/charts/Cart:1", "", `pull oci://HOST/shop/charts/Cart:1: path "shop/charts/Cart" is not allowed: lower-case letters, digits, and single . _ - between them`, nil},
		{"shop/charts/cart@sha256:12", "", `pull oci://HOST/shop/charts/cart@sha256:12: digest "sha256:12" is not sha256: with 64 hexadecimal digits`, nil},
		{"shop/charts/cart:a b", "", `pull oci://HOST/shop/charts/cart:a b: tag "a b" is not allowed: letters, digits, and . _ -, at most 128`, nil},
	}
	for _, tt := range tests {
		_, _, err := Pull(t.Context(), s.ref(tt.ref), PullOptions{Access: quick, Version: tt.version})
		if err == nil {
			t.Errorf("%s %s: no error", tt.ref, tt.version)
			continue
		}
		if diff := cmp.Diff(tt.want, strings.ReplaceAll(err.Error(), host, "HOST")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		var e *Error
		if !errors.As(err, &e) || tt.kind != nil && !errors.Is(err, tt.kind) {
			t.Errorf("%v: a %T, want kind %v", err, err, tt.kind)
		}
	}
	for _, ref := range []string{"http://x/y", "oci://x", "oci:///y", "oci://h st/y"} {
		if _, _, err := Pull(t.Context(), ref, PullOptions{}); err == nil {
			t.Errorf("%s: no error", ref)
		}
	}
}

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
		{"connection cut once the manifest is there", cut(1, "GET /v2/shop/charts/cart/manifests")},
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

func TestCredentials(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	config := func(path, user string) {
		t.Helper()
		auth := base64.StdEncoding.EncodeToString([]byte(user + ":pw"))
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, s.host, auth), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config(".config/helm/registry/config.json", "helm")
	config("docker/config.json", "docker")
	config("run/containers/auth.json", "podman")
	tests := []struct {
		name string
		env  map[string]string
		want string
	}{
		{"none", map[string]string{}, ""},
		{"Helm first", map[string]string{"HOME": dir, "DOCKER_CONFIG": dir + "/docker"}, "helm"},
		{"Helm's own variable", map[string]string{"HELM_REGISTRY_CONFIG": dir + "/docker/config.json"}, "docker"},
		{"Docker", map[string]string{"HOME": "/nowhere", "DOCKER_CONFIG": dir + "/docker"}, "docker"},
		{"Podman", map[string]string{"XDG_RUNTIME_DIR": dir + "/run"}, "podman"},
		{"GitLab", map[string]string{"CI_REGISTRY": s.host, "CI_REGISTRY_USER": "gitlab", "CI_REGISTRY_PASSWORD": "pw"}, "gitlab"},
		{"GitLab, another host", map[string]string{"CI_REGISTRY": "other", "CI_REGISTRY_USER": "gitlab", "CI_REGISTRY_PASSWORD": "pw"}, ""},
		{"Harbor", map[string]string{"HARBOR_HOST": s.host, "HARBOR_USERNAME": "robot$x", "HARBOR_PASSWORD": "pw"}, "robot$x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.inject(func(w http.ResponseWriter, r *http.Request) bool {
				if user, password, _ := r.BasicAuth(); tt.want != "" && user == tt.want && password == "pw" {
					return false
				}
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				w.WriteHeader(401)
				return true
			})
			a := quick
			a.Getenv = func(name string) string { return tt.env[name] }
			_, err := Push(t.Context(), s.ref("shop"), packaged(t, "1.0.0"), PushOptions{Access: a})
			if (err == nil) != (tt.want != "") || err != nil && !errors.Is(err, ErrDenied) {
				t.Errorf("got %v", err)
			}
		})
	}
	s.inject(answer(99, "", 401, "", "WWW-Authenticate", `Basic realm="x"`))
	a := quick
	a.Getenv = func(name string) string { return map[string]string{"DOCKER_CONFIG": dir + "/docker"}[name] }
	_, err := Versions(t.Context(), s.ref("shop/cart"), a)
	if err == nil || !strings.Contains(err.Error(), "the credentials in "+dir+"/docker/config.json were refused") {
		t.Errorf("the source of refused credentials is not named: %v", err)
	}
	if strings.Contains(fmt.Sprint(err), "pw") {
		t.Errorf("the password is shown: %v", err)
	}
}

func TestBrokenCredentials(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Versions(t.Context(), "oci://example.com/cart", Access{Getenv: func(name string) string {
		return map[string]string{"DOCKER_CONFIG": dir}[name]
	}})
	if want := "list oci://example.com/cart: read credentials from " + path + ": unexpected EOF"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
