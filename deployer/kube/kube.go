// Package kube is the cluster as the engine needs it: one connection, one discovery, server-side apply, delete, list,
// watch, logs and events over plain REST and JSON, on unstructured objects.
//
// It refuses to know releases, charts and plans, and it has no typed clientset: the Kubernetes scheme alone would cost
// more start-up time than a whole command.
package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pintle-ci/pintle/internal/answers"
)

// Config says which cluster to talk to. The zero Config means what kubectl means: $KUBECONFIG, else ~/.kube/config,
// else the pod's service account.
type Config struct {
	Kubeconfig string // path of a kubeconfig; it must exist when given
	Context    string // of that kubeconfig; empty means its current one
	Namespace  string // overrides the context's
	UserAgent  string // empty means "pintle"

	// Wrap stands around the transport, below authentication; tests count and break requests with it. It may be nil.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// Client is a connection to one cluster, safe for concurrent use.
type Client struct {
	base      *url.URL
	http      *http.Client
	source    string // "context demo of /path/kubeconfig", for messages
	namespace string
	contacted atomic.Bool // the server has answered once: outages are then temporary
	opening   atomic.Bool // the first request is on its way or has been: see opened
	opened    chan struct{}
	objects   chan struct{} // requests for objects that are under way; see maxObjects
	answers   *answers.Memory
	discovery discovery
	skew      atomic.Int64 // the server's clock minus ours, in nanoseconds
}

const dialTimeout = 5 * time.Second

// Connect makes a Client. It reads the kubeconfig and touches no network; the first request does. Errors are of type
// *Error with Reason Misconfigured.
func Connect(cfg Config) (*Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = cfg.Kubeconfig
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules,
		&clientcmd.ConfigOverrides{CurrentContext: cfg.Context})
	source := describeSource(cfg, loader)
	if err := checkContext(cfg, loader); err != nil {
		return nil, err
	}
	rc, err := loader.ClientConfig()
	if err != nil {
		return nil, misconfigured(cfg, source, err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, misconfigured(cfg, source, err)
	}
	if cfg.Namespace != "" {
		namespace = cfg.Namespace
	}
	return newClient(cfg, rc, source, namespace)
}

// DefaultNamespace is the namespace that a command without one means: cfg's, the kubeconfig context's, or "default";
// what cannot be read counts as absent. It touches no network.
func DefaultNamespace(cfg Config) string {
	if cfg.Namespace != "" {
		return cfg.Namespace
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = cfg.Kubeconfig
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules,
		&clientcmd.ConfigOverrides{CurrentContext: cfg.Context})
	namespace, _, err := loader.Namespace()
	if err != nil || namespace == "" {
		return "default"
	}
	return namespace
}

func newClient(cfg Config, rc *rest.Config, source, namespace string) (*Client, error) {
	rc.QPS = -1
	rc.Timeout = 0
	rc.UserAgent = cfg.UserAgent
	if rc.UserAgent == "" {
		rc.UserAgent = "pintle"
	}
	rc.Dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	if cfg.Wrap != nil {
		rc.Wrap(cfg.Wrap)
	}
	httpClient, err := rest.HTTPClientFor(rc)
	if err != nil {
		return nil, misconfigured(cfg, source, err)
	}
	base, _, err := rest.DefaultServerUrlFor(rc)
	if err != nil {
		return nil, misconfigured(cfg, source, err)
	}
	return &Client{
		base: base, http: httpClient, source: source, namespace: namespace,
		opened: make(chan struct{}), objects: make(chan struct{}, maxObjects), answers: answers.NewMemory(),
	}, nil
}

// Server is the API server's address.
func (c *Client) Server() string { return strings.TrimSuffix(c.base.String(), "/") }

// Now is the API server's time, to about a second, so that machines with other clocks agree on when a lock has expired.
func (c *Client) Now() time.Time { return time.Now().Add(time.Duration(c.skew.Load())) }

// Namespace is the one given, else the kubeconfig context's, else "default".
func (c *Client) Namespace() string { return c.namespace }

// describeSource says where the connection comes from, for error messages.
func describeSource(cfg Config, loader clientcmd.ClientConfig) string {
	path := cfg.Kubeconfig
	if path == "" {
		path = os.Getenv(clientcmd.RecommendedConfigPathEnvVar)
	}
	if path == "" {
		path = clientcmd.RecommendedHomeFile
	}
	name := cfg.Context
	if raw, err := loader.RawConfig(); err == nil && name == "" {
		name = raw.CurrentContext
		if len(raw.Contexts) == 0 && cfg.Kubeconfig == "" {
			return "the service account of this pod"
		}
	}
	if name == "" {
		return path
	}
	return fmt.Sprintf("context %q of %s", name, path)
}

// checkContext reports a context that was asked for and does not exist.
func checkContext(cfg Config, loader clientcmd.ClientConfig) error {
	if cfg.Context == "" {
		return nil
	}
	raw, err := loader.RawConfig()
	if err != nil {
		return misconfigured(cfg, cfg.Kubeconfig, err)
	}
	if raw.Contexts[cfg.Context] != nil {
		return nil
	}
	return &Error{
		Reason: Misconfigured, Doing: "find the cluster", Cause: fmt.Sprintf("the kubeconfig has no context %q", cfg.Context),
		Hint: "`kubectl config get-contexts` lists them; choose one with --kube-context",
	}
}

func misconfigured(cfg Config, source string, err error) error {
	e := &Error{Reason: Misconfigured, Doing: "find the cluster", Err: err, Cause: oneLine(err.Error())}
	switch {
	case errors.Is(err, os.ErrNotExist):
		e.Cause = "no kubeconfig " + cfg.Kubeconfig
		e.Hint = "check --kubeconfig and $KUBECONFIG"
	case clientcmd.IsEmptyConfig(err):
		e.Cause = "there is no kubeconfig and this is no pod"
		if path := os.Getenv(clientcmd.RecommendedConfigPathEnvVar); path != "" {
			e.Cause = "no kubeconfig at $KUBECONFIG, which is " + path
		}
		e.Hint = "set $KUBECONFIG or --kubeconfig, or try `pintle sandbox up`"
	default:
		e.Cause = source + ": " + e.Cause
	}
	return e
}

// Ping asks the server for its version: the cheapest way to learn, within seconds, whether it can be reached. It needs
// no permission.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.version(ctx)
	return err
}
