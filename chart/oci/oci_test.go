package oci

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/registry"
	"github.com/pintle-ci/pintle/registry/registrytest"
)

// quick retries without delay.
var quick = registry.Access{Pause: time.Nanosecond}

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

func mustPush(t *testing.T, s *registrytest.Server, version string, files ...string) Pushed {
	t.Helper()
	p, err := Push(t.Context(), s.Ref("shop/charts"), packaged(t, version, files...), PushOptions{Access: quick, Created: time.Unix(1700000000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPushAndPull(t *testing.T) {
	s := registrytest.New(t)
	tgz := packaged(t, "1.2.3+build.5")
	p := mustPush(t, s, "1.2.3+build.5")
	want := Pushed{Ref: s.Ref("shop/charts/cart:1.2.3+build.5"), Digest: p.Digest}
	if diff := cmp.Diff(want, p); diff != "" || !strings.HasPrefix(p.Digest, "sha256:") {
		t.Errorf("pushed (-want +got):\n%s", diff)
	}
	want.AlreadyPublished = true
	if diff := cmp.Diff(want, mustPush(t, s, "1.2.3+build.5")); diff != "" {
		t.Errorf("pushed again (-want +got):\n%s", diff)
	}
	for _, ref := range []string{"", ":1.2.3+build.5", ":1.2.3_build.5", "@" + p.Digest, ":1.2.3+build.5@" + p.Digest} {
		got, pulled, err := Pull(t.Context(), s.Ref("shop/charts/cart"+ref), PullOptions{Access: quick})
		if err != nil {
			t.Errorf("%s: %v", ref, err)
		}
		if !bytes.Equal(got, tgz) || pulled.Digest != p.Digest || pulled.Version != "1.2.3+build.5" {
			t.Errorf("%s: got %d bytes, %+v", ref, len(got), pulled)
		}
	}
}

func TestPushedManifest(t *testing.T) {
	s := registrytest.New(t)
	tgz := packaged(t, "1.2.3")
	mustPush(t, s, "1.2.3")
	tag, err := name.NewTag(s.Host + "/shop/charts/cart:1.2.3")
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
	s := registrytest.New(t)
	mustPush(t, s, "1.2.3")
	_, err := Push(t.Context(), s.Ref("shop/charts"), packaged(t, "1.2.3", "new.txt"), PushOptions{Access: quick})
	var conflict *ConflictError
	if !errors.As(err, &conflict) {
		t.Fatalf("got %v", err)
	}
	want := ConflictError{
		Ref: s.Ref("shop/charts/cart:1.2.3"), Published: sha256Digest(packaged(t, "1.2.3")), New: sha256Digest(packaged(t, "1.2.3", "new.txt")),
	}
	if diff := cmp.Diff(want, *conflict); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, _, err := Pull(t.Context(), s.Ref("shop/charts/cart:1.2.3"), PullOptions{Access: quick}); err != nil || !bytes.Equal(got, packaged(t, "1.2.3")) {
		t.Errorf("the published chart changed: %v", err)
	}
}

func TestVersions(t *testing.T) {
	s := registrytest.New(t)
	for _, v := range []string{"1.2.9", "1.10.0", "2.0.0-rc.1", "1.2.10", "0.9.0+b"} {
		mustPush(t, s, v)
	}
	got, err := Versions(t.Context(), s.Ref("shop/charts/cart"), quick)
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
		_, pulled, err := Pull(t.Context(), s.Ref("shop/charts/cart"), PullOptions{Access: quick, Version: tt.wanted})
		if err != nil || pulled.Version != tt.picked {
			t.Errorf("%q picks %q, %v; want %s", tt.wanted, pulled.Version, err, tt.picked)
		}
	}
}

func TestPullErrors(t *testing.T) {
	s := registrytest.New(t)
	for _, v := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0", "2.0.0"} {
		mustPush(t, s, v)
	}
	pushed := mustPush(t, s, "1.0.0")
	host := s.Host
	tests := []struct {
		ref, version, want string
		kind               error
	}{
		{"shop/charts/cart:1.2.1", "", "pull oci://HOST/shop/charts/cart:1.2.1: not found: 404 MANIFEST_UNKNOWN: Unknown manifest; the nearest versions are 2.0.0, 1.3.0, 1.2.0, 1.1.0", registry.ErrNotFound},
		{"shop/charts/cart", "9.0.0", "pull oci://HOST/shop/charts/cart:9.0.0: not found: 404 MANIFEST_UNKNOWN: Unknown manifest; the nearest versions are 2.0.0, 1.3.0", registry.ErrNotFound},
		{"shop/charts/cart", "^3", "pull oci://HOST/shop/charts/cart: not found: no version that matches ^3; the newest are 2.0.0, 1.3.0, 1.2.0, 1.1.0, 1.0.0", registry.ErrNotFound},
		{"shop/charts/cart:latest", "", "pull oci://HOST/shop/charts/cart:latest: not found: 404 MANIFEST_UNKNOWN: Unknown manifest; the newest are 2.0.0, 1.3.0, 1.2.0, 1.1.0, 1.0.0", registry.ErrNotFound},
		{"shop/charts/crt:1.0.0", "", "pull oci://HOST/shop/charts/crt:1.0.0: not found: 404 NAME_UNKNOWN: Unknown name; there is no chart of that name; check the path", registry.ErrNotFound},
		{"shop/charts/crt", "^1", "pull oci://HOST/shop/charts/crt: not found: 404 NAME_UNKNOWN: Unknown name", registry.ErrNotFound},
		{"shop/charts/cart", "x.y", `pull oci://HOST/shop/charts/cart: version "x.y" is neither a version nor a range: write 1.2.3, ^1.2 or >=1.2 <2`, nil},
		{"shop/charts/cart:1.0.0", "1.1.0", "pull oci://HOST/shop/charts/cart:1.0.0: the reference names version 1.0.0, but 1.1.0 is asked for: leave one out", nil},
		{"shop/charts/cart@" + pushed.Digest, "^2", `pull oci://HOST/shop/charts/cart@` + pushed.Digest + `: the digest leads to version "1.0.0", but ^2 is asked for`, nil},
		{"shop/charts/Cart:1", "", `pull oci://HOST/shop/charts/Cart:1: path "shop/charts/Cart" is not allowed: lower-case letters, digits, and single . _ - between them`, nil},
		{"shop/charts/cart@sha256:12", "", `pull oci://HOST/shop/charts/cart@sha256:12: digest "sha256:12" is not sha256: with 64 hexadecimal digits`, nil},
		{"shop/charts/cart:a b", "", `pull oci://HOST/shop/charts/cart:a b: tag "a b" is not allowed: letters, digits, and . _ -, at most 128`, nil},
	}
	for _, tt := range tests {
		_, _, err := Pull(t.Context(), s.Ref(tt.ref), PullOptions{Access: quick, Version: tt.version})
		if err == nil {
			t.Errorf("%s %s: no error", tt.ref, tt.version)
			continue
		}
		if diff := cmp.Diff(tt.want, strings.ReplaceAll(err.Error(), host, "HOST")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		var e *registry.Error
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
