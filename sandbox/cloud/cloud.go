// Package cloud does what a cloud provider's controllers do for a cluster: volumes for claims, addresses for
// Services of type LoadBalancer and for Ingresses. Nothing is behind the volumes and the addresses.
package cloud

import (
	"context"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	netlisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// object names what to look at again.
type object struct{ kind, namespace, name string }

// The kinds of objects that the cloud looks after.
const (
	claim   = "PersistentVolumeClaim"
	volume  = "PersistentVolume"
	service = "Service"
	ingress = "Ingress"
)

type cloud struct {
	client    kubernetes.Interface
	queue     workqueue.TypedRateLimitingInterface[object]
	claims    corelisters.PersistentVolumeClaimLister
	volumes   corelisters.PersistentVolumeLister
	services  corelisters.ServiceLister
	ingresses netlisters.IngressLister
	addresses uint32 // how many have been given out
}

// Run works until ctx ends, and returns after its goroutines. Bootstrap must have been called.
func Run(ctx context.Context, client kubernetes.Interface) error {
	factory := informers.NewSharedInformerFactory(client, 0)
	core, net := factory.Core().V1(), factory.Networking().V1()
	c := &cloud{
		client:    client,
		queue:     workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[object]()),
		claims:    core.PersistentVolumeClaims().Lister(),
		volumes:   core.PersistentVolumes().Lister(),
		services:  core.Services().Lister(),
		ingresses: net.Ingresses().Lister(),
	}
	for kind, informer := range map[string]cache.SharedIndexInformer{
		claim:   core.PersistentVolumeClaims().Informer(),
		volume:  core.PersistentVolumes().Informer(),
		service: core.Services().Informer(),
		ingress: net.Ingresses().Informer(),
	} {
		if _, err := informer.AddEventHandler(c.enqueue(kind)); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	factory.StartWithContext(ctx)
	factory.WaitForCacheSyncWithContext(ctx)
	wg.Go(func() { c.work(ctx) }) // one worker: addresses are counted without a lock
	<-ctx.Done()
	c.queue.ShutDown()
	wg.Wait()
	factory.Shutdown()
	return ctx.Err()
}

func (c *cloud) enqueue(kind string) cache.ResourceEventHandler {
	add := func(obj any) {
		if m, ok := obj.(metav1.Object); ok {
			c.queue.Add(object{kind, m.GetNamespace(), m.GetName()})
		}
	}
	return cache.ResourceEventHandlerFuncs{AddFunc: add, UpdateFunc: func(_, obj any) { add(obj) }}
}

func (c *cloud) work(ctx context.Context) {
	for {
		o, shutdown := c.queue.Get()
		if shutdown {
			return
		}
		if err := c.reconcile(ctx, o); err != nil && !apierrors.IsNotFound(err) {
			c.queue.AddRateLimited(o)
		} else {
			c.queue.Forget(o)
		}
		c.queue.Done(o)
	}
}

func (c *cloud) reconcile(ctx context.Context, o object) error {
	switch o.kind {
	case claim:
		return c.provision(ctx, o)
	case volume:
		return c.reclaim(ctx, o)
	case service:
		return c.expose(ctx, o)
	case ingress:
		return c.admit(ctx, o)
	}
	return fmt.Errorf("nobody looks after a %s", o.kind)
}
