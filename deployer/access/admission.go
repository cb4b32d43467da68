package access

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
)

// CheckCreate pretends to create an object; refused is why the server would not. exists is true where one of that name
// is there: that one has passed admission. What may come only later is not held against it: its namespace, and for a
// pod its service account.
func CheckCreate(
	ctx context.Context, cluster *kube.Client, o *unstructured.Unstructured, options kube.ApplyOptions,
) (exists bool, refused, err error) {
	options.DryRun = true
	_, err = cluster.Create(ctx, o, options)
	switch {
	case kube.Is(err, kube.Exists):
		return true, nil, nil
	case kube.Is(err, kube.NotFound): // its namespace
		refused, err = CheckElsewhere(ctx, cluster, o, options)
		if !kube.Is(refused, kube.Invalid) {
			refused = nil
		}
		return false, refused, err
	case kube.Is(err, kube.Invalid) || kube.Is(err, kube.Forbidden) && o.GetKind() != "Pod":
		return false, err, nil
	}
	return false, nil, kube.FatalOnly(err)
}

// CheckElsewhere validates an object whose namespace does not exist yet by pretending to create it, by its name, in the
// default namespace. Only what is wrong with the object itself counts: policies and quotas differ by namespace, and an
// object that has the name there is another one.
func CheckElsewhere(
	ctx context.Context, cluster *kube.Client, o *unstructured.Unstructured, options kube.ApplyOptions,
) (refused, err error) {
	probe := o.DeepCopy()
	probe.SetNamespace("default")
	options.DryRun = true
	_, err = cluster.Create(ctx, probe, options)
	if kube.Is(err, kube.Forbidden) {
		return CheckName(o), nil
	}
	if kube.Is(err, kube.Invalid) || kube.Is(err, kube.Immutable) {
		return err, nil
	}
	return nil, kube.FatalOnly(err)
}

// CheckDelete pretends to delete an object; refused is why the server would not.
func CheckDelete(ctx context.Context, cluster *kube.Client, ref kube.Ref, uid string) (refused, err error) {
	err = cluster.CheckDelete(ctx, ref, uid)
	if kube.Is(err, kube.Invalid) || kube.Is(err, kube.Forbidden) {
		return fmt.Errorf("it cannot be deleted: %w", err), nil
	}
	return nil, kube.FatalOnly(err)
}
