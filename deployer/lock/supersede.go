package lock

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/pintle-ci/pintle/deployer/kube"
)

// The annotations of a lock. Whoever is allowed to be superseded says so, and a newer build asks by writing its own job
// into the second half.
const (
	jobNote   = "pintle.dev/job-"
	newerNote = "pintle.dev/superseded-by-"
	givesWay  = "pintle.dev/gives-way"
)

// SupersededError is the cause of an operation's end that a newer build of the same branch has asked for, or for which
// it has come too late.
type SupersededError struct{ By Job }

// Error is one line.
func (e *SupersededError) Error() string { return "superseded by " + e.By.String() }

// marks are the annotations of a lock of this job.
func (l *Locker) marks(supersede bool) map[string]string {
	notes := l.Job.notes(jobNote)
	if supersede {
		notes[givesWay] = "true"
	}
	return notes
}

// whoHolds names the holder of a lock, as well as its annotations can.
func whoHolds(l *leaseObject) string {
	job := jobIn(l.Metadata.Annotations, jobNote)
	if job.URL == "" || job.URL != l.Spec.HolderIdentity {
		return l.Spec.HolderIdentity
	}
	return job.String()
}

// askedToStop is the newer build that has asked the holder of a lock to stop; nil if none has, or none that may.
func (l *Locker) askedToStop(lease *leaseObject) *SupersededError {
	by := jobIn(lease.Metadata.Annotations, newerNote)
	if lease.Metadata.Annotations[givesWay] != "true" || !by.supersedes(l.Job) {
		return nil
	}
	return &SupersededError{By: by}
}

// supersedeHolder asks the holder of a lock to stop, if this is a newer build of its branch and both may. It reports
// whether that has been asked. A newer holder is a *SupersededError: this build has come too late.
func (l *Locker) supersedeHolder(ctx context.Context, req Request, held *leaseObject) (asked bool, err error) {
	holder := jobIn(held.Metadata.Annotations, jobNote)
	if !req.Supersede || holder.URL != held.Spec.HolderIdentity || held.Metadata.Annotations[givesWay] != "true" {
		return false, nil
	}
	if holder.supersedes(l.Job) {
		return false, &SupersededError{By: holder}
	}
	if !l.Job.supersedes(holder) {
		return false, nil
	}
	if by := jobIn(held.Metadata.Annotations, newerNote); by == l.Job || by.supersedes(l.Job) {
		return true, nil
	}
	next := *held
	next.Metadata.Annotations = l.Job.notes(newerNote)
	for key, value := range held.Metadata.Annotations {
		if !strings.HasPrefix(key, newerNote) {
			next.Metadata.Annotations[key] = value
		}
	}
	err = l.Cluster.Do(ctx, http.MethodPut, leasePath(held.Metadata.Namespace, held.Metadata.Name), &next, nil)
	if kube.Is(err, kube.Conflict) || kube.Is(err, kube.NotFound) {
		return false, nil // its heartbeat was faster, or it has ended: at the next look
	}
	if err != nil {
		return false, fmt.Errorf("ask %s to stop: %w", holder, err)
	}
	return true, nil
}
