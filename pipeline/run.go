package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/stamp"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/pipeline/runner"
	"github.com/pintle-ci/pintle/registry"
	"github.com/pintle-ci/pintle/secret"
)

// Options say what a run works on and with. What only some goals need stands in structs of its own, and is read for no
// other goal.
type Options struct {
	*Project
	Goal      Goal
	Command   string   // as it was given, for the reports
	Services  []string // only these units; all when empty
	Parallel  int      // units at a time; 0 means the file's
	ReportDir string   // where packages are kept, below charts/
	Registry  registry.Access
	Secrets   *secret.Set // what must not show anywhere

	Limits               *render.Limits // of all renders together
	SkipSchemaValidation bool           // do not hold values against charts' schemas

	Cluster ClusterOptions
	Bump    BumpOptions
	Plan    PlanOptions
	Deploy  DeployOptions
}

// ClusterOptions are read where the goal needs a cluster.
type ClusterOptions struct {
	Client *kube.Client
	Holder string   // who works: the CI job's URL, else user@host
	Job    lock.Job // who works, where that is a CI's build; its URL is then the Holder
}

// BumpOptions are read for bump.
type BumpOptions struct {
	Release string // write the version that a tag would get, by versioning.Release
	Check   bool   // write nothing
}

// PlanOptions are read where a plan is made.
type PlanOptions struct {
	Policies        plan.SavedPolicies // over those of pintle.yaml; what is empty leaves them
	NoLookupSecrets bool               // templates find no Secret of the cluster
	Repeat          bool               // refuse a chart that renders otherwise each time, for such a plan cannot be saved
}

// DeployOptions are read where a plan is carried out.
type DeployOptions struct {
	Saved     *plan.Saved     // do what was planned then, or nothing; nil: whatever is planned now
	OnCancel  deployer.Policy // over that of pintle.yaml; empty leaves it
	Supersede bool            // as if pintle.yaml said so
	Logs      bool            // tell the logs of pods that are rolled out
}

// Outcome is what a run came to.
type Outcome struct {
	ExitCode int
	Versions []ServiceVersion // of the services, in the order of the file
	Plans    []*plan.Plan     // of the units that were planned, in the order of the file
	Accounts []UnitAccount    // what an account needs for each unit, in the order of the file
	Scope    []plan.Scoped    // what was taken and what was left, where that was decided
	Bumped   []BumpedFile     // the files that bump looks after, of the units in the order of the file

	ProjectVersion string // that of version.files
}

// Run takes every unit through the steps of the goal and tells everything to
// log. An error means that nothing was begun: a wrong service, a cycle.
func Run(ctx context.Context, log *event.Log, o Options) (Outcome, error) {
	chosen, err := o.Resolved.Choose(o.Services)
	if err != nil {
		return Outcome{ExitCode: exitcode.Usage}, err
	}
	if err := o.allSaved(chosen); err != nil {
		return Outcome{ExitCode: exitcode.Failed}, err
	}
	r := &shared{Options: o, engine: deployer.New(o.Cluster.Client, deployer.Options{Holder: o.Cluster.Holder, Job: o.Cluster.Job})}
	if r.requests, err = NewRequests(o.Config, o.Resolved, o.ReportDir, o.Secrets); err != nil {
		return Outcome{ExitCode: exitcode.Usage}, err
	}
	jobs := r.jobs(chosen)
	var units []runner.Unit
	var versioned []config.Unit
	for _, j := range jobs {
		units = append(units, runner.Unit{Name: j.name(), Kind: j.kind, Needs: j.unit.Needs, Steps: j.steps(), Left: j.left})
		if j.unit.Service {
			versioned = append(versioned, j.unit)
		}
	}
	w := wanted{clean: !o.Goal.asks(), release: o.Bump.Release, services: o.Services}
	r.versions = sync.OnceValues(func() (map[string]decided, error) { return o.decideVersions(ctx, versioned, w) })
	r.selection = sync.OnceValues(r.selectUnits)

	r.ping = r.pinging(ctx)
	r.heads, r.owner = r.headsOf(ctx, o.Resolved.Units), sync.OnceValue(func() stamp.Owner { return r.readOwner(ctx) })

	began := time.Now()
	log.Emit(event.Event{
		Kind: event.RunStarted, Project: o.Resolved.Project, Environment: o.Resolved.Environment,
		Commit: r.headCommit(), Message: cmp.Or(o.Command, "pintle "+string(o.Goal)),
	})
	code, err := runner.Run(ctx, log, cmp.Or(o.Parallel, o.Resolved.Parallel), units)
	if err != nil {
		return Outcome{ExitCode: code}, err
	}
	out := r.outcome(finish(ctx, log, code, began), jobs)
	if out.ExitCode == exitcode.OK && o.Goal.Selects() {
		s, _ := r.selection() // a step has told what is wrong with it
		out.Scope = s.units
	}
	return out, nil
}

// jobs are those of the chosen units, with the cluster before and the files of the one version for all behind them,
// where the run is about those.
func (r *shared) jobs(chosen []config.Unit) []*job {
	var jobs []*job
	if r.Goal.NeedsCluster() && r.Resolved.Environment != "" {
		jobs = append(jobs, &job{shared: r, kind: event.UnitCluster})
	}
	for _, u := range chosen {
		jobs = append(jobs, &job{shared: r, kind: kindOf(u), unit: u})
	}
	if r.writesVersionFiles() {
		u := r.whole()
		u.Files = r.Config.Version.Files
		jobs = append(jobs, &job{shared: r, kind: event.UnitFiles, unit: u})
	}
	return jobs
}

func kindOf(u config.Unit) event.Unit {
	if u.Service {
		return event.UnitService
	}
	return event.UnitRelease
}

func (r *shared) outcome(code int, jobs []*job) Outcome {
	out := Outcome{ExitCode: code}
	for _, j := range jobs {
		out.Bumped = append(out.Bumped, j.bumpedFiles...)
		if j.kind == event.UnitFiles {
			out.ProjectVersion = j.version.Number
		}
		if j.kind == event.UnitService && j.version.Number != "" {
			out.Versions = append(out.Versions, ServiceVersion{j.unit.Name, j.version})
		}
		if j.plan != nil {
			out.Plans = append(out.Plans, j.plan.Plan)
		}
		if j.account != nil {
			out.Accounts = append(out.Accounts, UnitAccount{j.unit.Name, *j.account})
		}
	}
	return out
}

// shared is what the units of one run have in common.
type shared struct {
	Options
	engine    *deployer.Engine
	requests  *Requests
	versions  func() (map[string]decided, error) // of every service, read in one walk
	selection func() (selection, error)          // what the run takes of the units
	ping      func() error                       // whether the cluster answers
	heads     map[string]headsFunc               // by namespace: what is deployed there
	owner     func() stamp.Owner                 // who deploys
	bumping   sync.Mutex                         // held while files are read and written
}

func (r *shared) headCommit() string {
	head, err := r.Repository.Head()
	if err != nil {
		return ""
	}
	return head.Commit.Hash
}

// blame puts the line of pintle.yaml that decided a setting behind an error's text.
func (r *shared) blame(u config.Unit, setting string, err error) string {
	if at, ok := u.Origins[setting]; ok {
		if p, ok := r.Config.Position(at); ok {
			return fmt.Sprintf("%v (%s)", err, p)
		}
	}
	return err.Error()
}
