package deployer

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/deployer/kube"
)

// Job is the build of a CI that works, as the annotations of its lock tell it to
// whoever waits. The zero Job is a person.
type Job struct {
	URL    string // of the build's page
	Name   string // of the job that builds, the same for all its builds
	Build  string // its number, which later builds of the job have higher
	Branch string // empty for tags, which are no successors of each other
	Commit string
}

// The annotations of a lock. Whoever is allowed to be superseded says so, and a
// newer build asks by writing its own job into the second half.
const (
	jobNote   = "pintle.dev/job-"
	newerNote = "pintle.dev/superseded-by-"
	givesWay  = "pintle.dev/gives-way"
)

// longestNote bounds what is read of an annotation: it ends up in logs.
const longestNote = 1024

func (j Job) notes(prefix string) map[string]string {
	out := map[string]string{}
	for key, value := range map[string]string{"url": j.URL, "name": j.Name, "build": j.Build, "branch": j.Branch, "commit": j.Commit} {
		if value != "" {
			out[prefix+key] = value
		}
	}
	return out
}

func jobIn(annotations map[string]string, prefix string) Job {
	read := func(key string) string {
		if v := annotations[prefix+key]; len(v) <= longestNote {
			return strings.Join(strings.Fields(v), " ")
		}
		return ""
	}
	return Job{URL: read("url"), Name: read("name"), Build: read("build"), Branch: read("branch"), Commit: read("commit")}
}

// String is "https://ci/job/shop/12 (build 12 of develop, commit 1a2b3c4)".
func (j Job) String() string {
	var parts []string
	if j.Build != "" {
		parts = append(parts, "build "+j.Build)
	}
	if j.Branch != "" {
		parts = append(parts, "of "+j.Branch)
	}
	about := strings.Join(parts, " ")
	if j.Commit != "" {
		about = strings.TrimPrefix(about+", commit "+j.Commit[:min(len(j.Commit), 8)], ", ")
	}
	switch {
	case about == "":
		return j.URL
	case j.URL == "":
		return about
	}
	return j.URL + " (" + about + ")"
}

// supersedes reports whether j is a newer build of the same branch by the same
// job of the same CI. What is not known makes it none.
func (j Job) supersedes(older Job) bool {
	mine, err := strconv.ParseUint(j.Build, 10, 63)
	if err != nil {
		return false
	}
	theirs, err := strconv.ParseUint(older.Build, 10, 63)
	return err == nil && mine > theirs && j.Branch != "" && j.Branch == older.Branch &&
		j.Name == older.Name && j.series() != "" && j.series() == older.series()
}

// series is what the URLs of one job's builds have in common: all before the
// last number. Build numbers of others count something else.
func (j Job) series() string {
	parts := strings.Split(strings.TrimRight(j.URL, "/"), "/")
	for i := len(parts) - 1; i > 2; i-- { // the host is the third
		if _, err := strconv.ParseUint(parts[i], 10, 63); err == nil {
			return strings.Join(parts[:i], "/")
		}
	}
	return ""
}

// SupersededError is the cause of an operation's end that a newer build of the
// same branch has asked for, or for which it has come too late.
type SupersededError struct{ By Job }

// Error is one line.
func (e *SupersededError) Error() string { return "superseded by " + e.By.String() }

// marks are the annotations of a lock of this engine.
func (e *Engine) marks(req Request) map[string]string {
	notes := e.options.Job.notes(jobNote)
	if req.Supersede {
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

// askedToStop is the newer build that has asked the holder of a lock to stop;
// nil if none has, or none that may.
func (e *Engine) askedToStop(l *leaseObject) *SupersededError {
	by := jobIn(l.Metadata.Annotations, newerNote)
	if l.Metadata.Annotations[givesWay] != "true" || !by.supersedes(e.options.Job) {
		return nil
	}
	return &SupersededError{By: by}
}

// supersede asks the holder of a lock to stop, if this is a newer build of its
// branch and both may. It reports whether that has been asked. A newer holder is
// a *SupersededError: this build has come too late.
func (e *Engine) supersedeHolder(ctx context.Context, req Request, held *leaseObject) (asked bool, err error) {
	holder := jobIn(held.Metadata.Annotations, jobNote)
	if !req.Supersede || holder.URL != held.Spec.HolderIdentity || held.Metadata.Annotations[givesWay] != "true" {
		return false, nil
	}
	if holder.supersedes(e.options.Job) {
		return false, &SupersededError{By: holder}
	}
	if !e.options.Job.supersedes(holder) {
		return false, nil
	}
	if by := jobIn(held.Metadata.Annotations, newerNote); by == e.options.Job || by.supersedes(e.options.Job) {
		return true, nil
	}
	next := *held
	next.Metadata.Annotations = e.options.Job.notes(newerNote)
	for key, value := range held.Metadata.Annotations {
		if !strings.HasPrefix(key, newerNote) {
			next.Metadata.Annotations[key] = value
		}
	}
	err = e.cluster.Do(ctx, http.MethodPut, leasePath(held.Metadata.Namespace, held.Metadata.Name), &next, nil)
	if kube.Is(err, kube.Conflict) || kube.Is(err, kube.NotFound) {
		return false, nil // its heartbeat was faster, or it has ended: at the next look
	}
	if err != nil {
		return false, fmt.Errorf("ask %s to stop: %w", holder, err)
	}
	return true, nil
}
