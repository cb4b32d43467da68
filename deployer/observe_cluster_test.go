package deployer_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
)

// spoil patches the record of revision 1.
func (b *harness) spoil(patch string) {
	b.t.Helper()
	ref := kube.Ref{APIVersion: "v1", Kind: "Secret", Namespace: b.namespace, Name: "sh.helm.release.v1.web.v1"}
	if err := b.cluster.JSONPatch(b.t.Context(), ref, []byte(patch)); err != nil {
		b.t.Fatal(err)
	}
}

const garbled = `{"op": "replace", "path": "/data/release", "value": "AAAA"}`

// TestUnreadableRecord: a release whose only record cannot be read is not taken for a new one, and what is in the way
// is named.
func TestUnreadableRecord(t *testing.T) {
	for name, tt := range map[string]struct {
		patch, want string
		unreadable  bool
	}{
		"garbled":         {"[" + garbled + "]", "its record cannot be read: Secret/sh.helm.release.v1.web.v1; restore it, or delete it", true},
		"without version": {"[" + garbled + `, {"op": "remove", "path": "/metadata/labels/version"}]`, "Secret/sh.helm.release.v1.web.v1; restore it", true},
		"absurd version": {"[" + garbled + `, {"op": "replace", "path": "/metadata/labels/version", "value": "99999999999999999999"}]`,
			"Secret/sh.helm.release.v1.web.v1; restore it", true},
		"without owner": {`[{"op": "remove", "path": "/metadata/labels/owner"}]`,
			"Secret/sh.helm.release.v1.web.v1 in NAMESPACE is in the way: without the labels owner=helm and name=web it is no record", false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newHarness(t)
			b.mustDeploy(b.request(service("1.0.0", nil), nil))
			b.spoil(tt.patch)
			p, err := b.engine.Plan(t.Context(), b.request(service("1.1.0", nil), nil))
			if err == nil {
				_, err = b.apply(t.Context(), p)
			}
			if want := strings.Replace(tt.want, "NAMESPACE", b.namespace, 1); err == nil || !strings.Contains(err.Error(), want) {
				t.Fatalf("%v, want %s", err, want)
			}
			if !deployer.Untouched(err) || errors.Is(err, release.ErrUnreadable) != tt.unreadable {
				t.Errorf("%v: untouched is %t", err, deployer.Untouched(err))
			}
			_, err = b.engine.Uninstall(t.Context(), deployer.UninstallRequest{Release: "web", Namespace: b.namespace}, event.Span{})
			if errors.Is(err, release.ErrUnreadable) != tt.unreadable {
				t.Errorf("uninstall: %v", err)
			}
		})
	}
}

// TestUnreadableRecordAmongOthers is ignored, and said so, and its number counts.
func TestUnreadableRecordAmongOthers(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), nil))
	b.mustDeploy(b.request(service("1.1.0", nil), map[string]any{"greeting": "two"}))
	b.spoil("[" + garbled + `, {"op": "remove", "path": "/metadata/labels/version"}]`)
	p, err := b.engine.Plan(t.Context(), b.request(service("1.2.0", nil), nil))
	if err != nil || p.Revision != 3 || !strings.Contains(strings.Join(p.Warnings, "|"), "the record of revision 1 cannot be read") {
		t.Errorf("%v: %+v", err, p)
	}
}

func TestMissingNamespace(t *testing.T) {
	b := newHarness(t)
	req := b.request(service("1.0.0", nil), nil)
	req.Namespace = b.namespace + "-new"
	if _, err := b.engine.Plan(t.Context(), req); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("%v", err)
	}
	req.CreateNamespace = true
	t.Cleanup(func() {
		ref := kube.Ref{APIVersion: "v1", Kind: "Namespace", Name: req.Namespace}
		_ = b.cluster.Delete(context.WithoutCancel(t.Context()), ref, "", kube.Background)
	})
	bad := b.request(service("1.0.0", map[string]string{"templates/bad.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {sellector: {}}\n"}), nil)
	bad.Namespace, bad.CreateNamespace = req.Namespace, true
	if _, err := b.engine.Plan(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "sellector") {
		t.Errorf("an object that no namespace would take: %v", err)
	}
	out := b.mustDeploy(req)
	if out.Status != event.Passed || out.Revision != 1 {
		t.Errorf("%+v", out)
	}
}
