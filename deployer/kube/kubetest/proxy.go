package kubetest

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Proxy is a real HTTP/2 reverse proxy in front of the sandbox's API server, through which a test breaks what it likes.
type Proxy struct {
	Kubeconfig string // of a connection through the proxy

	fault  atomic.Pointer[func(http.Handler) http.Handler]
	door   *door
	server *httptest.Server
}

// Restart is what a server does that restarts: it cuts all connections, refuses new ones for a while, and is there
// again under the same address. It returns when it is, or at once when the test ends.
func (p *Proxy) Restart(t testing.TB, away time.Duration) {
	p.door.shut()
	p.server.CloseClientConnections()
	select {
	case <-t.Context().Done():
	case <-time.After(away):
	}
	if err := p.door.open(); err != nil {
		t.Error(err)
	}
}

// Break puts a handler around the way to the API server; nil takes it away. What is under way already is not touched.
func (p *Proxy) Break(fault func(next http.Handler) http.Handler) {
	if fault == nil {
		p.fault.Store(nil)
		return
	}
	p.fault.Store(&fault)
}

// NewProxy starts a proxy, which ends with the test.
func NewProxy(t testing.TB) *Proxy {
	t.Helper()
	kubeconfig, _ := Cluster(t)
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	upstream, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(upstream) },
		Transport:     transport,
		FlushInterval: -1,
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	p := &Proxy{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := p.fault.Load(); fault != nil {
			(*fault)(forward).ServeHTTP(w, r)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	p.server, p.door = server, &door{address: server.Listener.Addr().String(), current: server.Listener}
	p.door.opened.L = &p.door.mu
	server.Listener = p.door
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	p.Kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	through := clientcmdapi.NewConfig()
	through.CurrentContext = "proxy"
	through.Contexts["proxy"] = &clientcmdapi.Context{Cluster: "proxy", AuthInfo: "proxy"}
	through.AuthInfos["proxy"] = &clientcmdapi.AuthInfo{Token: config.BearerToken}
	through.Clusters["proxy"] = &clientcmdapi.Cluster{
		Server:                   server.URL,
		CertificateAuthorityData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
	}
	data, err := clientcmd.Write(*through)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Kubeconfig, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}
