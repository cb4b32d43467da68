package cmd

import (
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/pipeline/config"
)

func checkCommand(e env) *cli.Command {
	return &cli.Command{
		Name: "check", Usage: "check pintle.yaml: all problems at once, each with its line and what to write",
		Flags: []cli.Flag{
			projectFlags()[0],
			&cli.BoolFlag{Name: "schema", Usage: "print the JSON schema of pintle.yaml instead"},
		},
		Action: func(c *cli.Context) error {
			if c.Args().Len() > 0 {
				return usagef("check takes no arguments; --file names another file")
			}
			if c.Bool("schema") {
				_, err := e.stdout.Write(config.Schema())
				return err
			}
			cfg, err := loadConfig(e, c)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.stdoutText, "%s is good: %d service%s, %d release%s, %d environment%s\n",
				filepath.Join(cfg.Dir, config.FileName), len(cfg.Services), plural(len(cfg.Services)),
				len(cfg.Releases), plural(len(cfg.Releases)), len(cfg.Environments), plural(len(cfg.Environments)))
			return err
		},
	}
}
