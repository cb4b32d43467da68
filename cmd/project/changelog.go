package project

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/ci"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/pipeline/release"
	"github.com/pintle-ci/pintle/versioning/changelog"
)

// ChangelogCommand is "pintle changelog".
func ChangelogCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "changelog", Usage: "tell what changed between two versions, from conventional commits", ArgsUsage: "[SERVICE...]",
		Flags: append(projectFlags(),
			&urfave.StringFlag{Name: "from", Usage: "begin after this `VERSION`", DefaultText: "the release before"},
			&urfave.StringFlag{Name: "to", Usage: "end with this `VERSION`", DefaultText: "HEAD"},
			releaseFlag("head the changes with", ""),
			&urfave.BoolFlag{Name: "write", Usage: "put the section into CHANGELOG.md, where it is not there yet"},
			&urfave.StringFlag{Name: "template", Usage: "Go template `FILE` of a section", DefaultText: "changelog.template of pintle.yaml"},
		),
		Action: func(c *urfave.Context) error { return changes(e, c) },
	}
}

func changes(e cli.Env, c *urfave.Context) error {
	if c.IsSet("to") && c.IsSet("release") {
		return cli.Usagef("--to is a version that is there, --release one that is to come: use one of them")
	}
	if err := checkReleaseFlag(c); err != nil {
		return err
	}
	p, closeProject, err := openProject(e, c)
	if err != nil {
		return err
	}
	defer closeProject()
	versioned, err := versionedProject(c, p)
	if err != nil {
		return err
	}
	if err := checkRelease(c, p.config); err != nil {
		return err
	}
	file, template, err := sectionTemplate(c, p.config)
	if err != nil {
		return cli.WithCode(exitcode.Usage, err)
	}
	notes, err := release.Changelog(c.Context, versioned, release.ChangelogOptions{
		Services: c.Args().Slice(), From: c.String("from"), To: c.String("to"), Release: c.String("release"),
	})
	if errors.Is(err, release.ErrNoSuchVersion) || errors.Is(err, release.ErrNoSuchRange) {
		return cli.WithCode(exitcode.Usage, err)
	}
	if err != nil {
		return cli.WithCode(exitcode.Failed, err)
	}
	w := changelogWriter{e: e, project: versioned, forge: forgeOf(e.Getenv, p), file: file, template: template}
	if c.Bool("write") {
		return w.write(c.Context, notes)
	}
	return w.print(c.Context, notes)
}

// sectionTemplate is the template that the flag names, which may be anywhere, or pintle.yaml; empty without one.
func sectionTemplate(c *urfave.Context, cfg *config.Config) (file, text string, err error) {
	tree := cfg.Tree()
	switch file = c.String("template"); {
	case file != "":
		if tree, err = files.At(file); err != nil {
			return "", "", fmt.Errorf("read the template: %w", err)
		}
	case cfg.Changelog.Template == "":
		return "", "", nil
	default:
		file = filepath.Join(cfg.Dir, filepath.FromSlash(cfg.Changelog.Template))
	}
	text, err = release.ReadTemplate(tree, file)
	return file, text, err
}

// forgeOf is where commits can be looked at: the CI system knows, else the remote's address tells.
func forgeOf(getenv func(string) string, p *project) changelog.Forge {
	switch p.ci.Name {
	case ci.GitLab:
		return changelog.ForgeOf(cmp.Or(getenv("CI_PROJECT_URL"), p.repository.RemoteURL()), changelog.GitLab)
	case ci.GitHub:
		if server, name := getenv("GITHUB_SERVER_URL"), getenv("GITHUB_REPOSITORY"); server != "" && name != "" {
			return changelog.ForgeOf(server+"/"+name, changelog.GitHub)
		}
		return changelog.ForgeOf(p.repository.RemoteURL(), changelog.GitHub)
	}
	return changelog.ForgeOf(p.repository.RemoteURL(), "")
}

// changelogWriter makes text of notes.
type changelogWriter struct {
	e              cli.Env
	project        *pipeline.Project
	forge          changelog.Forge
	file, template string
}

func (s changelogWriter) text(ctx context.Context, n changelog.Notes) (string, error) {
	if s.template == "" {
		return n.Markdown(s.forge), nil
	}
	text, err := n.Execute(ctx, filepath.Base(s.file), s.template, s.forge)
	return text, cli.WithCode(exitcode.Usage, err)
}

func (s changelogWriter) print(ctx context.Context, notes []changelog.Notes) error {
	var parts []string
	for _, n := range notes {
		if len(notes) == 1 {
			n.Service = ""
		}
		text, err := s.text(ctx, n)
		if err != nil {
			return err
		}
		parts = append(parts, text)
	}
	_, err := fmt.Fprint(s.e.StdoutText, strings.Join(parts, "\n"))
	return err
}

// write puts each service's section into its own file. One that is not released stays as it is: a commit of its section
// would be a change of it, and release it.
func (s changelogWriter) write(ctx context.Context, notes []changelog.Notes) error {
	for _, n := range notes {
		if n.Version == "" {
			return cli.Usagef("nothing says which version this is: tag HEAD, or pass --release auto%s", ofService(n.Service))
		}
	}
	for _, n := range notes {
		if n.Unchanged {
			if _, err := fmt.Fprintf(s.e.StdoutText, "%s: nothing has changed since\n", n.Tag); err != nil {
				return err
			}
			continue
		}
		service := n.Service
		n.Service = ""
		text, err := s.text(ctx, n)
		if err != nil {
			return err
		}
		name, changed, err := release.KeepChangelog(s.project, service, n.Version, text)
		switch {
		case errors.Is(err, changelog.ErrPresent):
			s.e.Log.Warnf("%v, with other text: it stays as it is; remove it there to have it written anew", err)
			continue
		case err != nil:
			return cli.WithCode(exitcode.Failed, err)
		}
		did := "has it already"
		if changed {
			did = "wrote " + n.Version
		}
		if _, err := fmt.Fprintf(s.e.StdoutText, "%s: %s\n", name, did); err != nil {
			return err
		}
	}
	return nil
}

func ofService(name string) string {
	if name == "" {
		return ""
	}
	return " (" + name + ")"
}
