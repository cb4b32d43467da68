package deployer

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/release"
)

// waves groups changes by wave, in order, and keeps their order within one.
func waves(changes []Change) [][]*Change {
	out := make([][]*Change, len(release.Waves))
	for i := range changes {
		r := release.Wave(changes[i].Object.Kind)
		out[r] = append(out[r], &changes[i])
	}
	return slices.DeleteFunc(out, func(w []*Change) bool { return len(w) == 0 })
}

// uninstallWaves groups objects by wave, last one first.
func uninstallWaves(objects []*unstructured.Unstructured) [][]*unstructured.Unstructured {
	out := make([][]*unstructured.Unstructured, len(release.Waves))
	for _, o := range objects {
		r := len(release.Waves) - 1 - release.Wave(o.GetKind())
		out[r] = append(out[r], o)
	}
	return slices.DeleteFunc(out, func(w []*unstructured.Unstructured) bool { return len(w) == 0 })
}

// byInstallOrder sorts objects as they will be applied; equal ones stay as rendered.
func byInstallOrder(a, b *unstructured.Unstructured) int {
	return cmp.Compare(release.Wave(a.GetKind()), release.Wave(b.GetKind()))
}
