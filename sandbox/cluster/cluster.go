// Package cluster starts a Kubernetes control plane, a simulated node and an image registry in this process.
//
// Everything is the real thing (etcd, kube-apiserver, kube-controller-manager, kube-scheduler) except the node, whose
// containers are simulated (package kubelet), and what a cloud would bring (package cloud). All of it lives in one
// process, so that no death of anything can leave a child behind; another process may run one more API server on its
// data. It refuses to be a cluster that lasts: nothing is synced to disk, and nothing survives the process.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/pintle-ci/pintle/sandbox/cloud"
	"github.com/pintle-ci/pintle/sandbox/kubelet"
	"github.com/pintle-ci/pintle/sandbox/registry"
)

const (
	// StartTimeout bounds the time from Start to a Ready node.
	StartTimeout = 60 * time.Second
	// stopTimeout bounds the wait for parts to end in good order. Nothing of a sandbox is kept, so nothing is lost.
	stopTimeout = 3 * time.Second
	nodeName    = "sandbox"
	adminConfig = "kubeconfig" // in the cluster's folder
)

// Options say how to start a cluster.
type Options struct {
	Name         string       // of the sandbox; the context in the kubeconfig is pintle-NAME
	Dir          string       // an existing folder of mode 0700, used by this cluster alone
	StrictImages bool         // images from elsewhere than the own registry count as absent
	Logs         io.Writer    // takes the logs of all components
	Progress     func(string) // is told each step of the start
}

// Cluster is a running control plane.
type Cluster struct {
	Kubeconfig string // path of the administrator's kubeconfig, in Dir, mode 0600
	Server     string // https://127.0.0.1:PORT
	Registry   string // 127.0.0.1:PORT

	opts   Options
	etcd   *embed.Etcd
	cancel context.CancelFunc // ends the parts
	ready  bool
	parts  sync.WaitGroup
	failed chan error // first failure of a part
}

// Start starts a cluster and waits until its API answers, its node is Ready and pods can be created. It can be called
// once in a process: the Kubernetes components keep state in package variables. An error names the part that failed.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	gcPercent := debug.SetGCPercent(400) // the start is a burst of garbage; afterwards settle() saves memory instead
	ctx, cancelTimeout := context.WithTimeoutCause(ctx, StartTimeout, fmt.Errorf("not ready after %s", StartTimeout))
	defer cancelTimeout()
	c := &Cluster{opts: opts, failed: make(chan error, 1)}
	if err := c.start(ctx); err != nil {
		c.Stop()
		return nil, err
	}
	c.ready = true
	settle(gcPercent)
	return c, nil
}

// Failed delivers the error of a part that ended by itself. Without it the cluster is of no use.
func (c *Cluster) Failed() <-chan error { return c.failed }

// Stop ends all parts. What does not end within three seconds ends with the process, as do the parts of a cluster that
// never got ready: kube-apiserver takes the end of its context during its start for a fatal error and exits.
func (c *Cluster) Stop() {
	done := make(chan struct{})
	go func() {
		if c.ready {
			c.cancel()
			c.parts.Wait()
		}
		if c.etcd != nil {
			c.etcd.Close()
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(stopTimeout):
	}
}

func (c *Cluster) start(ctx context.Context) error {
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel = cancel
	dir := c.opts.Dir
	apiListener, err := listen(ctx)
	if err != nil {
		return err
	}
	logListener, err := listen(ctx)
	if err != nil {
		return err
	}
	if err := c.startRegistry(run); err != nil {
		return err
	}
	c.opts.Progress("starting etcd")
	etcd, endpoint, err := startEtcd(ctx, dir, c.opts.Logs)
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	c.etcd = etcd
	p, err := newPKI(dir, nodeName)
	if err != nil {
		return err
	}
	c.Server = "https://" + apiListener.Addr().String()
	acc := access{name: "pintle-" + c.opts.Name, host: c.Server, pki: p}
	cp, err := c.configure(acc, apiListener, endpoint)
	if err != nil {
		return err
	}
	c.opts.Progress("starting kube-apiserver")
	c.run("kube-apiserver", func() error { return cp.runAPIServer(run) })
	admin := acc.config("admin")
	if err := c.awaitAPI(ctx, admin); err != nil {
		return err
	}
	c.opts.Progress("starting kube-controller-manager, kube-scheduler and the node")
	c.run("kube-controller-manager", func() error { return cp.runControllers(run) })
	c.run("kube-scheduler", func() error { return cp.runScheduler(run) })
	if err := c.startNode(run, acc, logListener); err != nil {
		return err
	}
	return c.awaitNode(ctx, admin)
}

// listen takes a free port on loopback and keeps it: there is no moment in which another process could.
func listen(ctx context.Context) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
}

func (c *Cluster) configure(acc access, listener net.Listener, etcd string) (*controlPlane, error) {
	kcmConfig, err := acc.writePart(c.opts.Dir, "system:kube-controller-manager", "controller-manager.kubeconfig")
	if err != nil {
		return nil, err
	}
	schedConfig, err := acc.writePart(c.opts.Dir, "system:kube-scheduler", "scheduler.kubeconfig")
	if err != nil {
		return nil, err
	}
	if c.Kubeconfig, err = acc.writePart(c.opts.Dir, "admin", adminConfig); err != nil {
		return nil, err
	}
	return newControlPlane(acc.pki, listener, etcd, kcmConfig, schedConfig)
}

func (c *Cluster) startRegistry(ctx context.Context) error {
	dir := filepath.Join(c.opts.Dir, "registry")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	l, err := listen(ctx)
	if err != nil {
		return err
	}
	c.Registry = l.Addr().String()
	c.run("registry", func() error { return registry.Serve(ctx, l, dir) })
	return nil
}

func (c *Cluster) startNode(ctx context.Context, acc access, listener net.Listener) error {
	client, err := kubernetes.NewForConfig(protobuf(acc.config("system:node:" + nodeName)))
	if err != nil {
		return err
	}
	kl := kubelet.New(client, kubelet.Options{
		Node: nodeName, Registry: c.Registry, StrictImages: c.opts.StrictImages, Listener: listener,
		CertFile: acc.pki.kubelet.cert, KeyFile: acc.pki.kubelet.key, ClientCA: acc.pki.ca.cert,
	})
	c.run("the simulated kubelet", func() error { return kl.Run(ctx) })
	admin, err := kubernetes.NewForConfig(protobuf(acc.config("pintle:cloud")))
	if err != nil {
		return err
	}
	if err := cloud.Bootstrap(ctx, admin); err != nil {
		return err
	}
	c.run("the simulated cloud", func() error { return cloud.Run(ctx, admin) })
	return nil
}

// protobuf makes cfg speak protobuf, which costs the API server less than JSON. Types without it fall back to JSON.
func protobuf(cfg *rest.Config) *rest.Config {
	cfg.ContentType = "application/vnd.kubernetes.protobuf"
	cfg.AcceptContentTypes = cfg.ContentType + ",application/json"
	return cfg
}

// run starts a part. The first one that ends while the cluster should run is reported through Failed.
func (c *Cluster) run(name string, f func() error) {
	c.parts.Go(func() {
		err := f()
		if err == nil || errors.Is(err, context.Canceled) {
			err = errors.New("ended")
		}
		select {
		case c.failed <- fmt.Errorf("%s: %w", name, err):
		default:
		}
	})
}
