package cloud

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ingressAddress is the one address of all Ingresses, as behind one ingress controller. It and the addresses of Services
// are from 198.18.0.0/15, which RFC 2544 sets apart for tests.
const ingressAddress = "198.18.0.1"

// expose gives a Service of type LoadBalancer an address, and takes it away from one that is of that type no more.
func (c *cloud) expose(ctx context.Context, o object) error {
	svc, err := c.services.Services(o.namespace).Get(o.name)
	if err != nil {
		return err
	}
	wanted := svc.Spec.Type == corev1.ServiceTypeLoadBalancer && svc.DeletionTimestamp == nil
	has := len(svc.Status.LoadBalancer.Ingress) > 0
	if wanted == has || svc.Spec.LoadBalancerClass != nil {
		return nil
	}
	svc = svc.DeepCopy()
	svc.Status.LoadBalancer.Ingress = nil
	if wanted {
		svc.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: c.address(svc)}}
	}
	_, err = c.client.CoreV1().Services(o.namespace).UpdateStatus(ctx, svc, metav1.UpdateOptions{})
	return err
}

func (c *cloud) address(svc *corev1.Service) string {
	if ip := svc.Spec.LoadBalancerIP; ip != "" {
		return ip
	}
	c.addresses = c.addresses%65000 + 1
	return fmt.Sprintf("198.19.%d.%d", c.addresses/250, c.addresses%250+1)
}

// admit gives an Ingress its address.
func (c *cloud) admit(ctx context.Context, o object) error {
	ing, err := c.ingresses.Ingresses(o.namespace).Get(o.name)
	if err != nil {
		return err
	}
	if len(ing.Status.LoadBalancer.Ingress) > 0 || ing.DeletionTimestamp != nil {
		return nil
	}
	ing = ing.DeepCopy()
	ing.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: ingressAddress}}
	_, err = c.client.NetworkingV1().Ingresses(o.namespace).UpdateStatus(ctx, ing, metav1.UpdateOptions{})
	return err
}
