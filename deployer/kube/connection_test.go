package kube

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Whatever is asked at once, all of it goes over one connection: the first request opens it alone, and the objects
// leave streams for watches and locks.
func TestOneConnection(t *testing.T) {
	var connections, objects, most atomic.Int64
	var once sync.Once
	full, let := make(chan struct{}), make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/objects") {
			return
		}
		n := objects.Add(1)
		defer objects.Add(-1)
		for seen := most.Load(); seen < n && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		if n == maxObjects {
			once.Do(func() { close(full) })
		}
		<-let
	}))
	server.EnableHTTP2 = true
	server.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 100}
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	defer server.Close()
	c := clientOf(t, server)
	var all sync.WaitGroup
	ask := func(r request) {
		all.Go(func() {
			if err := c.do(t.Context(), r, nil); err != nil {
				t.Error(err)
			}
		})
	}
	for range 30 {
		ask(request{method: http.MethodGet, path: "/first", urgent: true})
	}
	all.Wait()
	for range 3 * maxObjects {
		ask(request{method: http.MethodPatch, path: "/objects"})
	}
	<-full
	if err := c.Do(t.Context(), http.MethodPut, "/lock", nil, nil); err != nil {
		t.Errorf("a lock cannot be kept while objects are applied: %v", err)
	}
	close(let)
	all.Wait()
	if connections.Load() != 1 || most.Load() != maxObjects {
		t.Errorf("%d connections, at most %d objects at once", connections.Load(), most.Load())
	}
}
