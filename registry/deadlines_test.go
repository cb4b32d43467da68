package registry_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
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
