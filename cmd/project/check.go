package project

import (
	"fmt"
	"path/filepath"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// CheckCommand is "pintle check".
func CheckCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "check", Usage: "check pintle.yaml: all problems at once, each with its line and what to write",
		Flags: []urfave.Flag{
			fileFlag(),
			&urfave.BoolFlag{Name: "schema", Usage: "print the JSON schema of pintle.yaml instead"},
		},
		Action: func(c *urfave.Context) error {
			if c.Args().Len() > 0 {
				return cli.Usagef("check takes no arguments; --file names another file")
			}
			if c.Bool("schema") {
				_, err := e.Stdout.Write(config.Schema())
				return err
			}
			cfg, err := loadConfig(e, c)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.StdoutText, "%s is good: %d service%s, %d release%s, %d environment%s\n",
				filepath.Join(cfg.Dir, config.FileName), len(cfg.Services), cli.Plural(len(cfg.Services)),
				len(cfg.Releases), cli.Plural(len(cfg.Releases)), len(cfg.Environments), cli.Plural(len(cfg.Environments)))
			return err
		},
	}
}
