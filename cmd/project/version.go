package project

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// VersionCommand is "pintle version".
func VersionCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "version", Usage: "print the version of this commit, of each service", ArgsUsage: "[SERVICE...]",
		Flags: append(projectFlags(),
			&urfave.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "plain", Usage: "`FORMAT`: plain, json, env, dotenv, github"},
			&urfave.BoolFlag{Name: "explain", Usage: "tell on stderr how each version came about"},
		),
		Action: func(c *urfave.Context) error { return printVersions(e, c) },
	}
}

func printVersions(e cli.Env, c *urfave.Context) error {
	write, ok := versionFormats()[c.String("output")]
	if !ok {
		return cli.Usagef("no output format %q: there are plain, json, env, dotenv, github", c.String("output"))
	}
	p, closeProject, err := openVersions(e, c)
	if err != nil {
		return err
	}
	defer closeProject()
	versions, err := p.versions(c)
	if err != nil {
		return err
	}
	forAll := !strings.Contains(p.config.Version.Tag, "{service}")
	if forAll && c.Args().Len() == 0 { // one version for all is told once, and is no service's
		versions = []pipeline.ServiceVersion{{Version: versions[0].Version}}
	}
	if c.Bool("explain") {
		explain(e.StderrText, versions)
	}
	return write(e, versions, len(versions) > 0 && (forAll || c.Args().Len() == 1))
}

// openVersions is openProject where a version is all that is asked for: a repository without a pintle.yaml has one too.
func openVersions(e cli.Env, c *urfave.Context) (*project, func(), error) {
	p, closeProject, err := openProject(e, c)
	var missing *config.NotFoundError
	if !errors.As(err, &missing) || c.String("file") != "" || missing.Other != "" {
		return p, closeProject, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, nil, fmt.Errorf("find the repository: %w", err)
	}
	cfg, err := config.Default(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("find the repository: %w", err)
	}
	if p, closeProject, err = openConfig(e, c, cfg); err == nil {
		e.Log.Warn("no pintle.yaml: one version for all, from tags as v1.2.3; \"pintle init\" writes one")
	}
	return p, closeProject, err
}

// versions decides the versions that the arguments name.
func (p *project) versions(c *urfave.Context) ([]pipeline.ServiceVersion, error) {
	for _, name := range c.Args().Slice() {
		if _, ok := p.config.Releases[name]; ok && p.config.Services[name] == nil {
			return nil, cli.Usagef("%s is a release, not a service: its version is what pintle.yaml says", name)
		}
	}
	ref, err := p.builtRef(c.Context)
	if err != nil {
		return nil, cli.WithCode(exitcode.Failed, err)
	}
	resolved, err := p.config.ResolveBuild(ref)
	if err != nil {
		return nil, cli.WithCode(exitcode.Usage, err)
	}
	units, err := resolved.Choose(c.Args().Slice())
	if err != nil {
		return nil, cli.WithCode(exitcode.Usage, err)
	}
	versions, err := p.at(resolved).Versions(c.Context, units)
	return versions, cli.WithCode(exitcode.Failed, err)
}

func explain(w io.Writer, versions []pipeline.ServiceVersion) {
	for _, v := range versions {
		fmt.Fprintln(w, strings.TrimSpace(v.Service+" "+v.Version.Number))
		for _, line := range v.Version.Explain {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
}
