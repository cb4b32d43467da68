package cluster

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// memoryLimit is where the garbage collector starts to work harder, in bytes. It is soft: a sandbox with many objects
// gets slower, not killed.
const memoryLimit = 700 << 20

// settle trades speed for memory once the start is over: gcPercent is what it was before, $GOGC or 100, and $GOMEMLIMIT
// prevails.
func settle(gcPercent int) {
	debug.SetGCPercent(gcPercent)
	if debug.SetMemoryLimit(-1) == math.MaxInt64 { // nobody has set one
		debug.SetMemoryLimit(memoryLimit)
	}
	debug.FreeOSMemory()
}

// awaitAPI waits until the API server says it is ready, its bootstrap (namespaces, RBAC, priority levels) included.
func (c *Cluster) awaitAPI(ctx context.Context, cfg *rest.Config) error {
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	return c.poll(ctx, "kube-apiserver", func(ctx context.Context) error {
		out, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		if err != nil {
			return fmt.Errorf("%w: %.400s", err, out)
		}
		return nil
	})
}

// awaitNode waits until the node is Ready and schedulable and pods can be created in the namespace default.
func (c *Cluster) awaitNode(ctx context.Context, cfg *rest.Config) error {
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	err = c.poll(ctx, "the node", func(ctx context.Context) error {
		node, err := client.CoreV1().Nodes().Get(ctx, nodeName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		return usable(node)
	})
	if err != nil {
		return err
	}
	return c.poll(ctx, "kube-controller-manager", func(ctx context.Context) error {
		_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err
	})
}

// usable says what keeps pods from running on node.
func usable(node *corev1.Node) error {
	for _, taint := range node.Spec.Taints {
		return fmt.Errorf("it still has the taint %s", taint.Key)
	}
	for _, cond := range node.Status.Conditions {
		if cond.Type == corev1.NodeReady && cond.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return fmt.Errorf("it is not Ready")
}

// poll asks until ok returns nil, a part fails, or ctx ends. The error names who and carries the last answer.
func (c *Cluster) poll(ctx context.Context, who string, ok func(context.Context) error) error {
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok(ctx)
		if err == nil {
			return nil
		}
		select {
		case failed := <-c.failed:
			return failed
		case <-ctx.Done():
			return fmt.Errorf("%s: %w: %w", who, context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}
