package cmd

import urfave "github.com/urfave/cli/v2"

// walk visits every command, parents first.
func walk(commands []*urfave.Command, prefix string, visit func(path string, c *urfave.Command)) {
	for _, c := range commands {
		if c.Hidden {
			continue
		}
		path := prefix + " " + c.Name
		visit(path, c)
		walk(c.Subcommands, path, visit)
	}
}
