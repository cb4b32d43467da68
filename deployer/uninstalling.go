package deployer

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/release"
)

// afterUninstalling completes the stage of a release whose uninstallation did
// not end. Its objects are alive, or some of them, and the next revision is an
// upgrade; only when all have gone it is an install.
func (e *Engine) afterUninstalling(ctx context.Context, s stage) (stage, error) {
	if s.operation != Upgrade || s.deployed != nil || s.last.Status() != release.Uninstalling {
		return s, nil
	}
	found, err := e.leftovers(ctx, target{stage: s}, nil)
	if err != nil {
		return s, err
	}
	goes := func(o *unstructured.Unstructured) bool {
		mine, _ := owned(o, s.last.Name, s.last.Namespace)
		return mine && !kept(o)
	}
	if !slices.ContainsFunc(found, goes) {
		s.operation = Install
	}
	return s, nil
}
