package cmd

import (
	"slices"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/deployer"
)

// onCancelFlag says what an interruption leaves behind.
func onCancelFlag(otherwise string) urfave.Flag {
	return &urfave.StringFlag{
		Name: "on-cancel", DefaultText: otherwise,
		Usage: "after SIGTERM or SIGINT: `POLICY` is rollback (a first install is removed), leave, or finish: go on for 8 seconds at most",
		Action: func(_ *urfave.Context, value string) error {
			if !slices.Contains(deployer.CancelPolicies(), deployer.Policy(value)) {
				return usagef("--on-cancel %s: write rollback, leave or finish", value)
			}
			return nil
		},
	}
}

// onCancel reads --on-cancel; empty means that nothing was said.
func onCancel(c *urfave.Context) deployer.Policy { return deployer.Policy(c.String("on-cancel")) }
