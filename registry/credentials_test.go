package registry_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/chart/oci"
	"github.com/pintle-ci/pintle/internal/charttest"
	"github.com/pintle-ci/pintle/registry"
	"github.com/pintle-ci/pintle/registry/registrytest"
)

func TestCredentials(t *testing.T) {
	s := registrytest.New(t)
	dir := t.TempDir()
	config := func(path, user string) {
		t.Helper()
		auth := base64.StdEncoding.EncodeToString([]byte(user + ":pw"))
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, s.Host, auth), 0o600); err != nil {
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
		{"GitLab", map[string]string{"CI_REGISTRY": s.Host, "CI_REGISTRY_USER": "gitlab", "CI_REGISTRY_PASSWORD": "pw"}, "gitlab"},
		{"GitLab, another host", map[string]string{"CI_REGISTRY": "other", "CI_REGISTRY_USER": "gitlab", "CI_REGISTRY_PASSWORD": "pw"}, ""},
		{"Harbor", map[string]string{"HARBOR_HOST": s.Host, "HARBOR_USERNAME": "robot$x", "HARBOR_PASSWORD": "pw"}, "robot$x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.Inject(func(w http.ResponseWriter, r *http.Request) bool {
				if user, password, _ := r.BasicAuth(); tt.want != "" && user == tt.want && password == "pw" {
					return false
				}
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				w.WriteHeader(401)
				return true
			})
			a := quick
			a.Getenv = func(name string) string { return tt.env[name] }
			_, err := oci.Push(t.Context(), s.Ref("shop"), charttest.Archive(t, "cart", "1.0.0"), oci.PushOptions{Access: a})
			if (err == nil) != (tt.want != "") || err != nil && !errors.Is(err, registry.ErrDenied) {
				t.Errorf("got %v", err)
			}
		})
	}
	s.Inject(registrytest.Answer(99, "", 401, "", "WWW-Authenticate", `Basic realm="x"`))
	a := quick
	a.Getenv = func(name string) string { return map[string]string{"DOCKER_CONFIG": dir + "/docker"}[name] }
	_, err := oci.Versions(t.Context(), s.Ref("shop/cart"), a)
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
	_, err := oci.Versions(t.Context(), "oci://example.com/cart", registry.Access{Getenv: func(name string) string {
		return map[string]string{"DOCKER_CONFIG": dir}[name]
	}})
	if want := "list oci://example.com/cart: read credentials from " + path + ": unexpected EOF"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestTokens goes through the dance of registries with a token server.
func TestTokens(t *testing.T) {
	s := registrytest.New(t)
	s.Inject(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			if user, password, _ := r.BasicAuth(); user != "ci" || password != "pw" {
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
			_, _ = io.WriteString(w, `{"token":"tok"}`)
			return true
		}
		if r.Header.Get("Authorization") == "Bearer tok" {
			return false
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="s"`, r.Host))
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	for password, kind := range map[string]error{"pw": nil, "wrong": registry.ErrDenied} {
		a := quick
		a.Getenv = func(name string) string {
			return map[string]string{"CI_REGISTRY": s.Host, "CI_REGISTRY_USER": "ci", "CI_REGISTRY_PASSWORD": password}[name]
		}
		_, err := oci.Push(t.Context(), s.Ref("shop"), charttest.Archive(t, "cart", "1.0.0"), oci.PushOptions{Access: a})
		if !errors.Is(err, kind) {
			t.Errorf("password %s: %v", password, err)
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
