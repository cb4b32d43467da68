package deployer_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
)

func TestUninstallLeavesNothing(t *testing.T) {
	b := newHarness(t)
	keep := map[string]string{"templates/kept.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}\n"}
	b.mustDeploy(b.request(service("1.0.0", keep), nil))
	out, err := b.engine.Uninstall(t.Context(), deployer.UninstallRequest{Release: "web", Namespace: b.namespace, Timeout: 30 * time.Second}, event.Span{})
	if err != nil || out.Status != event.Passed {
		t.Fatalf("%+v %v", out, err)
	}
	if b.exists("apps/v1", "Deployment", "web") || b.exists("v1", "Service", "web") || b.history() != "" {
		t.Error("something is left")
	}
	if !b.exists("v1", "ConfigMap", "kept") {
		t.Error("what asked to be kept is gone")
	}
	_, err = b.engine.Uninstall(t.Context(), deployer.UninstallRequest{Release: "web", Namespace: b.namespace}, event.Span{})
	if !errors.Is(err, release.ErrNotFound) {
		t.Errorf("a second time: %v", err)
	}
}
