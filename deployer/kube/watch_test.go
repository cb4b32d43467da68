package kube_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

// cutter breaks the first watches after they have told something, as proxies do.
type cutter struct {
	next http.RoundTripper
	mu   sync.Mutex
	cuts int
	down bool      // refuse everything that reads configmaps
	open io.Closer // the body of the newest watch
}

func (c *cutter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	down := c.down && strings.Contains(r.URL.Path, "configmaps")
	c.mu.Unlock()
	if down {
		return nil, io.ErrUnexpectedEOF
	}
	resp, err := c.next.RoundTrip(r)
	if err == nil && r.URL.Query().Get("watch") == "true" {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.cuts > 0 {
			c.cuts--
			resp.Body = &limited{resp.Body, 300} // in the middle of a frame
		}
		c.open = resp.Body
	}
	return resp, err
}

type limited struct {
	io.ReadCloser
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := l.ReadCloser.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

func configMap(namespace, name, value string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name, "namespace": namespace},
		"data": map[string]any{"value": value},
	}}
}

// TestWatchSurvivesCutsAndOutages changes objects while connections break, and expects the watch to end up knowing what
// is there.
func TestWatchSurvivesCutsAndOutages(t *testing.T) {
	breaker := &cutter{cuts: 3}
	c := kubetest.Connect(t, func(next http.RoundTripper) http.RoundTripper { breaker.next = next; return breaker })
	writer := kubetest.Connect(t, nil)
	namespace := kubetest.Namespace(t)
	put := func(name, value string) {
		t.Helper()
		if _, err := writer.Apply(t.Context(), configMap(namespace, name, value), kube.ApplyOptions{Manager: "test"}); err != nil {
			t.Error(err)
		}
	}
	put("a", "1")
	put("b", "1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := map[string]string{}
	var told []kube.Outage
	outages := kube.WithOutages(ctx, func(o kube.Outage) {
		told = append(told, o)
		breaker.mu.Lock()
		defer breaker.mu.Unlock()
		breaker.down = false
	})
	err := c.Watch(outages, "v1", "ConfigMap", kube.Selection{Namespace: namespace}, func(n kube.Notice) {
		switch n.Change {
		case kube.Synced:
			put("a", "2")
		case kube.Gone:
			delete(seen, n.Object.GetName())
			cancel()
		case kube.Seen:
			if n.Object.GetName() == "kube-root-ca.crt" {
				return
			}
			value, _, _ := unstructured.NestedString(n.Object.Object, "data", "value")
			seen[n.Object.GetName()] = value
			if seen["a"] == "2" && value == "2" { // it came through the cuts: now an outage
				breaker.mu.Lock()
				breaker.down = true
				_ = breaker.open.Close()
				breaker.mu.Unlock()
				put("a", "3")
			}
			if value == "3" {
				if err := writer.Delete(t.Context(), kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: namespace, Name: "b"}, "", kube.Background); err != nil {
					t.Error(err)
				}
			}
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "3"}, seen); diff != "" {
		t.Error(diff)
	}
	if len(told) != 2 || told[0].Over || told[0].Cause == "" || !told[1].Over || !told[0].Since.Equal(told[1].Since) {
		t.Errorf("told of the outage: %+v", told)
	}
}

func TestWatchEndsWhenItMay(t *testing.T) {
	c := kubetest.Connect(t, nil)
	err := c.Watch(t.Context(), "no.such/v1", "Thing", kube.Selection{}, func(kube.Notice) {})
	if !kube.Is(err, kube.NoKind) {
		t.Errorf("%v", err)
	}
}

func TestApplyConflictAndDelete(t *testing.T) {
	c := kubetest.Connect(t, nil)
	namespace := kubetest.Namespace(t)
	o, err := c.Apply(t.Context(), configMap(namespace, "x", "1"), kube.ApplyOptions{Manager: "one"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Apply(t.Context(), configMap(namespace, "x", "2"), kube.ApplyOptions{Manager: "two"})
	var conflict *kube.Error
	if !errors.As(err, &conflict) || conflict.Reason != kube.Conflict {
		t.Fatalf("%v", err)
	}
	if diff := cmp.Diff([]string{"one"}, conflict.Managers); diff != "" {
		t.Error(diff)
	}
	dry, err := c.Apply(t.Context(), configMap(namespace, "x", "2"), kube.ApplyOptions{Manager: "two", Force: true, DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	live, err := c.Get(t.Context(), kube.RefOf(o))
	if err != nil || live.GetResourceVersion() != o.GetResourceVersion() {
		t.Errorf("a dry run wrote: %v", err)
	}
	if value, _, _ := unstructured.NestedString(dry.Object, "data", "value"); value != "2" {
		t.Errorf("dry run: %v", dry.Object)
	}
	if err := c.Delete(t.Context(), kube.RefOf(o), "another-uid", kube.Background); !kube.Is(err, kube.Conflict) {
		t.Errorf("delete of another uid: %v", err)
	}
	if err := c.Delete(t.Context(), kube.RefOf(o), string(o.GetUID()), kube.Background); err != nil {
		t.Error(err)
	}
	if _, err := c.Get(t.Context(), kube.RefOf(o)); !kube.Is(err, kube.NotFound) {
		t.Errorf("%v", err)
	}
}
