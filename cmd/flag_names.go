package cmd

import urfave "github.com/urfave/cli/v2"

// namedFlag is a flag that keeps its names. The library asks every flag of a
// command for them once for each of its flags, and finds them by a regular
// expression each time: a twentieth of a short command's start.
type namedFlag struct {
	anyFlag
	names []string
}

// anyFlag is what the library asks of its flags.
type anyFlag interface {
	urfave.DocGenerationFlag
	urfave.RequiredFlag
	urfave.CategorizableFlag
	urfave.ActionableFlag
}

// Names are the flag's name and its aliases.
func (f *namedFlag) Names() []string {
	if f.names == nil {
		f.names = f.anyFlag.Names()
	}
	return f.names
}

func keepNames(flags []urfave.Flag) []urfave.Flag {
	for i, f := range flags {
		if f, ok := f.(anyFlag); ok {
			flags[i] = &namedFlag{anyFlag: f}
		}
	}
	return flags
}
