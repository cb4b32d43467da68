package cli

import (
	"cmp"
	"slices"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/ci"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline"
)

// PolicyFlags say how a plan goes about what is in the cluster already.
func PolicyFlags() []urfave.Flag {
	return []urfave.Flag{
		ForceConflictsFlag(), OnConflictFlag("deploy.onConflict of pintle.yaml, fail"),
		&urfave.BoolFlag{Name: "take-ownership", Usage: "adopt objects that exist already and belong to nobody or to another release: --adopt all"},
		&urfave.BoolFlag{Name: "allow-crd-changes", Usage: "change CRDs also where that may harm objects that exist: a version or a field that goes, another scope or type"},
		&urfave.StringSliceFlag{Name: "adopt", Usage: "adopt objects that exist already: never, unowned, all, or by name: `KIND/NAME`,...", DefaultText: "deploy.adopt of pintle.yaml, never"},
	}
}

// Policies are what the flags say over pintle.yaml.
func Policies(c *urfave.Context) (plan.SavedPolicies, error) {
	p := plan.SavedPolicies{
		AllowCRDChanges: c.Bool("allow-crd-changes"), TakeOver: c.Bool("take-over"), AllowDowngrade: c.Bool("allow-downgrade"),
		WithMissing: c.Bool("with-missing"),
	}
	adopt, list, err := adoption(c)
	if err != nil {
		return p, err
	}
	conflicts, err := OnConflict(c)
	p.Adopt, p.AdoptList, p.OnConflict = string(adopt), list, string(conflicts)
	return p, err
}

// adoption reads --adopt and --take-ownership; without either the policy is empty, which leaves it to pintle.yaml.
func adoption(c *urfave.Context) (deployer.Adoption, []string, error) {
	asked := c.StringSlice("adopt")
	switch {
	case c.Bool("take-ownership") && len(asked) > 0:
		return "", nil, Usagef("--take-ownership and --adopt: give one of them; the first is --adopt all")
	case c.Bool("take-ownership"):
		return deployer.AdoptAll, nil, nil
	case len(asked) == 0:
		return "", nil, nil
	}
	if p := deployer.Adoption(asked[0]); len(asked) == 1 && p != deployer.AdoptListed && slices.Contains(deployer.Adoptions(), p) {
		return p, nil, nil
	}
	for _, s := range asked {
		if err := deployer.CheckObjectName(s); err != nil {
			return "", nil, Usagef("--adopt: %v, or one of never, unowned and all", err)
		}
	}
	return deployer.AdoptListed, asked, nil
}

// ForceConflictsFlag is --force-conflicts, which OnConflict reads.
func ForceConflictsFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "force-conflicts", Usage: "take over fields that somebody else has set, as \"kubectl edit\" does: --on-conflict force"}
}

// OnConflictFlag says who prevails where somebody else has set what a chart sets.
func OnConflictFlag(byDefault string) urfave.Flag {
	return &urfave.StringFlag{
		Name: "on-conflict", DefaultText: byDefault,
		Usage: "where somebody else has set a field otherwise, `POLICY`: fail, force (take it over) or keep it",
	}
}

// OnConflict reads --on-conflict and --force-conflicts; without either the policy is empty.
func OnConflict(c *urfave.Context) (deployer.ConflictPolicy, error) {
	p, force := deployer.ConflictPolicy(c.String("on-conflict")), c.Bool("force-conflicts")
	switch {
	case p != "" && !slices.Contains(deployer.ConflictPolicies(), p):
		return "", Usagef("--on-conflict %s: write fail, force or keep", p)
	case p != "" && force && p != deployer.TakeConflicts:
		return "", Usagef("--force-conflicts and --on-conflict %s: give one of them; the first is --on-conflict force", p)
	case force:
		return deployer.TakeConflicts, nil
	}
	return p, nil
}

// OnCancelFlag says what an interruption leaves behind.
func OnCancelFlag(otherwise string) urfave.Flag {
	return &urfave.StringFlag{
		Name: "on-cancel", DefaultText: otherwise,
		Usage: "after SIGTERM or SIGINT: `POLICY` is rollback (a first install is removed), leave, or finish: go on for 8 seconds at most",
		Action: func(_ *urfave.Context, value string) error {
			if !slices.Contains(deployer.CancelPolicies(), deployer.Policy(value)) {
				return Usagef("--on-cancel %s: write rollback, leave or finish", value)
			}
			return nil
		},
	}
}

// OnCancel reads --on-cancel; empty means that nothing was said.
func OnCancel(c *urfave.Context) deployer.Policy { return deployer.Policy(c.String("on-cancel")) }

// Job is the build that works, for those who wait for it; the zero Job outside of a CI.
func Job(build ci.CI) lock.Job {
	if build.BuildURL == "" {
		return lock.Job{}
	}
	return lock.Job{
		URL: build.BuildURL, Name: build.JobName, Build: build.BuildNumber, Commit: cmp.Or(build.HeadSHA, build.Commit),
		Branch: cmp.Or(build.Branch, build.ChangeBranch),
	}
}

// SupersedeFlag lets a newer build of a branch stop an older one.
func SupersedeFlag(otherwise string) urfave.Flag {
	return &urfave.BoolFlag{
		Name:        "supersede",
		Usage:       "ask an older build of the same branch that works on a release to stop, and stop for a newer one; both must say so",
		DefaultText: otherwise,
	}
}

// LogsFlag shows what pods print; where says when it works.
func LogsFlag(where string) urfave.Flag {
	return &urfave.BoolFlag{Name: "logs", Usage: where + "show what the pods that are rolled out print, headed by pod/container"}
}

// EvidenceDirFlag keeps of a failure what the console has no room for.
func EvidenceDirFlag() urfave.Flag {
	return &urfave.StringFlag{Name: "evidence-dir", Usage: "when it fails, keep objects, events and logs in this `FOLDER`, as pintle-evidence-NAME-TIME.tgz of at most 5 MB"}
}

// EvidenceKeeper keeps the bundle of a failed release as --evidence-dir says; nil without it. The work is told through
// the span that is there by then.
func EvidenceKeeper(c *urfave.Context, name string, work *event.Span) func(archive []byte) error {
	dir := c.String("evidence-dir")
	if dir == "" {
		return nil
	}
	return func(archive []byte) error { return pipeline.KeepEvidence(dir, name, *work)(archive) }
}

// TakeOverFlag is --take-over.
func TakeOverFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "take-over", Usage: "go on with releases that another environment, project or repository has stamped, and make them this one's"}
}

// AllowDowngradeFlag is --allow-downgrade.
func AllowDowngradeFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "allow-downgrade", Usage: "deploy an older version over a newer one too: deploy.downgrade of pintle.yaml, refuse"}
}

// RecoverFlags are the flags of the commands that recover.
func RecoverFlags() []urfave.Flag {
	return []urfave.Flag{
		&urfave.BoolFlag{Name: "dry-run", Usage: "change nothing; tell what would be done"},
		&urfave.BoolFlag{Name: "leave", Usage: "leave the objects as they are: only the lock, the record and the hooks are seen to"},
	}
}
