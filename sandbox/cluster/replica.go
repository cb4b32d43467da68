package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
)

// ReplicaOptions say how to run one more API server of a cluster that runs in another process.
type ReplicaOptions struct {
	Dir    string                  // the cluster's
	Listen string                  // address on loopback; port 0 means a free one
	Ready  func(kubeconfig string) // is called once it answers, with the administrator's kubeconfig for it, in Dir, mode 0600
}

// RunReplica runs another API server on the cluster's data, with its certificates and accounts, until ctx ends. Unlike
// the first one it can go, and come again, without the cluster: to see what becomes of its clients. It can be called
// once in a process.
func RunReplica(ctx context.Context, o ReplicaOptions) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return err
	}
	addr := listener.Addr().(*net.TCPAddr)
	if !addr.IP.IsLoopback() {
		return fmt.Errorf("listen on %s: only loopback will do", addr.IP)
	}
	kubeconfig := filepath.Join(o.Dir, fmt.Sprintf("%s-%d", adminConfig, addr.Port))
	if err := aim(filepath.Join(o.Dir, adminConfig), "https://"+addr.String(), kubeconfig); err != nil {
		return err
	}
	cp, err := newControlPlane(pkiFiles(o.Dir), listener, etcdEndpoint(o.Dir), "", "")
	if err != nil {
		return err
	}
	admin, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	c := &Cluster{failed: make(chan error, 1)}
	var run context.Context
	run, c.cancel = context.WithCancel(context.WithoutCancel(ctx)) // Stop cancels it, as it does a cluster's
	defer c.Stop()
	c.run("kube-apiserver", func() error { return cp.runAPIServer(run) })
	start, cancel := context.WithTimeoutCause(ctx, StartTimeout, fmt.Errorf("not ready after %s", StartTimeout))
	defer cancel()
	if err := c.awaitAPI(start, admin); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	c.ready = true
	o.Ready(kubeconfig)
	select {
	case <-ctx.Done():
		return nil
	case err := <-c.failed:
		return err
	}
}

// aim writes a copy of a kubeconfig for another address of the same server.
func aim(from, server, to string) error {
	if _, err := os.Stat(from); err != nil {
		return errors.New("the sandbox is not ready yet")
	}
	config, err := clientcmd.LoadFromFile(from)
	if err != nil {
		return err
	}
	for _, c := range config.Clusters {
		c.Server = server
	}
	return clientcmd.WriteToFile(*config, to)
}
