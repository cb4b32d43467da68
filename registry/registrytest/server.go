// Package registrytest is a registry for tests, with faults that they choose. It is a
// real one, in the process, and no mock of one.
package registrytest

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
)

// Fault answers a request itself, or reports that the registry shall.
type Fault func(w http.ResponseWriter, r *http.Request) (handled bool)

// Server is a real registry behind faults.
type Server struct {
	Host string // 127.0.0.1:port, by plain HTTP
	Real http.Handler

	mu       sync.Mutex
	fault    Fault
	requests []string
}

// New starts a registry that ends with the test.
func New(t *testing.T) *Server {
	t.Helper()
	s := &Server{Real: ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		fault := s.fault
		s.mu.Unlock()
		if fault == nil || !fault(w, r) {
			s.Real.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(web.Close)
	s.Host = strings.TrimPrefix(web.URL, "http://")
	return s
}

// Inject puts a fault before the registry, nil for none, and forgets the requests so far.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.requests = f, nil
}

// Ref is the reference of a path in the registry.
func (s *Server) Ref(path string) string { return "oci://" + s.Host + "/" + path }

// Count is how often a request whose "METHOD path" contains part was made.
func (s *Server) Count(part string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if strings.Contains(r, part) {
			n++
		}
	}
	return n
}

// Answer gives each of the first n requests whose "METHOD path" contains part a status and a body.
func Answer(n int, part string, status int, body string, header ...string) Fault {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if n <= 0 || !strings.Contains(r.Method+" "+r.URL.Path, part) {
			return false
		}
		n--
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

// Cut ends the connection of each of the first n requests whose "METHOD path" contains part.
func Cut(n int, part string) Fault {
	f := Answer(n, part, 0, "")
	return func(w http.ResponseWriter, r *http.Request) (handled bool) {
		defer func() {
			if recover() != nil { // WriteHeader refuses status 0: the request is one of the n
				panic(http.ErrAbortHandler)
			}
		}()
		return f(w, r)
	}
}

// Stall answers requests whose "METHOD path" contains part with the beginning of
// an answer, and then with nothing, or with a byte now and then.
func Stall(part string, drip time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.Method+" "+r.URL.Path, part) {
			return false
		}
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		w.Header().Set("Content-Length", "1000000")
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
			if drip == 0 {
				<-r.Context().Done()
				break
			}
			select {
			case <-r.Context().Done():
			case <-time.After(drip):
			}
		}
		return true
	}
}

// RoundTrip is a transport made of a function.
type RoundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f RoundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
