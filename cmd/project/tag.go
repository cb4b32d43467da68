package project

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/git"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/release"
)

// TagCommand is "pintle tag".
func TagCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "tag", Usage: "tag HEAD with its next version and push the tag", ArgsUsage: "[SERVICE...]",
		Flags: append([]urfave.Flag{fileFlag(), branchFlag()},
			releaseFlag("tag", "auto"),
			&urfave.BoolFlag{Name: "dry-run", Usage: "make and push nothing; print what would be"},
			&urfave.BoolFlag{Name: "no-push", Usage: "make the tag in this clone alone, and ask no remote"},
			&urfave.StringFlag{Name: "remote", Usage: "push to this `REMOTE`", DefaultText: "the branch's, else origin, else the only one"},
			&urfave.StringFlag{Name: "with-branch", Usage: "push HEAD to this `BRANCH` with the tags: all or nothing"},
			&urfave.BoolFlag{Name: "sign", Aliases: []string{"s"}, Usage: "sign the tag as git is set up to"},
			&urfave.StringFlag{Name: "message", Aliases: []string{"m"}, Value: "Release {tag}", Usage: "`MESSAGE` of the tag, with {tag}, {version} and {service}"},
			&urfave.DurationFlag{Name: "timeout", Value: 2 * time.Minute, Usage: "for each command to git"},
			&urfave.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "plain", Usage: "`FORMAT`: plain, json"},
		),
		Action: func(c *urfave.Context) error { return tag(e, c) },
	}
}

func tag(e cli.Env, c *urfave.Context) error {
	switch {
	case c.Bool("no-push") && (c.IsSet("remote") || c.IsSet("with-branch")):
		return cli.Usagef("--no-push asks no remote: leave out --remote and --with-branch")
	case c.IsSet("with-branch") && c.String("with-branch") == "":
		return cli.Usagef("--with-branch is empty: name the branch to push, or leave the flag out")
	case c.String("output") != "plain" && c.String("output") != "json":
		return cli.Usagef("no output format %q: there are plain, json", c.String("output"))
	case c.Duration("timeout") < time.Second:
		return cli.Usagef("--timeout %s: it must be 1s or more", c.Duration("timeout"))
	case strings.TrimSpace(c.String("message")) == "":
		return cli.Usagef("--message is empty: an annotated tag needs one")
	}
	if err := checkReleaseFlag(c); err != nil {
		return err
	}
	p, closeProject, err := openProject(e, c)
	if err != nil {
		return err
	}
	defer func() { closeProject() }()
	if _, err := versionedProject(c, p); err != nil {
		return err // before anybody is asked anything
	}
	g, err := openGit(p)
	if err != nil {
		return cli.WithCode(exitcode.Failed, err)
	}
	g.Timeout = c.Duration("timeout")
	remote := ""
	if !c.Bool("no-push") {
		if remote, err = g.Remote(c.Context, c.String("remote"), p.ref.Branch); err != nil {
			return cli.WithCode(exitcode.Usage, err)
		}
		fetched, err := syncTags(e, c, p, g, remote)
		if err != nil {
			return cli.WithCode(exitcode.Failed, err)
		}
		if fetched {
			closeProject()
			if p, closeProject, err = openProject(e, c); err != nil {
				closeProject = func() {}
				return err
			}
		}
	}
	versioned, err := versionedProject(c, p)
	if err != nil {
		return err
	}
	if err := checkRelease(c, p.config); err != nil {
		return err
	}
	tags, err := release.Tag(c.Context, versioned, release.TagOptions{
		Services: c.Args().Slice(), Release: c.String("release"), Git: g, Remote: remote, Branch: strings.TrimPrefix(c.String("with-branch"), "refs/heads/"),
		Message: c.String("message"), Sign: c.Bool("sign"), DryRun: c.Bool("dry-run"),
	})
	if err != nil {
		return cli.WithCode(exitcode.Failed, tagHint(err))
	}
	return printTags(e, c, tags, remote)
}

// syncTags brings the remote's version tags here. A shallow clone gets along without them: what is decided there is
// decided with what is fetched beside it.
func syncTags(e cli.Env, c *urfave.Context, p *project, g *git.Repository, remote string) (bool, error) {
	if p.repository.Shallow() {
		return false, nil
	}
	n, err := release.SyncTags(c.Context, g, remote, p.config.TagPrefixes(), c.Bool("dry-run"))
	if err != nil || n == 0 {
		return false, tagHint(err)
	}
	if c.Bool("dry-run") {
		e.Log.Warnf("%s has %d version tag%s that this clone lacks: without --dry-run they are fetched first", remote, n, cli.Plural(n))
		return false, nil
	}
	e.Log.Infof("fetched %d version tag%s from %s", n, cli.Plural(n), remote)
	return true, nil
}

// tagHint gives the next step where git's own words have none.
func tagHint(err error) error {
	if failed, ok := errors.AsType[*git.Error](err); ok && failed.Command == "git push" && !errors.As(err, new(*git.RejectedError)) {
		return fmt.Errorf("%w; where the right to push tags is lacking, give the job a deploy key, a project token, or Jenkins' gitUsernamePassword binding", err)
	}
	return err
}

// versionedProject is the project for what works on versions alone, without an environment.
func versionedProject(c *urfave.Context, p *project) (*pipeline.Project, error) {
	ref, err := p.builtRef(c.Context)
	if err != nil {
		return nil, cli.WithCode(exitcode.Usage, err)
	}
	resolved, err := p.config.ResolveBuild(ref)
	if err == nil {
		_, err = resolved.Choose(c.Args().Slice())
	}
	if err != nil {
		return nil, cli.WithCode(exitcode.Usage, err)
	}
	if c.Args().Len() > 0 && !strings.Contains(p.config.Version.Tag, "{service}") {
		return nil, cli.Usagef("%s has one version for all services (version.tag: %q): name none", cmp.Or(p.config.Project, "the project"), p.config.Version.Tag)
	}
	return p.at(resolved), nil
}

func printTags(e cli.Env, c *urfave.Context, tags []release.Tagged, remote string) error {
	if c.String("output") == "json" {
		type row struct {
			Service string   `json:"service,omitempty"`
			Version string   `json:"version"`
			Tag     string   `json:"tag"`
			Commit  string   `json:"commit"`
			State   string   `json:"state"`
			Explain []string `json:"explain"`
		}
		rows := []row{}
		for _, t := range tags {
			rows = append(rows, row{t.Service, t.Version, t.Tag, t.Commit, t.State, append([]string{}, t.Explain...)})
		}
		enc := json.NewEncoder(e.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(rows)
	}
	where := ""
	if remote != "" {
		where = " and pushed to " + remote
	}
	for _, t := range tags {
		said := map[string]string{
			release.TagMade: "tagged" + where, release.TagPresent: "was there already",
			release.TagUnchanged: "nothing has changed since", release.TagPlanned: "would be tagged" + where,
		}[t.State]
		if _, err := fmt.Fprintf(e.StdoutText, "%s %s: %s\n", t.Tag, t.Commit[:min(8, len(t.Commit))], said); err != nil {
			return err
		}
	}
	return nil
}
