package cmd

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// reorder moves flags before arguments, because the flag package stops at the
// first argument and people write "pintle chart template web ./chart -n prod".
// Global flags go to the front, a command's flags behind its name. "--" ends
// the flags, and a command that parses its own arguments is left alone.
func reorder(app *cli.App, args []string) []string {
	if len(args) == 0 {
		return args
	}
	var (
		global, local, rest []string
		path                = []string{}
		commands            = app.Commands
		flags               = app.Flags
		here                *cli.Command
	)
	words := args[1:]
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "--":
			rest = append(rest, words[i:]...)
			i = len(words)
		case len(w) > 1 && w[0] == '-':
			dst := &local
			full, takes, known := fullFlag(flags, w)
			if here != nil {
				if f, t, ok := fullFlag(here.Flags, w); ok {
					full, takes, known = f, t, true
				} else if known {
					dst = &global
				}
			} else {
				dst = &global
			}
			*dst = append(*dst, full)
			if known && takes && !strings.Contains(w, "=") && i+1 < len(words) {
				i++
				*dst = append(*dst, words[i])
			}
		default:
			next := find(commands, w)
			if next == nil || len(rest) > 0 {
				rest = append(rest, w)
				commands = nil
				continue
			}
			path, here, commands = append(path, w), next, next.Subcommands
			if next.SkipFlagParsing {
				rest = append(rest, words[i+1:]...)
				i = len(words)
			}
		}
	}
	return slices.Concat(args[:1], global, path, local, rest)
}

func find(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

// fullFlag finds the flag written as word among flags and writes it with its
// full name, because the flag package refuses "-f a --values b"; takes says
// whether a value follows it. An unknown flag stays as it is.
func fullFlag(flags []cli.Flag, word string) (full string, takes, known bool) {
	name, value, assigned := strings.Cut(strings.TrimLeft(word, "-"), "=")
	for _, f := range flags {
		if !slices.Contains(f.Names(), name) {
			continue
		}
		full = "--" + f.Names()[0]
		if assigned {
			full += "=" + value
		}
		g, ok := f.(cli.DocGenerationFlag)
		return full, ok && g.TakesValue(), true
	}
	return word, false, false
}
