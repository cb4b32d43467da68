package chart

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"
	"k8s.io/client-go/util/jsonpath"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/repository"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/internal/exitcode"
)

func showCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "show", Usage: "print a part of a chart, as \"helm show\" does", ArgsUsage: strings.Join(chart.Parts, "|") + " CHART",
		Flags: []urfave.Flag{
			cli.VersionFlag(), cli.PlainHTTPFlag(),
			&urfave.BoolFlag{Name: "devel", Usage: "take pre-releases too: the same as --version '>0.0.0-0'"},
			repoFlag(),
			&urfave.StringFlag{Name: "jsonpath", Usage: "of the values, print only this `EXPRESSION`: {.image.tag}"},
		},
		Action: func(c *urfave.Context) error {
			part, ref := c.Args().Get(0), c.Args().Get(1)
			switch {
			case c.Args().Len() != 2:
				return cli.Usagef("show takes a part and a chart: pintle chart show values ./chart")
			case !slices.Contains(chart.Parts, part):
				return cli.Usagef("no part %q of a chart: there are %s", part, strings.Join(chart.Parts, ", "))
			case c.String("jsonpath") != "" && part != "values":
				return cli.Usagef("--jsonpath is for values: pintle chart show values %s --jsonpath %q", ref, c.String("jsonpath"))
			}
			return show(e, c, part, ref)
		},
	}
}

func show(e cli.Env, c *urfave.Context, part, ref string) error {
	loaded, err := loadShown(e, c, ref)
	if err != nil {
		return err
	}
	text, err := chart.Show(loaded, part)
	missing := len(text) == 0
	if c.String("jsonpath") != "" {
		text, err = valuesAt(loaded, c.String("jsonpath"))
		missing = len(loaded.Values) == 0 // a value may be the empty text
	}
	if err != nil {
		return err
	}
	if missing {
		fmt.Fprintf(e.StderrText, "the chart %s has no %s\n", loaded.Metadata.Name, part)
	}
	_, err = e.Stdout.Write(text)
	return err
}

// loadShown loads a chart from where --repo says, or else as every command does.
func loadShown(e cli.Env, c *urfave.Context, ref string) (*chart.Chart, error) {
	version := c.String("version")
	if version == "" && c.Bool("devel") {
		version = ">0.0.0-0"
	}
	if c.String("repo") == "" {
		return cli.LoadChart(c.Context, e, ref, version)
	}
	tgz, err := fromRepository(e, c, ref, version)
	if err != nil {
		return nil, err
	}
	loaded, err := chart.LoadArchive(c.Context, bytes.NewReader(tgz))
	if err != nil {
		err = fmt.Errorf("load %s from %s: %w", ref, c.String("repo"), err)
	}
	return loaded, cli.WithCode(exitcode.Failed, err)
}

func repoFlag() urfave.Flag {
	return &urfave.StringFlag{Name: "repo", Usage: "the `URL` of an index repository, or @NAME of Helm's repositories.yaml"}
}

// fromRepository downloads a chart from the index repository of --repo.
func fromRepository(e cli.Env, c *urfave.Context, name, version string) ([]byte, error) {
	known, err := repository.Load(e.Getenv)
	if err != nil {
		return nil, cli.WithCode(exitcode.Usage, err)
	}
	from, err := known.Find(c.String("repo"))
	if err != nil {
		return nil, cli.WithCode(exitcode.Usage, err)
	}
	tgz, _, err := repository.Pull(c.Context, from, name, version, cli.RegistryAccess(e, c), func(text string) { e.Log.Warn(text) })
	return tgz, cli.WithCode(cli.RegistryCode(err), err)
}

// valuesAt evaluates a JSONPath expression, in kubectl's form, over the chart's values.
func valuesAt(loaded *chart.Chart, expression string) ([]byte, error) {
	parsed := jsonpath.New("values")
	if err := parsed.Parse(expression); err != nil {
		return nil, cli.Usagef("--jsonpath %q: %w: write {.image.tag}", expression, err)
	}
	if loaded.Values == nil {
		return nil, nil
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, loaded.Values); err != nil {
		return nil, cli.WithCode(exitcode.Failed, fmt.Errorf("--jsonpath %q: %w", expression, err))
	}
	return out.Bytes(), nil
}
