package kubelet

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
	statusutil "k8s.io/kubernetes/pkg/util/pod"
)

// sync brings one pod up to now, writes its status if it changed, and returns when to look again.
func (k *Kubelet) sync(ctx context.Context, key string) (time.Duration, error) {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return 0, nil
	}
	obj, err := k.pods.Pods(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		k.forget(key)
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	p := k.state(key, obj)
	p.mu.Lock()
	defer p.mu.Unlock()
	if obj.DeletionTimestamp != nil {
		return k.remove(ctx, obj, p)
	}
	if p.sent == nil && ended(obj.Status.Phase) {
		return 0, nil
	}
	next := p.advance(obj, k.env(ctx, obj))
	return next, k.report(ctx, obj, p)
}

// state returns what the node knows about obj, which is nothing yet for a new pod of the same name.
func (k *Kubelet) state(key string, obj *corev1.Pod) *pod {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, ok := k.states[key]
	if ok && p.uid == obj.UID {
		return p
	}
	if ok {
		k.release(p)
	}
	p = newPod(obj, k.address(obj))
	k.states[key] = p
	return p
}

func (k *Kubelet) address(obj *corev1.Pod) string {
	if obj.Spec.HostNetwork {
		return hostIP
	}
	return k.addrs.take()
}

func (k *Kubelet) forget(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p, ok := k.states[key]; ok {
		k.release(p)
		delete(k.states, key)
	}
}

// release ends what still runs of a pod that is gone, so that nobody follows its logs forever. k.mu is held.
func (k *Kubelet) release(p *pod) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = true
	p.stop(env{event: func(*corev1.Container, string, string, string) {}})
	k.addrs.give(p.ip)
}

// remove ends a pod that is being deleted, and returns when to look again while its containers still stop.
func (k *Kubelet) remove(ctx context.Context, obj *corev1.Pod, p *pod) (time.Duration, error) {
	if p.gone {
		return 0, nil
	}
	left := p.terminate(obj, k.env(ctx, obj))
	if err := k.report(ctx, obj, p); err != nil || left > 0 {
		return left, err
	}
	zero := int64(0)
	err := k.client.CoreV1().Pods(obj.Namespace).Delete(ctx, obj.Name, metav1.DeleteOptions{
		GracePeriodSeconds: &zero,
		Preconditions:      &metav1.Preconditions{UID: &obj.UID},
	})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return 0, err
	}
	p.gone = true
	return 0, nil
}

// report writes the pod's status if it is another than the one last written.
func (k *Kubelet) report(ctx context.Context, obj *corev1.Pod, p *pod) error {
	before := obj.Status
	if p.sent != nil {
		before = *p.sent
		before.Conditions = withForeign(before.Conditions, obj.Status.Conditions)
	}
	after := p.status(obj, before)
	if equality.Semantic.DeepEqual(before, after) {
		return nil
	}
	_, _, _, err := statusutil.PatchPodStatus(ctx, k.client, obj.Namespace, obj.Name, obj.UID, before, after)
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // it is gone, or another one of its name
	}
	if err != nil {
		return err
	}
	p.sent = &after
	return nil
}

func ended(phase corev1.PodPhase) bool {
	return phase == corev1.PodSucceeded || phase == corev1.PodFailed
}

// env is the outside world of obj.
func (k *Kubelet) env(ctx context.Context, obj *corev1.Pod) env {
	return env{
		pull:   func(ref string, policy corev1.PullPolicy) (pulled, error) { return k.images.pull(ctx, ref, policy) },
		mount:  func(v *corev1.Volume) error { return k.checkVolume(ctx, obj.Namespace, v) },
		config: func(c *corev1.Container) error { return k.checkEnv(ctx, obj.Namespace, c) },
		event: func(c *corev1.Container, kind, reason, message string) {
			k.events.Event(about(obj, c), kind, reason, message)
		},
	}
}

// about names what an event is about: the pod, or one of its containers.
func about(obj *corev1.Pod, c *corev1.Container) *corev1.ObjectReference {
	ref := &corev1.ObjectReference{
		APIVersion: "v1", Kind: "Pod", Namespace: obj.Namespace, Name: obj.Name, UID: obj.UID, ResourceVersion: obj.ResourceVersion,
	}
	if c == nil {
		return ref
	}
	field := "spec.containers"
	for i := range obj.Spec.InitContainers {
		if obj.Spec.InitContainers[i].Name == c.Name {
			field = "spec.initContainers"
		}
	}
	ref.FieldPath = fmt.Sprintf("%s{%s}", field, c.Name)
	return ref
}
