package lock

import (
	"context"
	"net/http"
	"time"

	"github.com/pintle-ci/pintle/deployer/kube"
)

// Period is what a lease promises: one that was not renewed for as long belongs to a dead job (engine-rules.md 3). See
// watched for how long one is watched before it is taken over.
const Period = 15 * time.Second

const (
	leaseBeat   = 4 * time.Second // from one renewal to the next
	leasePoll   = time.Second     // from one look of a job that waits to the next
	unlockBound = Period          // of giving it back; after that it expires anyway
	microTime   = "2006-01-02T15:04:05.000000Z07:00"
)

type leaseObject struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Metadata   leaseMetadata `json:"metadata"`
	Spec       leaseSpec     `json:"spec"`
}

type leaseMetadata struct {
	Name            string            `json:"name"`
	Namespace       string            `json:"namespace"`
	ResourceVersion string            `json:"resourceVersion,omitempty"`
	UID             string            `json:"uid,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	Annotations     map[string]string `json:"annotations,omitempty"`
}

type leaseSpec struct {
	HolderIdentity       string `json:"holderIdentity"`
	LeaseDurationSeconds int    `json:"leaseDurationSeconds"`
	AcquireTime          string `json:"acquireTime"`
	RenewTime            string `json:"renewTime"`
}

func leaseName(release string) string { return "pintle-lock-" + release }

func leasePath(namespace, name string) string {
	p := "/apis/coordination.k8s.io/v1/namespaces/" + namespace + "/leases"
	if name != "" {
		p += "/" + name
	}
	return p
}

// tryLock creates the lease, or takes a dead job's over; previous is then that job. When another job holds it, the
// answer is that job's lease, and not taken.
func (l *Locker) tryLock(
	ctx context.Context, req Request, dead func(*leaseObject) bool,
) (lease *leaseObject, previous string, taken bool, err error) {
	name := leaseName(req.Release)
	now := l.Cluster.Now().UTC().Format(microTime)
	mine := &leaseObject{
		APIVersion: "coordination.k8s.io/v1", Kind: "Lease",
		Metadata: leaseMetadata{
			Name: name, Namespace: req.Namespace,
			Labels: map[string]string{"app.kubernetes.io/managed-by": "pintle"}, Annotations: l.marks(req.Supersede),
		},
		Spec: leaseSpec{
			HolderIdentity: l.Holder, LeaseDurationSeconds: int(Period.Seconds()), AcquireTime: now, RenewTime: now,
		},
	}
	lease = &leaseObject{}
	refusal := l.Cluster.Do(ctx, http.MethodPost, leasePath(req.Namespace, ""), mine, lease)
	if !kube.Is(refusal, kube.Exists) && !kube.Is(refusal, kube.Forbidden) {
		return lease, "", refusal == nil, refusal
	}
	err = l.Cluster.Do(ctx, http.MethodGet, leasePath(req.Namespace, name), nil, lease)
	switch {
	case kube.Is(refusal, kube.Forbidden) && err != nil:
		return lease, "", false, refusal
	case kube.Is(err, kube.NotFound):
		return lease, "", false, nil // given back this moment: try again
	case err != nil:
		return lease, "", false, err
	case lease.Spec == mine.Spec:
		return lease, "", true, nil // our own, whose answer was lost
	case !dead(lease):
		return lease, "", false, nil
	}
	return l.takeLease(ctx, lease, mine)
}

// takeLease replaces a dead job's lease, unless somebody is faster.
func (l *Locker) takeLease(
	ctx context.Context, held, mine *leaseObject,
) (lease *leaseObject, previous string, taken bool, err error) {
	path, previous := leasePath(held.Metadata.Namespace, held.Metadata.Name), held.Spec.HolderIdentity
	mine.Metadata.ResourceVersion, mine.Metadata.UID = held.Metadata.ResourceVersion, held.Metadata.UID
	lease = &leaseObject{}
	err = l.Cluster.Do(ctx, http.MethodPut, path, mine, lease)
	if kube.Is(err, kube.Conflict) {
		err = l.Cluster.Do(ctx, http.MethodGet, path, nil, lease)
		if err == nil && lease.Spec != mine.Spec {
			return lease, "", false, nil
		}
	}
	if kube.Is(err, kube.NotFound) {
		return held, "", false, nil
	}
	return lease, previous, err == nil, err
}

// expire gives a lock back that was taken over from a dead job and whose legacy nobody has dealt with: the next one
// finds it as the dead job left it. Without it, a pending revision would have no lock, and pass for Helm's at work.
func (l *Locker) expire(ctx context.Context, lease *leaseObject, dead string) {
	lease.Spec.HolderIdentity, lease.Spec.RenewTime = dead, time.Unix(0, 0).UTC().Format(microTime)
	lease.Metadata.Annotations = nil // they were ours
	_ = l.Cluster.Do(ctx, http.MethodPut, leasePath(lease.Metadata.Namespace, lease.Metadata.Name), lease, nil)
}

// unlock deletes the lease if it is still ours. Failing that, it expires.
func (l *Locker) unlock(ctx context.Context, lease *leaseObject) {
	path := leasePath(lease.Metadata.Namespace, lease.Metadata.Name)
	for range 3 {
		options := map[string]any{
			"apiVersion": "v1", "kind": "DeleteOptions",
			"preconditions": map[string]any{"uid": lease.Metadata.UID, "resourceVersion": lease.Metadata.ResourceVersion},
		}
		if err := l.Cluster.Do(ctx, http.MethodDelete, path, options, nil); !kube.Is(err, kube.Conflict) {
			return
		}
		var got leaseObject
		err := l.Cluster.Do(ctx, http.MethodGet, path, nil, &got)
		if err != nil || got.Metadata.UID != lease.Metadata.UID || got.Spec.AcquireTime != lease.Spec.AcquireTime {
			return
		}
		*lease = got // a heartbeat that was cut short has arrived
	}
}
