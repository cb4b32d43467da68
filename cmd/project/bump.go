package project

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/git"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/pipeline/release"
	"github.com/pintle-ci/pintle/versioning"
)

// BumpCommand is "pintle bump".
func BumpCommand(e cli.Env) *urfave.Command {
	command := GoalCommand(e, pipeline.GoalBump, "write the versions into charts, values.yaml and other files of the project")
	command.Flags = append(command.Flags,
		&urfave.BoolFlag{Name: "check", Usage: "write nothing; print what would change, and exit with 10 when there is something"},
		releaseFlag("write", ""),
		&urfave.BoolFlag{Name: "commit", Usage: "commit what was written, and nothing else"},
		&urfave.StringFlag{Name: "message", Aliases: []string{"m"}, Usage: "`MESSAGE` of the commit, with {version} and {services}", DefaultText: "version.commit of pintle.yaml"},
	)
	command.Action = func(c *urfave.Context) error { return bump(e, c) }
	return command
}

func releaseFlag(verb, value string) urfave.Flag {
	usage := verb + " the version of a release at HEAD: auto (what builds of the branch lead to), patch, minor, major, or a whole `VERSION`"
	return &urfave.StringFlag{Name: "release", Value: value, Usage: usage}
}

// bump wires a run of the goal, and the commit after it.
func bump(e cli.Env, c *urfave.Context) error {
	switch {
	case c.Bool("check") && c.Bool("commit"):
		return cli.Usagef("--check writes nothing, so there is nothing to --commit: use one of them")
	case c.IsSet("message") && !c.Bool("commit"):
		return cli.Usagef("--message is the message of --commit: use both")
	}
	if err := checkReleaseFlag(c); err != nil {
		return err
	}
	p, closeProject, err := openProject(e, c)
	if err != nil {
		return err
	}
	defer closeProject()
	var g *git.Repository
	if c.Bool("commit") {
		if g, err = openGit(p); err == nil {
			err = release.CheckIndex(c.Context, g)
		}
		if err != nil {
			return cli.WithCode(exitcode.Failed, err)
		}
	}
	o, err := goalOptions(c.Context, e, c, pipeline.GoalBump, p)
	if err != nil {
		return err
	}
	o.Bump = pipeline.BumpOptions{Release: c.String("release"), Check: c.Bool("check")}
	if err := checkRelease(c, p.config); err != nil {
		return err
	}
	r, err := runAndReport(c.Context, e, c, p, o)
	if err != nil {
		return err
	}
	if r.outcome.ExitCode == exitcode.OK && r.unwritten == nil {
		switch {
		case o.Bump.Check:
			return printCheck(e.StdoutText, r.outcome.Bumped)
		case g != nil:
			return commitBump(e, c, o, r.outcome, g)
		}
	}
	return r.print(e, c, pipeline.GoalBump)
}

// checkReleaseFlag refuses what is neither a kind of release nor a version.
func checkReleaseFlag(c *urfave.Context) error {
	wanted := c.String("release")
	if wanted == "" && !c.IsSet("release") || slices.Contains(versioning.ReleaseKinds, wanted) || versioning.Check(wanted) == nil {
		return nil
	}
	return cli.Usagef("--release %q: write auto, patch, minor, major or a whole version, as 1.5.0 or 1.5.0-rc.1", wanted)
}

// checkRelease refuses one version for several services.
func checkRelease(c *urfave.Context, cfg *config.Config) error {
	wanted := c.String("release")
	if wanted == "" || slices.Contains(versioning.ReleaseKinds, wanted) || !strings.Contains(cfg.Version.Tag, "{service}") {
		return nil
	}
	if c.Args().Len() != 1 && len(cfg.Services) != 1 {
		return cli.Usagef("--release %s is one version, and each service has its own: name one service", wanted)
	}
	return nil
}

// openGit prepares the git binary for the project's repository.
func openGit(p *project) (*git.Repository, error) {
	root := p.repository.Root()
	if root == "" {
		return nil, fmt.Errorf("the repository is bare: there is nothing to commit or tag in")
	}
	return git.Open(root, os.Environ())
}

func commitBump(e cli.Env, c *urfave.Context, o pipeline.Options, outcome pipeline.Outcome, g *git.Repository) error {
	hash, err := release.CommitBump(c.Context, o.Project, outcome, g, cmp.Or(c.String("message"), o.Config.Version.Commit), o.Bump.Release != "")
	if err != nil {
		return cli.WithCode(exitcode.Failed, err)
	}
	if hash == "" {
		_, err = fmt.Fprintln(e.StdoutText, "nothing to commit: HEAD has these versions already")
		return err
	}
	_, err = fmt.Fprintln(e.StdoutText, "committed "+hash)
	return err
}

// printCheck prints the lines that would change, as FILE:LINE: old -> new.
func printCheck(w io.Writer, files []pipeline.BumpedFile) error {
	changes := false
	for _, f := range files {
		for _, line := range changedLines(string(f.Old), string(f.New)) {
			changes = true
			if _, err := fmt.Fprintf(w, "%s:%s\n", f.Name, line); err != nil {
				return err
			}
		}
	}
	if changes {
		return cli.Silent(exitcode.Changes)
	}
	_, err := fmt.Fprintln(w, "nothing would change")
	return err
}

// changedLines compares two texts of which the second has other values, or further lines.
func changedLines(before, after string) []string {
	old, edited := strings.Split(before, "\n"), strings.Split(after, "\n")
	var changed []string
	at := 0
	for i, line := range edited {
		switch {
		case at < len(old) && old[at] == line:
			at++
		case len(edited)-i > len(old)-at:
			changed = append(changed, fmt.Sprintf("%d: + %s", i+1, strings.TrimSpace(line)))
		default:
			changed = append(changed, fmt.Sprintf("%d: %s -> %s", i+1, strings.TrimSpace(old[at]), strings.TrimSpace(line)))
			at++
		}
	}
	return changed
}
