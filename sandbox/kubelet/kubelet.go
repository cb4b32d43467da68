// Package kubelet is a node without containers: it registers a node and leads the pods bound to it through their
// lives as a kubelet would, writing the status, the events and the logs that a real one writes, while what the
// containers do comes from the labels of their images (package image).
//
// It refuses to run processes: exec, attach, port-forward and probes have nothing to reach. Its rules are those of
// Kubernetes 1.36's kubelet; back-offs are counted by the same library.
package kubelet

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// workers is how many pods are worked on at a time. Almost all of the work is waiting for the API server.
const workers = 8

// Options say how to run the node.
type Options struct {
	Node         string            // its name
	Registry     string            // host:port of the registry whose images are looked up
	StrictImages bool              // images from elsewhere count as absent
	Listener     net.Listener      // of the endpoint for logs
	CertFile     string            // the endpoint's certificate
	KeyFile      string            // and its key
	ClientCA     *x509.Certificate // who may ask for logs: clients with a certificate of this authority
}

// Kubelet is the simulated node.
type Kubelet struct {
	opts   Options
	client kubernetes.Interface
	pods   listers.PodLister
	queue  workqueue.TypedRateLimitingInterface[string]
	events record.EventRecorder
	images images

	mu     sync.Mutex
	states map[string]*pod // by namespace/name
	addrs  addresses
}

// New returns a node that has not started yet. The client's user must be the node's.
func New(client kubernetes.Interface, opts Options) *Kubelet {
	return &Kubelet{
		opts:   opts,
		client: client,
		queue:  workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]()),
		images: images{registry: opts.Registry, strict: opts.StrictImages},
		states: map[string]*pod{},
		addrs:  addresses{used: map[string]bool{}},
	}
}

// Run registers the node and works until ctx ends. It returns after all its goroutines.
func (k *Kubelet) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	defer broadcaster.Shutdown()
	broadcaster.StartRecordingToSink(&typedcore.EventSinkImpl{Interface: k.client.CoreV1().Events("")})
	k.events = broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet", Host: k.opts.Node})

	factory := informers.NewSharedInformerFactoryWithOptions(k.client, 0,
		informers.WithTransform(dropManagedFields),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", k.opts.Node).String()
		}))
	informer := factory.Core().V1().Pods()
	k.pods = informer.Lister()
	if _, err := informer.Informer().AddEventHandler(k.handler()); err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer factory.Shutdown()
	defer k.queue.ShutDown()
	defer cancel()
	failed := make(chan error, 2)
	wg.Go(func() { failed <- k.serve(ctx) })
	wg.Go(func() { failed <- k.runNode(ctx) })
	factory.StartWithContext(ctx)
	for range workers {
		wg.Go(func() { k.work(ctx) })
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func dropManagedFields(obj any) (any, error) {
	if p, ok := obj.(*corev1.Pod); ok {
		p.ManagedFields = nil
	}
	return obj, nil
}

func (k *Kubelet) handler() cache.ResourceEventHandler {
	enqueue := func(obj any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj); err == nil {
			k.queue.Add(key)
		}
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    enqueue,
		UpdateFunc: func(_, obj any) { enqueue(obj) },
		DeleteFunc: enqueue,
	}
}

func (k *Kubelet) work(ctx context.Context) {
	for {
		key, shutdown := k.queue.Get()
		if shutdown {
			return
		}
		next, err := k.sync(ctx, key)
		switch {
		case err != nil:
			k.queue.AddRateLimited(key)
		case next > 0:
			k.queue.Forget(key)
			k.queue.AddAfter(key, next)
		default:
			k.queue.Forget(key)
		}
		k.queue.Done(key)
	}
}

// addresses hands out pod addresses from 10.244.0.0/16. Nothing listens on them.
type addresses struct {
	next uint32
	used map[string]bool
}

func (a *addresses) take() string {
	for {
		a.next = a.next%65000 + 1
		ip := fmt.Sprintf("10.244.%d.%d", a.next/250, a.next%250+2)
		if !a.used[ip] {
			a.used[ip] = true
			return ip
		}
	}
}

func (a *addresses) give(ip string) { delete(a.used, ip) }

// soonest returns the lesser of two durations of which zero means never.
func soonest(a, b time.Duration) time.Duration {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}
