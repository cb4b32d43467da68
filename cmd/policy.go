package cmd

import (
	"slices"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/deployer"
)

// policyFlags say how a plan goes about what is in the cluster already.
func policyFlags() []urfave.Flag {
	return []urfave.Flag{
		forceConflictsFlag(), onConflictFlag("deploy.onConflict of pintle.yaml, fail"),
		&urfave.BoolFlag{Name: "take-ownership", Usage: "adopt objects that exist already and belong to nobody or to another release: --adopt all"},
		&urfave.BoolFlag{Name: "allow-crd-changes", Usage: "change CRDs also where that may harm objects that exist: a version or a field that goes, another scope or type"},
		&urfave.StringSliceFlag{Name: "adopt", Usage: "adopt objects that exist already: never, unowned, all, or by name: `KIND/NAME`,...", DefaultText: "deploy.adopt of pintle.yaml, never"},
	}
}

// policies are what the flags say over pintle.yaml.
func policies(c *urfave.Context) (deployer.SavedPolicies, error) {
	p := deployer.SavedPolicies{
		AllowCRDChanges: c.Bool("allow-crd-changes"), TakeOver: c.Bool("take-over"), AllowDowngrade: c.Bool("allow-downgrade"),
		WithMissing: c.Bool("with-missing"),
	}
	var err error
	if p.Adopt, p.AdoptList, err = adoption(c); err != nil {
		return p, err
	}
	p.OnConflict, err = onConflict(c)
	return p, err
}

// adoption reads --adopt and --take-ownership; without either the policy is
// empty, which leaves it to pintle.yaml.
func adoption(c *urfave.Context) (deployer.Adoption, []string, error) {
	asked := c.StringSlice("adopt")
	switch {
	case c.Bool("take-ownership") && len(asked) > 0:
		return "", nil, usagef("--take-ownership and --adopt: give one of them; the first is --adopt all")
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
			return "", nil, usagef("--adopt: %v, or one of never, unowned and all", err)
		}
	}
	return deployer.AdoptListed, asked, nil
}

func forceConflictsFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "force-conflicts", Usage: "take over fields that somebody else has set, as \"kubectl edit\" does: --on-conflict force"}
}

// onConflictFlag says who prevails where somebody else has set what a chart sets.
func onConflictFlag(byDefault string) urfave.Flag {
	return &urfave.StringFlag{
		Name: "on-conflict", DefaultText: byDefault,
		Usage: "where somebody else has set a field otherwise, `POLICY`: fail, force (take it over) or keep it",
	}
}

// onConflict reads --on-conflict and --force-conflicts; without either the policy
// is empty.
func onConflict(c *urfave.Context) (deployer.ConflictPolicy, error) {
	p, force := deployer.ConflictPolicy(c.String("on-conflict")), c.Bool("force-conflicts")
	switch {
	case p != "" && !slices.Contains(deployer.ConflictPolicies(), p):
		return "", usagef("--on-conflict %s: write fail, force or keep", p)
	case p != "" && force && p != deployer.TakeConflicts:
		return "", usagef("--force-conflicts and --on-conflict %s: give one of them; the first is --on-conflict force", p)
	case force:
		return deployer.TakeConflicts, nil
	}
	return p, nil
}
