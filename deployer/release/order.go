package release

import (
	"cmp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/internal/installorder"
)

// ByInstallOrder sorts objects as they will be applied; equal ones stay as rendered.
func ByInstallOrder(a, b *unstructured.Unstructured) int {
	return cmp.Compare(installorder.Wave(a.GetKind()), installorder.Wave(b.GetKind()))
}
