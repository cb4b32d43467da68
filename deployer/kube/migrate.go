package kube

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/csaupgrade"
)

// AdoptFields hands the fields that manager wrote by client-side apply over to its server-side apply, so that a field
// that leaves the chart leaves the object too. It writes nothing for an object without such fields
// (facts/helm-format.md 4.6).
func (c *Client) AdoptFields(ctx context.Context, live *unstructured.Unstructured, manager string) error {
	for attempt := 0; ; attempt++ {
		if !ClientSide(live, manager) {
			return nil
		}
		patch, err := csaupgrade.UpgradeManagedFieldsPatch(live, sets.New(manager), manager)
		if err != nil {
			return fmt.Errorf("read the managed fields of %s: %w", RefOf(live).Long(), err)
		}
		if patch == nil {
			return nil
		}
		err = c.JSONPatch(ctx, RefOf(live), patch)
		if err == nil || attempt == 3 || !Is(err, Conflict) {
			return err
		}
		if live, err = c.Get(ctx, RefOf(live)); err != nil {
			return err
		}
	}
}

// ClientSide reports whether manager has fields of o by client-side apply.
func ClientSide(o *unstructured.Unstructured, manager string) bool {
	for _, f := range o.GetManagedFields() {
		if f.Manager == manager && f.Operation == metav1.ManagedFieldsOperationUpdate && f.Subresource == "" {
			return true
		}
	}
	return false
}
