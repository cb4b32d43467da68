package cloud

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	provisioner = "sandbox.pintle.dev/volumes"
	className   = "standard"
	// The annotations by which the control plane and a provisioner outside of it talk:
	// k8s.io/component-helpers/storage/volume.
	annProvisioner   = "volume.kubernetes.io/storage-provisioner"
	annProvisionedBy = "pv.kubernetes.io/provisioned-by"
	annDefaultClass  = "storageclass.kubernetes.io/is-default-class"
)

// Bootstrap makes what a cluster of a cloud provider has from the beginning: the default StorageClass.
func Bootstrap(ctx context.Context, client kubernetes.Interface) error {
	remove, immediate := corev1.PersistentVolumeReclaimDelete, storagev1.VolumeBindingImmediate
	_, err := client.StorageV1().StorageClasses().Create(ctx, &storagev1.StorageClass{
		ObjectMeta:        metav1.ObjectMeta{Name: className, Annotations: map[string]string{annDefaultClass: "true"}},
		Provisioner:       provisioner,
		ReclaimPolicy:     &remove,
		VolumeBindingMode: &immediate,
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create the StorageClass %s: %w", className, err)
	}
	return nil
}

// provision makes a volume for a claim that the control plane has handed to this provisioner. The control plane binds it.
func (c *cloud) provision(ctx context.Context, o object) error {
	pvc, err := c.claims.PersistentVolumeClaims(o.namespace).Get(o.name)
	if err != nil {
		return err
	}
	if pvc.Annotations[annProvisioner] != provisioner || pvc.Spec.VolumeName != "" || pvc.DeletionTimestamp != nil {
		return nil
	}
	class, err := c.client.StorageV1().StorageClasses().Get(ctx, *pvc.Spec.StorageClassName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	_, err = c.client.CoreV1().PersistentVolumes().Create(ctx, volumeFor(pvc, class), metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func volumeFor(pvc *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) *corev1.PersistentVolume {
	name := "pvc-" + string(pvc.UID)
	pv := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{annProvisionedBy: provisioner}},
		Spec: corev1.PersistentVolumeSpec{
			AccessModes:      pvc.Spec.AccessModes,
			Capacity:         corev1.ResourceList{corev1.ResourceStorage: pvc.Spec.Resources.Requests[corev1.ResourceStorage]},
			StorageClassName: class.Name,
			VolumeMode:       pvc.Spec.VolumeMode,
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: claim, Namespace: pvc.Namespace, Name: pvc.Name, UID: pvc.UID, ResourceVersion: pvc.ResourceVersion,
			},
			// No such folder is made: containers are simulated.
			PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/sandbox/" + name}},
		},
	}
	if class.ReclaimPolicy != nil {
		pv.Spec.PersistentVolumeReclaimPolicy = *class.ReclaimPolicy
	}
	return pv
}

// reclaim deletes a volume whose claim is gone, unless it is to be retained.
func (c *cloud) reclaim(ctx context.Context, o object) error {
	pv, err := c.volumes.Get(o.name)
	if err != nil {
		return err
	}
	if pv.Annotations[annProvisionedBy] != provisioner || pv.Status.Phase != corev1.VolumeReleased ||
		pv.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete {
		return nil
	}
	return c.client.CoreV1().PersistentVolumes().Delete(ctx, pv.Name, metav1.DeleteOptions{})
}
