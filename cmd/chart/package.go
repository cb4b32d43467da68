package chart

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/dependency"
	"github.com/pintle-ci/pintle/chart/oci"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/registry"
)

func packageCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "package", Usage: "pack charts: equal charts give equal bytes", ArgsUsage: "CHART...",
		Flags: []urfave.Flag{
			&urfave.StringFlag{Name: "version", Usage: "replace the chart's `VERSION`"},
			&urfave.StringFlag{Name: "app-version", Usage: "replace the chart's appVersion (`VERSION`)"},
			&urfave.StringFlag{Name: "destination", Aliases: []string{"d"}, Value: ".", Usage: "write the package into this `FOLDER`"},
			&urfave.BoolFlag{Name: "dependency-update", Aliases: []string{"u"}, Usage: "first fetch the dependencies, as \"chart deps update\" does"},
			cli.PlainHTTPFlag(),
		},
		Action: func(c *urfave.Context) error {
			if c.Args().Len() == 0 {
				return cli.Usagef("package takes charts: pintle chart package ./chart")
			}
			for _, path := range c.Args().Slice() {
				if err := packageChart(e, c, path); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func packageChart(e cli.Env, c *urfave.Context, path string) error {
	mtime, err := cli.SourceDate(e)
	if err != nil {
		return err
	}
	if c.Bool("dependency-update") {
		if err := updateDependencies(e, c, path); err != nil {
			return err
		}
	}
	loaded, err := cli.LoadLocal(c.Context, path)
	if err != nil {
		return err
	}
	tgz, name, err := chart.Package(c.Context, loaded, chart.PackageOptions{
		Version: c.String("version"), AppVersion: c.String("app-version"), Time: mtime,
	})
	if missing, ok := errors.AsType[*chart.MissingDependenciesError](err); ok && missing.Ignored == "" {
		err = fmt.Errorf("package %s: %w: package with -u, or run %q", path, missing, loaded.FetchCommand(path))
	}
	if _, wrong := errors.AsType[*chart.VersionError](err); wrong {
		return cli.Usagef("package %s: --version %q: write it as 1.2.3", path, c.String("version"))
	}
	if err != nil {
		return cli.WithCode(exitcode.Failed, err)
	}
	for _, m := range loaded.Mismatches() {
		e.Log.Warnf("%s: %s", path, m)
	}
	file, err := writeInto(c.String("destination"), name, tgz)
	if err != nil {
		return cli.WithCode(exitcode.Failed, fmt.Errorf("package %s: %w", path, err))
	}
	_, err = fmt.Fprintln(e.StdoutText, file)
	return err
}

// updateDependencies fetches the dependencies of the chart at path, before something else is done with it. A packed
// chart has them in it.
func updateDependencies(e cli.Env, c *urfave.Context, path string) error {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return nil
	}
	o, err := cli.DependencyOptions(e, c)
	if err != nil {
		return err
	}
	_, err = dependency.Update(c.Context, path, o)
	return cli.WithCode(cli.CodeAt(path), err)
}

func pushCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "push", Usage: "push a packaged chart to a registry", ArgsUsage: "CHART.TGZ oci://HOST/PATH",
		Flags: []urfave.Flag{cli.PlainHTTPFlag()},
		Action: func(c *urfave.Context) error {
			if c.Args().Len() != 2 {
				return cli.Usagef("push takes a package and where it goes: pintle chart push web-1.0.0.tgz oci://registry.example.com/charts")
			}
			path, to := c.Args().Get(0), c.Args().Get(1)
			switch {
			case cli.IsFolder(path):
				return cli.Usagef("push %s: it is a folder: package it first, with \"pintle chart package %[1]s\"", path)
			case !strings.HasPrefix(to, registry.Scheme):
				return cli.Usagef("push to %s: write oci://HOST/PATH", to)
			}
			tgz, err := os.ReadFile(path)
			if err != nil {
				return cli.WithCode(exitcode.Usage, fmt.Errorf("push: %w", err))
			}
			created, err := cli.SourceDate(e)
			if err != nil {
				return err
			}
			pushed, err := oci.Push(c.Context, to, tgz, oci.PushOptions{Access: cli.RegistryAccess(e, c), Created: created})
			if err != nil {
				return cli.WithCode(cli.RegistryCode(err), err)
			}
			if pushed.AlreadyPublished {
				fmt.Fprintln(e.StderrText, "already published, with the same content")
			}
			_, err = fmt.Fprintln(e.StdoutText, pushed.Ref+"@"+pushed.Digest)
			return err
		},
	}
}

func pullCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "pull", Usage: "download a packaged chart from a registry or a repository", ArgsUsage: "oci://HOST/PATH/NAME",
		Flags: []urfave.Flag{
			cli.VersionFlag(), cli.PlainHTTPFlag(), repoFlag(),
			&urfave.StringFlag{Name: "destination", Aliases: []string{"d"}, Value: ".", Usage: "write the package into this `FOLDER`"},
		},
		Action: func(c *urfave.Context) error {
			if c.Args().Len() != 1 {
				return cli.Usagef("pull takes one chart: pintle chart pull oci://registry.example.com/charts/web --version 1.0.0")
			}
			return pull(e, c, c.Args().First())
		},
	}
}

// pull writes a chart into a file that is called as the chart is, NAME-VERSION.tgz, whatever the reference calls it.
func pull(e cli.Env, c *urfave.Context, ref string) error {
	tgz, err := pullArchive(e, c, ref)
	if err != nil {
		return err
	}
	pulled, err := chart.LoadArchive(c.Context, bytes.NewReader(tgz))
	if err != nil {
		return cli.WithCode(exitcode.Failed, fmt.Errorf("pull %s: what is there is no chart that loads: %w", ref, err))
	}
	file, err := writeInto(c.String("destination"), pulled.ArchiveName(), tgz)
	if err != nil {
		return cli.WithCode(exitcode.Failed, fmt.Errorf("pull %s: %w", ref, err))
	}
	_, err = fmt.Fprintln(e.StdoutText, file)
	return err
}

// pullArchive downloads a chart.
func pullArchive(e cli.Env, c *urfave.Context, ref string) ([]byte, error) {
	if c.String("repo") != "" {
		return fromRepository(e, c, ref, c.String("version"))
	}
	if !strings.HasPrefix(ref, registry.Scheme) {
		return nil, cli.Usagef("pull %s: write oci://HOST/PATH/NAME, or name the repository that has it: --repo URL", ref)
	}
	tgz, _, err := oci.Pull(c.Context, ref, oci.PullOptions{Access: cli.RegistryAccess(e, c), Version: c.String("version")})
	if err != nil {
		return nil, cli.WithCode(cli.RegistryCode(err), err)
	}
	return tgz, nil
}
