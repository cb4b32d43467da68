package cli

import (
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"
)

// Reorder moves flags before arguments, because the flag package stops at the first argument and people write "pintle
// chart template web ./chart -n prod". Global flags go to the front, a command's flags behind its name. "--" ends the
// flags, and a command that parses its own arguments is left alone. A flag at the end that lacks its value is an error,
// or it would take an argument. To ask for help is a *HelpRequest.
func Reorder(app *urfave.App, args []string) ([]string, error) {
	if len(args) == 0 {
		return args, nil
	}
	r := &reordering{app: app, commands: app.Commands, words: args[1:]}
	for len(r.words) > 0 {
		w := r.next()
		switch {
		case w == "--":
			r.rest = append(append(r.rest, w), r.words...)
			r.words = nil
		case len(w) > 1 && w[0] == '-':
			if err := r.flag(w); err != nil {
				return nil, err
			}
		default:
			r.word(w)
		}
	}
	if r.help {
		return nil, &HelpRequest{Path: r.path}
	}
	return slices.Concat(args[:1], r.global, r.path, r.local, r.rest), nil
}

// reordering is a command line on its way into the flag package's order.
type reordering struct {
	app      *urfave.App
	here     *urfave.Command // nil before the first command
	commands []*urfave.Command
	words    []string // that are still to come
	help     bool     // it is asked for

	global, path, local, rest []string
}

func (r *reordering) next() string {
	w := r.words[0]
	r.words = r.words[1:]
	return w
}

// flag sorts a flag with its value.
func (r *reordering) flag(w string) error {
	to := &r.global
	full, takes, known := fullFlag(r.app.Flags, w)
	if r.here != nil {
		if f, t, ok := fullFlag(r.here.Flags, w); ok {
			full, takes, known = f, t, true
			to = &r.local
		} else if !known {
			to = &r.local
		}
	}
	if !known && (w == "--help" || w == "-h") {
		r.help = true
		return nil
	}
	*to = append(*to, full)
	if !known || !takes || strings.Contains(w, "=") {
		return nil
	}
	if len(r.words) == 0 {
		name := strings.Join(append([]string{r.app.Name}, r.path...), " ")
		return Usagef("%s: flag needs an argument: %s: see %q", name, w, name+" --help")
	}
	*to = append(*to, r.next())
	return nil
}

// word sorts the name of a command or an argument.
func (r *reordering) word(w string) {
	next := FindCommand(r.commands, w)
	if next == nil && r.here == nil && len(r.rest) == 0 && (w == "help" || w == "h") {
		r.help = true
		return
	}
	if next == nil || len(r.rest) > 0 {
		r.rest = append(r.rest, w)
		r.commands = nil
		return
	}
	r.path, r.here, r.commands = append(r.path, next.Name), next, next.Subcommands
	if next.SkipFlagParsing {
		r.rest = append(r.rest, r.words...)
		r.words = nil
	}
}

// FindCommand is the command of a name or an alias, nil without one.
func FindCommand(commands []*urfave.Command, name string) *urfave.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

// fullFlag finds the flag written as word among flags and writes it with its full name, because the flag package
// refuses "-f a --values b"; takes reports whether a value follows it. An unknown flag stays as it is.
func fullFlag(flags []urfave.Flag, word string) (full string, takes, known bool) {
	name, value, assigned := strings.Cut(strings.TrimLeft(word, "-"), "=")
	for _, f := range flags {
		if !slices.Contains(f.Names(), name) {
			continue
		}
		full = "--" + f.Names()[0]
		if assigned {
			full += "=" + value
		}
		g, ok := f.(urfave.DocGenerationFlag)
		return full, ok && g.TakesValue(), true
	}
	return word, false, false
}
