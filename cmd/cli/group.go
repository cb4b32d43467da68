package cli

import (
	"fmt"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/pipeline/config"
)

// NoSubcommand answers a group of commands that was called by itself.
func NoSubcommand(c *urfave.Context) error {
	if c.Args().Len() == 0 {
		return &HelpRequest{Path: strings.Fields(c.Command.HelpName)[1:]}
	}
	name, group := c.Args().First(), c.Command.HelpName
	return Usagef("no command %q: %ssee %q", group+" "+name, NearestCommand(name, c.Command.Subcommands), group+" --help")
}

// NearestCommand asks whether another command was meant, if one has a similar name. Short aliases are similar to too
// much.
func NearestCommand(name string, commands []*urfave.Command) string {
	var known []string
	for _, command := range commands {
		known = append(known, command.Name)
		for _, alias := range command.Aliases {
			if len(alias) > 3 {
				known = append(known, alias)
			}
		}
	}
	if near := config.Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q? ", near)
	}
	return ""
}
