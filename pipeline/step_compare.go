package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/stamp"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/versioning"
)

// compare holds the unit against what is deployed, before the run publishes
// anything: a release that is another's, or that would go back, ends the run. The
// engine asks the same again when it plans, and under the lock.
func (j *job) compare(_ context.Context, span event.Span) event.Result {
	if j.ping() != nil {
		return event.Result{Status: event.Skipped, Message: "the cluster does not answer"}
	}
	all, err := j.heads[j.unit.Namespace]()
	if kube.Is(err, kube.Forbidden) {
		return event.Result{Status: event.Skipped, Message: "this account may not list the releases of " + j.unit.Namespace + "; the plan says what it lacks"}
	}
	if err != nil {
		return failed(err)
	}
	records := slices.DeleteFunc(slices.Clone(all), func(h release.Head) bool { return h.Name != j.unit.Release })
	request := j.stamp()
	told, err := request.Check(j.unit.Release, j.unit.Namespace, records)
	if err == nil && len(records) == 0 {
		err = request.CheckNamespace(j.unit.Release, j.unit.Namespace, all)
	}
	if err != nil {
		return failed(err)
	}
	for _, line := range told {
		span.Warn(line)
	}
	message := "nothing is deployed"
	if i := slices.IndexFunc(records, func(h release.Head) bool { return h.Status == release.Deployed }); i >= 0 {
		message = strings.TrimSpace("over " + deployedVersion(records[i]))
	}
	return event.Result{Status: event.Passed, Message: message, Version: request.Version}
}

func deployedVersion(h release.Head) string {
	s, _ := stamp.Of(h.Labels)
	if s.Revision != h.Version || s.Version == "" {
		return fmt.Sprintf("revision %d", h.Version)
	}
	return fmt.Sprintf("revision %d, %s", h.Version, s.Build)
}

// headsFunc reads what is deployed in one namespace, once.
type headsFunc func() ([]release.Head, error)

// headsOf are the readers for the namespaces of these units.
func (r *shared) headsOf(ctx context.Context, units []config.Unit) map[string]headsFunc {
	names := map[string][]string{}
	for _, u := range units {
		names[u.Namespace] = append(names[u.Namespace], u.Release)
	}
	out := map[string]headsFunc{}
	for namespace, releases := range names {
		out[namespace] = sync.OnceValues(func() ([]release.Head, error) { return r.engine.Heads(ctx, namespace, releases) })
	}
	return out
}

// stamp is what the unit's release is to say: who deploys which version of it.
func (j *job) stamp() *stamp.Request {
	return &stamp.Request{
		Owner: j.owner(), Build: j.build(), TakeOver: j.Plan.Policies.TakeOver,
		AllowDowngrade: j.Plan.Policies.AllowDowngrade || j.unit.Downgrade == config.Allow,
	}
}

// build is the version of the unit and where it comes from.
func (j *job) build() stamp.Build {
	if !j.unit.Service {
		return stamp.Build{Version: j.chart.Metadata.Version, Kind: stamp.Pin, Chart: stamp.Name(j.chart.Metadata.Name)}
	}
	b := stamp.Build{Version: j.version.Number, Branch: stamp.Name(j.Ref.Branch)}
	switch j.version.Class {
	case versioning.ClassTag:
		b.Kind, b.Branch = stamp.Tag, ""
	case versioning.ClassChange:
		b.Kind = stamp.Change
	case versioning.ClassFeature:
		b.Kind = stamp.Feature
	case versioning.ClassTrunk, versioning.ClassRelease, versioning.ClassHotfix:
		b.Kind = stamp.Branch
	case versioning.ClassUnknown: // a detached HEAD: what it has is a tag's
	}
	return b
}

// readOwner is the owner with the cluster, where the account may see which one it is.
func (r *shared) readOwner(ctx context.Context) stamp.Owner {
	o := Owner(r.Resolved, r.Repository)
	if id, err := r.engine.Cluster(ctx); err == nil {
		o.Cluster = id.UID
	}
	return o
}

// Owner is whose the releases of an environment are.
func Owner(resolved *config.Resolved, repository *versioning.Repository) stamp.Owner {
	return stamp.Owner{Project: resolved.Project, Environment: resolved.Environment, Repository: stamp.Repository(repository.RemoteURL())}
}
