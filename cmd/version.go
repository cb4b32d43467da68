package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/event"
)

func versionCommand(e env) *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "print the version of this commit, of each service", ArgsUsage: "[SERVICE...]",
		Description: "With one version for all, or for one service, it prints just that string, else a line a service: name, space, version.",
		Flags: append(projectFlags(),
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "plain", Usage: "`FORMAT`: plain, json, env, dotenv, github"},
			&cli.BoolFlag{Name: "explain", Usage: "tell on stderr how each version came about"},
		),
		Action: func(c *cli.Context) error { return printVersions(e, c) },
	}
}

func printVersions(e env, c *cli.Context) error {
	print, ok := versionFormats()[c.String("output")]
	if !ok {
		return usagef("no output format %q: there are plain, json, env, dotenv, github", c.String("output"))
	}
	p, closeProject, err := openProject(e, c)
	if err != nil {
		return err
	}
	defer closeProject()
	o, err := goalOptions(c.Context, e, c, pipeline.GoalVersion, p)
	if err != nil {
		return err
	}
	var failure string
	log := event.NewLog(nil, func(ev event.Event) {
		if ev.Kind == event.StepFinished && ev.Status.Bad() && failure == "" {
			failure = ev.Message
		}
	})
	outcome, err := pipeline.Run(c.Context, log, o)
	if err != nil {
		return withCode(outcome.ExitCode, err)
	}
	if failure != "" {
		return withCode(outcome.ExitCode, fmt.Errorf("%s", failure))
	}
	if c.Bool("explain") {
		explain(e.stderr, outcome.Versions)
	}
	one := len(outcome.Versions) > 0 && (!strings.Contains(p.config.Version.Tag, "{service}") || c.Args().Len() == 1)
	return print(e.stdout, outcome.Versions, one)
}

func explain(w io.Writer, versions []pipeline.ServiceVersion) {
	for _, v := range versions {
		fmt.Fprintf(w, "%s %s\n", v.Service, v.Version)
		for _, line := range v.Version.Explain {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
}

type versionFormat func(w io.Writer, versions []pipeline.ServiceVersion, one bool) error

func versionFormats() map[string]versionFormat {
	return map[string]versionFormat{
		"plain": plainVersions, "json": jsonVersions,
		"env": envVersions("export PINTLE_VERSION"), "dotenv": envVersions("PINTLE_VERSION"), "github": githubVersions,
	}
}

func plainVersions(w io.Writer, versions []pipeline.ServiceVersion, one bool) error {
	if one {
		_, err := fmt.Fprintln(w, versions[0].Version)
		return err
	}
	for _, v := range versions {
		if _, err := fmt.Fprintf(w, "%s %s\n", v.Service, v.Version); err != nil {
			return err
		}
	}
	return nil
}

func jsonVersions(w io.Writer, versions []pipeline.ServiceVersion, _ bool) error {
	type row struct {
		Service   string   `json:"service"`
		Version   string   `json:"version"`
		Tag       string   `json:"tag,omitempty"`
		Commit    string   `json:"commit"`
		Unchanged bool     `json:"unchanged"`
		Explain   []string `json:"explain"`
	}
	rows := []row{}
	for _, v := range versions {
		rows = append(rows, row{v.Service, v.Version.Number, v.Version.Tag, v.Version.Commit, v.Version.Unchanged, v.Version.Explain})
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(rows)
}

// envVersions prints NAME=VERSION lines that a shell and GitLab's dotenv reports
// take: keys of letters, digits and underscores, values without quotes
// (facts/git-ci-canary.md 4).
func envVersions(name string) versionFormat {
	return func(w io.Writer, versions []pipeline.ServiceVersion, one bool) error {
		if one {
			_, err := fmt.Fprintf(w, "%s=%s\n", name, versions[0].Version)
			return err
		}
		for _, v := range versions {
			key := name + "_" + strings.ToUpper(strings.ReplaceAll(v.Service, "-", "_"))
			if _, err := fmt.Fprintf(w, "%s=%s\n", key, v.Version); err != nil {
				return err
			}
		}
		return nil
	}
}

// githubVersions prints key=value lines for $GITHUB_OUTPUT.
func githubVersions(w io.Writer, versions []pipeline.ServiceVersion, one bool) error {
	for _, v := range versions {
		if one {
			_, err := fmt.Fprintf(w, "version=%s\n", v.Version)
			return err
		}
		if _, err := fmt.Fprintf(w, "version-%s=%s\n", v.Service, v.Version); err != nil {
			return err
		}
	}
	return nil
}
