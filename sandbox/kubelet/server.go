package kubelet

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// serve answers what the API server asks a node: container logs. Only the API server's certificate is let in.
func (k *Kubelet) serve(ctx context.Context) error {
	clients := x509.NewCertPool()
	clients.AddCert(k.opts.ClientCA)
	server := &http.Server{
		Handler:           k.routes(ctx),
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients},
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err := server.ServeTLS(k.opts.Listener, k.opts.CertFile, k.opts.KeyFile)
	if errors.Is(err, http.ErrServerClosed) {
		return ctx.Err()
	}
	return err
}

func (k *Kubelet) routes(ctx context.Context) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", func(w http.ResponseWriter, r *http.Request) {
		rctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		k.logs(rctx, w, r) //nolint:contextcheck // the request's, ended with the kubelet
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	for _, path := range []string{"/exec/", "/attach/", "/portForward/", "/run/"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "containers in the sandbox are simulated: there is no process to reach; what they do comes from the labels of their image", http.StatusNotImplemented)
		})
	}
	return mux
}

func (k *Kubelet) logs(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	opts, err := logOptions(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	out, err := k.output(r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container"), opts.Previous)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	flush := func() {
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
	}
	_ = out.write(ctx, w, opts, flush) // an error is the reader's, who has gone
}

// output finds what a container printed in its run, or in the one before.
func (k *Kubelet) output(namespace, name, container string, previous bool) (*output, error) {
	k.mu.Lock()
	p := k.states[namespace+"/"+name]
	k.mu.Unlock()
	if p == nil {
		return nil, fmt.Errorf("pod %q is not on this node", name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.all {
		if c.spec.Name != container {
			continue
		}
		return c.printed(name, previous)
	}
	return nil, fmt.Errorf("container %q not found in pod %q", container, name)
}

// printed returns the output of the latest run, or of the one before it. As a kubelet does, it takes the latest run for
// the previous one while the container waits to be started again.
func (c *container) printed(pod string, previous bool) (*output, error) {
	out := c.output
	if previous && (c.state.Waiting == nil || c.exit == nil) {
		out = c.before
	}
	switch {
	case out != nil:
		return out, nil
	case previous:
		return nil, fmt.Errorf("previous terminated container %q in pod %q not found", c.spec.Name, pod)
	case c.state.Waiting != nil:
		reason := c.state.Waiting.Reason
		if m := c.state.Waiting.Message; m != "" && reason != errImagePull && reason != imagePullBackOff {
			reason += ": " + m
		}
		return nil, fmt.Errorf("container %q in pod %q is waiting to start: %s", c.spec.Name, pod, reason)
	}
	return nil, fmt.Errorf("container %q in pod %q has no logs", c.spec.Name, pod)
}

// logOptions reads the query that the API server makes of PodLogOptions.
func logOptions(q url.Values) (corev1.PodLogOptions, error) {
	var o corev1.PodLogOptions
	o.Follow, _ = strconv.ParseBool(q.Get("follow"))
	o.Previous, _ = strconv.ParseBool(q.Get("previous"))
	o.Timestamps, _ = strconv.ParseBool(q.Get("timestamps"))
	for name, field := range map[string]**int64{"tailLines": &o.TailLines, "sinceSeconds": &o.SinceSeconds, "limitBytes": &o.LimitBytes} {
		v := q.Get(name)
		if v == "" {
			continue
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			return o, fmt.Errorf("%s=%q is not a number", name, v)
		}
		*field = &n
	}
	if v := q.Get("sinceTime"); v != "" {
		t, err := time.Parse(time.RFC3339, v)
		if err != nil {
			return o, fmt.Errorf("sinceTime=%q is not a time", v)
		}
		since := metav1.NewTime(t)
		o.SinceTime = &since
	}
	return o, nil
}
