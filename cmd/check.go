package cmd

import (
	"fmt"
	"path/filepath"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/pipeline/config"
)

func checkCommand(e env) *urfave.Command {
	return &urfave.Command{
		Name: "check", Usage: "check pintle.yaml: all problems at once, each with its line and what to write",
		Flags: []urfave.Flag{
			projectFlags()[0],
			&urfave.BoolFlag{Name: "schema", Usage: "print the JSON schema of pintle.yaml instead"},
		},
		Action: func(c *urfave.Context) error {
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
