// Package deployer is the release engine: it observes a release and its objects, decides what must change, and acts:
// server-side apply, wait, evidence, rollback. Observe, decide and act are three functions; decide is pure; a rollback
// is only another plan.
//
// It keeps Helm's records, so Helm can go on where it stopped and the other way round. It refuses to render
// (chart/render does), to speak HTTP (deployer/kube does), to print and to choose exit codes: it returns plans,
// outcomes and typed errors, and tells progress through an event.Span.
package deployer

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/deployer/stamp"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/secret"
)

// Engine works on the releases of one cluster, many of them at once. What it remembers is only what all releases of a
// namespace would ask alike.
type Engine struct {
	cluster *kube.Client
	options Options
	absent  kube.Cache[bool] // whether a namespace is missing; kept once it is not
	access  *access.Reviewer
}

// Options are the same for every operation of an Engine.
type Options struct {
	Holder string         // who works, for locks and records: the CI job's URL, else user@host
	Job    lock.Job       // the CI job, where there is one; its URL is then the Holder
	Driver release.Driver // where records live; empty means Secrets
}

// New makes an Engine.
func New(cluster *kube.Client, o Options) *Engine {
	o.Holder = cmp.Or(o.Holder, "pintle")
	return &Engine{cluster: cluster, options: o, access: access.NewReviewer(cluster)}
}

// RenderFunc renders a chart for a release whose revision, cluster and lookups only the engine knows. The engine fills
// ReleaseName, Namespace, Revision, IsUpgrade, KubeVersion, APIVersions, Discovered and Lookup of the options.
type RenderFunc func(context.Context, render.Options) (*render.Result, error)

// Policy says what to do with what a failure left behind.
type Policy string

// The policies. Leave is for people who want to look at what is left; Finish is for interruptions only.
const (
	Rollback Policy = "rollback" // of an upgrade: back to the last deployed revision
	Remove   Policy = "remove"   // of a first install: delete what it created
	Leave    Policy = "leave"
	Finish   Policy = "finish" // go on for the little time that an interruption leaves, then leave
)

// Request asks for a release to be as its chart and values say.
type Request struct {
	Release   string
	Namespace string // empty means the connection's
	Render    RenderFunc

	// Over, if not nil, makes Render for the revision that the new one replaces, to reuse its values: the deployed one,
	// else the last; nil for an install.
	Over func(current *release.Record) (RenderFunc, error)

	Operation plan.Operation // Install takes only a free name, Upgrade only one in use; empty takes either
	Replace   bool           // only for Install: a name is free also when its last revision failed or was uninstalled
	Revise    bool           // record a revision even where nothing changes, as Helm does

	Timeout         time.Duration // of the whole operation; 0 means 5 minutes
	RollbackTimeout time.Duration // of what follows a failure; 0 means Timeout
	LockTimeout     time.Duration // waiting for another job's lock; 0 means Timeout
	// Supersede asks an older build of the same branch that holds the lock to stop, and stops for a newer one.
	Supersede bool

	// Settle is how long workloads must stay ready; 0 means 2 s for those without a readiness probe, below 0 not at
	// all.
	Settle time.Duration

	OnFailure       Policy // Rollback (default) or Leave
	OnFailedInstall Policy // Remove (default) or Leave
	// OnCancel is for an interruption: Rollback (a first install is removed), Leave or Finish; empty means as after a
	// failure.
	OnCancel Policy

	CreateNamespace bool
	HistoryLimit    int               // revisions kept; 0 means 10, below 0 all
	Labels          map[string]string // of the record; the value "null" removes one
	Description     string            // of the revision; empty means Helm's "Install complete"
	WaitForJobs     bool              // Jobs must complete, not only start

	// Evidence keeps the bundle of a failure, a .tgz of at most 5 MB, before anything is rolled back; nil: none is
	// made.
	Evidence func(archive []byte) error

	Logs bool // tell the logs of the pods that are rolled out, while they are awaited

	// Baseline keeps how long objects take to become ready, and warns of those that take longer than they used to.
	Baseline bool

	Readiness       readiness.Rules // over the built-in ones
	NoWait          bool            // do not wait for objects (hooks are awaited)
	NoHooks         bool
	NoValidation    bool // let the server ignore fields that it does not know
	CleanUp         bool // of an upgrade or rollback that failed and is left: delete the objects it created
	ForceConflicts  bool // take fields over from other managers, unless OnConflict says keep
	NoLookupSecrets bool // templates find no Secret by "lookup"; a warning says so

	// Secrets are what must not show. What the engine learns is added: of the release's Secrets and values, before and
	// after, and of what templates look up. nil: only that.
	Secrets *secret.Set

	// OnConflict is for fields of the chart that another field manager has set; empty means FailConflicts.
	OnConflict ConflictPolicy

	// OnImmutable says by kind what to do where a field that cannot be changed differs. Job and StatefulSet have a
	// default, others fail.
	OnImmutable  map[string]ImmutablePolicy
	ImmutableKey string // the key by which the caller's user sets OnImmutable, for messages; empty where there is none

	Adopt     Adoption // objects that are not the release's; empty means AdoptNever
	AdoptList []string // for AdoptListed: Kind/name or Kind/namespace/name

	Stamp *stamp.Request // who deploys which version of the unit; nil: whoever calls, which is neither asked nor recorded

	CRDs            CRDPolicy // of the charts' crds/; empty means CreateCRDs
	AllowCRDChanges bool      // only for ApplyCRDs: also changes that may harm stored objects
	Rehearse        bool      // let the plan of an upgrade say if a rollback would be possible
	RequireRollback bool      // and refuse it if not
}

// withDefaults fills what the caller left open.
func (r Request) withDefaults(namespace string) Request {
	r.Namespace = cmp.Or(r.Namespace, namespace)
	r.Timeout = cmp.Or(r.Timeout, 5*time.Minute)
	r.RollbackTimeout = cmp.Or(r.RollbackTimeout, r.Timeout)
	r.LockTimeout = cmp.Or(r.LockTimeout, r.Timeout)
	r.OnFailure = cmp.Or(r.OnFailure, Rollback)
	r.OnFailedInstall = cmp.Or(r.OnFailedInstall, Remove)
	r.HistoryLimit = cmp.Or(r.HistoryLimit, release.DefaultHistory)
	r.Secrets = orEmpty(r.Secrets)
	return r
}

func orEmpty(s *secret.Set) *secret.Set {
	if s == nil {
		return &secret.Set{}
	}
	return s
}

func (r Request) check() error {
	if err := release.CheckName(r.Release); err != nil {
		return err
	}
	if err := release.CheckLabels(r.Labels); err != nil {
		return err
	}
	if r.Operation != "" && r.Operation != plan.Install && r.Operation != plan.Upgrade {
		return fmt.Errorf("release %s: operation %q is unknown; write install or upgrade", r.Release, r.Operation)
	}
	for kind, c := range r.Readiness {
		if err := readiness.CheckReasons(c.Tolerate); err != nil {
			return fmt.Errorf("release %s: readiness of %s: %w", r.Release, kind, err)
		}
	}
	if r.OnFailure != Rollback && r.OnFailure != Leave {
		return fmt.Errorf("release %s: on failure %q is unknown; write rollback or leave", r.Release, r.OnFailure)
	}
	if r.OnFailedInstall != Remove && r.OnFailedInstall != Leave {
		return fmt.Errorf("release %s: on failed install %q is unknown; write remove or leave", r.Release, r.OnFailedInstall)
	}
	if err := checkCancel(r.Release, r.OnCancel); err != nil {
		return err
	}
	return r.checkPolicies()
}

// mergeLabels is Helm's rule for labels of the next revision: the new ones over the old ones, and what then has the
// value "null" goes (facts/helm-format.md 4.1).
func mergeLabels(old, new map[string]string) map[string]string {
	merged := map[string]string{}
	maps.Copy(merged, old)
	maps.Copy(merged, new)
	maps.DeleteFunc(merged, func(_, value string) bool { return value == "null" })
	return merged
}

// Outcome is what an operation came to.
type Outcome struct {
	Status           event.Status // Passed, Unchanged, Failed, RolledBack or Interrupted
	Revision         int          // now deployed; 0 when none is
	PreviousRevision int          // deployed before; 0 when none was
	Message          string       // one line
	Details          string       // evidence of a failure
	Notes            string       // NOTES.txt of the deployed revision

	Record *release.Record // the revision that was made, taken away or tested, as it is stored now; nil when none was
	Kept   []Kept          // of an uninstall: the objects that stay
	Logs   []ContainerLog  // of a test that was asked for them
}

func (e *Engine) storage(namespace string) *release.Storage {
	return release.NewStorage(e.cluster, namespace, e.options.Driver)
}
