package kubelet

import (
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	corev1 "k8s.io/api/core/v1"

	"github.com/pintle-ci/pintle/sandbox/image"
)

func TestPull(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	own := strings.TrimPrefix(server.URL, "http://")
	_, port, _ := strings.Cut(own, ":")
	if _, err := image.Push(t.Context(), own, "shop/web:1.0", image.Script{NeverReady: true}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		ref    string
		policy corev1.PullPolicy
		strict bool
		reason string // of the failure, if there is to be one
		local  bool
		asked  bool // the registry was asked, so the script is known
	}{
		{name: "in the registry", ref: own + "/shop/web:1.0", asked: true},
		{name: "under its other name", ref: "localhost:" + port + "/shop/web:1.0", asked: true},
		{name: "another tag", ref: own + "/shop/web:2.0", reason: "ErrImagePull"},
		{name: "never pulled", ref: own + "/shop/web:1.0", policy: corev1.PullNever, reason: "ErrImageNeverPull"},
		{name: "from elsewhere", ref: "nginx:1.27", policy: corev1.PullIfNotPresent, local: true},
		{name: "from elsewhere, always pulled", ref: "nginx:1.27", policy: corev1.PullAlways},
		{name: "from elsewhere, strict", ref: "nginx:1.27", strict: true, reason: "ErrImagePull"},
		{name: "no name", ref: "Web::1", reason: "InvalidImageName"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := images{registry: own, strict: tt.strict}.pull(t.Context(), tt.ref, tt.policy)
			reason := ""
			if ie, ok := errors.AsType[*imageError](err); ok {
				reason = ie.reason
			}
			if reason != tt.reason || (err != nil) != (tt.reason != "") {
				t.Fatalf("error = %v (reason %q), want reason %q", err, reason, tt.reason)
			}
			if got.local != tt.local || got.script.NeverReady != tt.asked {
				t.Errorf("pulled %+v", got)
			}
		})
	}
}
