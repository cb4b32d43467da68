package cli

import urfave "github.com/urfave/cli/v2"

// Walk visits every command, parents first.
func Walk(commands []*urfave.Command, prefix string, visit func(path string, c *urfave.Command)) {
	for _, c := range commands {
		if c.Hidden {
			continue
		}
		path := prefix + " " + c.Name
		visit(path, c)
		Walk(c.Subcommands, path, visit)
	}
}
