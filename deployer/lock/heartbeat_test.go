package lock

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/wait"
)

// TestLostLock: who has lost a lock is told what became of it.
func TestLostLock(t *testing.T) {
	cluster := kubetest.Connect(t, nil)
	for name, tt := range map[string]struct {
		lose func(t *testing.T, path string) // of the lease
		want string
	}{
		"another job": {func(t *testing.T, path string) {
			var l leaseObject
			if err := cluster.Do(t.Context(), http.MethodGet, path, nil, &l); err != nil {
				t.Fatal(err)
			}
			l.Spec.HolderIdentity, l.Spec.AcquireTime = "ci/13", "2026-01-01T00:00:00.000000Z"
			if err := cluster.Do(t.Context(), http.MethodPut, path, &l, nil); err != nil {
				t.Fatal(err)
			}
		}, "ci/13 has taken the release's lock over"},
		"deleted by hand": {func(t *testing.T, path string) {
			if err := cluster.Do(t.Context(), http.MethodDelete, path, nil, nil); err != nil {
				t.Fatal(err)
			}
		}, "the release's lock, Lease/pintle-lock-web, has been deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			err := lostLockAfter(t, cluster, kubetest.Namespace(t), tt.lose)
			if !errors.Is(err, ErrLost) || err.Error() != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
	t.Run("a deleted namespace", func(t *testing.T) {
		ns := kubetest.Namespace(t)
		err := lostLockAfter(t, cluster, ns, func(t *testing.T, path string) {
			if err := cluster.Delete(t.Context(), kube.Ref{APIVersion: "v1", Kind: "Namespace", Name: ns}, "", kube.Background); err != nil {
				t.Fatal(err)
			}
			w := &wait.Waiter{Cluster: cluster}
			lease, err := cluster.Get(t.Context(), kube.Ref{APIVersion: "coordination.k8s.io/v1", Kind: "Lease", Namespace: ns, Name: "pintle-lock-web"})
			if err == nil {
				err = w.Await(t.Context(), []*wait.Item{wait.ToBeGone(lease)})
			}
			if err != nil && !kube.Is(err, kube.NotFound) {
				t.Fatal(err)
			}
		})
		if want := "namespace " + ns + " has been deleted"; !errors.Is(err, ErrLost) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	})
}

// lostLockAfter takes a lock, lets something happen to it, and renews it.
func lostLockAfter(t *testing.T, cluster *kube.Client, namespace string, lose func(*testing.T, string)) error {
	t.Helper()
	l := &Locker{Cluster: cluster, Holder: "ci/12"}
	req := Request{Release: "web", Namespace: namespace, Timeout: time.Minute}
	held, _, _, err := l.tryLock(t.Context(), req, (&waiting{locker: l}).dead)
	if err != nil {
		t.Fatal(err)
	}
	lose(t, leasePath(namespace, leaseName(req.Release)))
	return l.renew(t.Context(), held)
}
