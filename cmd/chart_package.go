package cmd

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
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/registry"
)

func packageCommand(e env) *urfave.Command {
	return &urfave.Command{
		Name: "package", Usage: "pack charts: equal charts give equal bytes", ArgsUsage: "CHART...",
		Description: "Files carry the time of $SOURCE_DATE_EPOCH (seconds), 1970 without it.",
		Flags: []urfave.Flag{
			&urfave.StringFlag{Name: "version", Usage: "replace the chart's `VERSION`"},
			&urfave.StringFlag{Name: "app-version", Usage: "replace the chart's appVersion (`VERSION`)"},
			&urfave.StringFlag{Name: "destination", Aliases: []string{"d"}, Value: ".", Usage: "write the package into this `FOLDER`"},
			&urfave.BoolFlag{Name: "dependency-update", Aliases: []string{"u"}, Usage: "first fetch the dependencies, as \"chart deps update\" does"},
			plainHTTPFlag(),
		},
		Action: func(c *urfave.Context) error {
			if c.Args().Len() == 0 {
				return usagef("package takes charts: pintle chart package ./chart")
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

func packageChart(e env, c *urfave.Context, path string) error {
	mtime, err := sourceDate(e)
	if err != nil {
		return err
	}
	if c.Bool("dependency-update") {
		if err := updateDependencies(e, c, path); err != nil {
			return err
		}
	}
	loaded, err := loadLocal(c.Context, path)
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
		return usagef("package %s: --version %q: write it as 1.2.3", path, c.String("version"))
	}
	if err != nil {
		return withCode(exitcode.Failed, err)
	}
	for _, m := range loaded.Mismatches() {
		e.log.Warnf("%s: %s", path, m)
	}
	file, err := writeInto(c.String("destination"), name, tgz)
	if err != nil {
		return withCode(exitcode.Failed, fmt.Errorf("package %s: %w", path, err))
	}
	_, err = fmt.Fprintln(e.stdoutText, file)
	return err
}

// updateDependencies fetches the dependencies of the chart at path, before
// something else is done with it. A packed chart has them in it.
func updateDependencies(e env, c *urfave.Context, path string) error {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return nil
	}
	o, err := dependencyOptions(e, c)
	if err != nil {
		return err
	}
	_, err = dependency.Update(c.Context, path, o)
	return withCode(codeAt(path), err)
}

func pushCommand(e env) *urfave.Command {
	return &urfave.Command{
		Name: "push", Usage: "push a packaged chart to a registry", ArgsUsage: "CHART.TGZ oci://HOST/PATH",
		Flags: []urfave.Flag{plainHTTPFlag()},
		Action: func(c *urfave.Context) error {
			if c.Args().Len() != 2 {
				return usagef("push takes a package and where it goes: pintle chart push web-1.0.0.tgz oci://registry.example.com/charts")
			}
			path, to := c.Args().Get(0), c.Args().Get(1)
			switch {
			case isFolder(path):
				return usagef("push %s: it is a folder: package it first, with \"pintle chart package %[1]s\"", path)
			case !strings.HasPrefix(to, registry.Scheme):
				return usagef("push to %s: write oci://HOST/PATH", to)
			}
			tgz, err := os.ReadFile(path)
			if err != nil {
				return withCode(exitcode.Usage, fmt.Errorf("push: %w", err))
			}
			created, err := sourceDate(e)
			if err != nil {
				return err
			}
			pushed, err := oci.Push(c.Context, to, tgz, oci.PushOptions{Access: access(e, c), Created: created})
			if err != nil {
				return withCode(registryCode(err), err)
			}
			if pushed.AlreadyPublished {
				fmt.Fprintln(e.stderrText, "already published, with the same content")
			}
			_, err = fmt.Fprintln(e.stdoutText, pushed.Ref+"@"+pushed.Digest)
			return err
		},
	}
}

func pullCommand(e env) *urfave.Command {
	return &urfave.Command{
		Name: "pull", Usage: "download a packaged chart from a registry or a repository", ArgsUsage: "oci://HOST/PATH/NAME",
		Description: "With --repo the argument is the name of a chart there.",
		Flags: []urfave.Flag{
			versionFlag(), plainHTTPFlag(), repoFlag(),
			&urfave.StringFlag{Name: "destination", Aliases: []string{"d"}, Value: ".", Usage: "write the package into this `FOLDER`"},
		},
		Action: func(c *urfave.Context) error {
			if c.Args().Len() != 1 {
				return usagef("pull takes one chart: pintle chart pull oci://registry.example.com/charts/web --version 1.0.0")
			}
			return pull(e, c, c.Args().First())
		},
	}
}

// pull writes a chart into a file that is called as the chart is, NAME-VERSION.tgz,
// whatever the reference calls it.
func pull(e env, c *urfave.Context, ref string) error {
	tgz, err := pullArchive(e, c, ref)
	if err != nil {
		return err
	}
	pulled, err := chart.LoadArchive(c.Context, bytes.NewReader(tgz))
	if err != nil {
		return withCode(exitcode.Failed, fmt.Errorf("pull %s: what is there is no chart that loads: %w", ref, err))
	}
	file, err := writeInto(c.String("destination"), pulled.ArchiveName(), tgz)
	if err != nil {
		return withCode(exitcode.Failed, fmt.Errorf("pull %s: %w", ref, err))
	}
	_, err = fmt.Fprintln(e.stdoutText, file)
	return err
}

// pullArchive downloads a chart.
func pullArchive(e env, c *urfave.Context, ref string) ([]byte, error) {
	if c.String("repo") != "" {
		return fromRepository(e, c, ref, c.String("version"))
	}
	if !strings.HasPrefix(ref, registry.Scheme) {
		return nil, usagef("pull %s: write oci://HOST/PATH/NAME, or name the repository that has it: --repo URL", ref)
	}
	tgz, _, err := oci.Pull(c.Context, ref, oci.PullOptions{Access: access(e, c), Version: c.String("version")})
	if err != nil {
		return nil, withCode(registryCode(err), err)
	}
	return tgz, nil
}
