package registry

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
