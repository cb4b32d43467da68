package cmd

import (
	"cmp"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/ci"
	"github.com/pintle-ci/pintle/deployer"
)

// ciJob is the build that works, for those who wait for it; the zero Job outside
// of a CI.
func ciJob(build ci.CI) deployer.Job {
	if build.BuildURL == "" {
		return deployer.Job{}
	}
	return deployer.Job{
		URL: build.BuildURL, Name: build.JobName, Build: build.BuildNumber, Commit: cmp.Or(build.HeadSHA, build.Commit),
		Branch: cmp.Or(build.Branch, build.ChangeBranch),
	}
}

// supersedeFlag lets a newer build of a branch stop an older one.
func supersedeFlag(otherwise string) urfave.Flag {
	return &urfave.BoolFlag{
		Name:        "supersede",
		Usage:       "ask an older build of the same branch that works on a release to stop, and stop for a newer one; both must say so",
		DefaultText: otherwise,
	}
}
