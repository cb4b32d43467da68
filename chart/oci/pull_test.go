package oci

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/registry"
	"github.com/pintle-ci/pintle/registry/registrytest"
)

// publish writes an artifact whose manifest edit has changed.
func publish(t *testing.T, s *registrytest.Server, tag string, edit func(manifest string) string) {
	t.Helper()
	a, err := newArtifact(&chart.Metadata{Name: "cart", Version: tag}, packaged(t, tag), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	original, err := partial.CompressedToImage(a)
	if err != nil {
		t.Fatal(err)
	}
	r, err := registry.ParseReference(s.Ref("hostile/cart:" + tag))
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(r.Repo.Tag("blobs"), original); err != nil {
		t.Fatal(err)
	}
	url := fmt.Sprintf("http://%s/v2/hostile/cart/manifests/%s", s.Host, tag)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, strings.NewReader(edit(string(a.manifest))))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", string(types.OCIManifestSchema1))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("publish: %s", resp.Status)
	}
}

func TestPullLegacyLayer(t *testing.T) {
	s := registrytest.New(t)
	publish(t, s, "1.0.0", func(m string) string { return strings.Replace(m, ChartMediaType, LegacyChartMediaType, 1) })
	got, _, err := Pull(t.Context(), s.Ref("hostile/cart:1.0.0"), PullOptions{Access: quick})
	if err != nil || !bytes.Equal(got, packaged(t, "1.0.0")) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestPullHostileManifests(t *testing.T) {
	size := fmt.Sprintf(`"size":%d}]`, len(packaged(t, "1.0.0")))
	tests := []struct {
		name string
		edit func(string) string
		want string // part of the error
	}{
		{"no JSON", func(string) string { return "{" }, "read manifest: unexpected end of JSON input"},
		{"empty", func(string) string { return "{}" }, "is not a Helm chart but something else; a container image, perhaps?"},
		{"another artifact", func(m string) string {
			return strings.Replace(m, ConfigMediaType, "application/vnd.oci.image.config.v1+json", 1)
		},
			"is not a Helm chart but application/vnd.oci.image.config.v1+json; a container image, perhaps?"},
		{"a huge layer", func(m string) string { return strings.Replace(m, size, `"size":99999999999}]`, 1) }, "the chart has 95367 MiB, more than the 100 that Helm loads"},
		{"a layer shorter than said", func(m string) string { return strings.Replace(m, size, `"size":5000}]`, 1) }, "unexpected EOF: got "},
		{"a layer longer than said", func(m string) string { return strings.Replace(m, size, `"size":5}]`, 1) }, "more than its 5 bytes came"},
		{"a negative size", func(m string) string { return strings.Replace(m, size, `"size":-5}]`, 1) }, "more than its -5 bytes came"},
		{"a digest that is none", func(m string) string { return strings.ReplaceAll(m, `"sha256:`, `"md5:`) }, "read manifest: "},
		{"a large manifest", func(m string) string { return m + strings.Repeat(" ", 8<<20) }, "the registry's answer is larger than allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := registrytest.New(t)
			publish(t, s, "1.0.0", tt.edit)
			got, _, err := Pull(t.Context(), s.Ref("hostile/cart:1.0.0"), PullOptions{Access: quick})
			if err == nil || !strings.Contains(err.Error(), tt.want) || got != nil {
				t.Errorf("got %d bytes, %v; want ...%s...", len(got), err, tt.want)
			}
			var e *registry.Error
			if !errors.As(err, &e) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is a %T, not one line of an *Error", err, err)
			}
		})
	}
}

func TestPullForgedBlob(t *testing.T) {
	s := registrytest.New(t)
	mustPush(t, s, "1.0.0")
	forged := bytes.Repeat([]byte("x"), len(packaged(t, "1.0.0")))
	s.Inject(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		_, _ = w.Write(forged)
		return true
	})
	got, _, err := Pull(t.Context(), s.Ref("shop/charts/cart:1.0.0"), PullOptions{Access: quick})
	if err == nil || got != nil || !strings.Contains(err.Error(), fmt.Sprintf("%x", sha256.Sum256(forged))) {
		t.Errorf("a blob with another digest is taken: %d bytes, %v", len(got), err)
	}
}

func TestPullIndex(t *testing.T) {
	s := registrytest.New(t)
	tgz := packaged(t, "1.0.0")
	a, err := newArtifact(&chart.Metadata{Name: "cart", Version: "1.0.0"}, tgz, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	image, err := partial.CompressedToImage(a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := random.Image(10, 1)
	if err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: other}, mutate.IndexAddendum{Add: image})
	r, err := registry.ParseReference(s.Ref("hostile/cart:1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(r.Repo.Tag("1.0.0"), index); err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	got, pulled, err := Pull(t.Context(), s.Ref("hostile/cart:1.0.0"), PullOptions{Access: quick})
	if err != nil || !bytes.Equal(got, tgz) || pulled.Digest != digest.String() {
		t.Errorf("got %d bytes, %+v, %v", len(got), pulled, err)
	}
	_, err = Push(t.Context(), s.Ref("hostile"), tgz, PushOptions{Access: quick})
	var conflict *ConflictError
	if !errors.As(err, &conflict) || conflict.Published != "" {
		t.Errorf("push over an index: %v", err)
	}
}
