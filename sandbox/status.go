package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pintle-ci/pintle/sandbox/state"
)

func statusCommand() *cobra.Command {
	var name, format string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the sandboxes that run",
		Long:  `Show the sandboxes that run. With --name, the exit status is 1 if that one does not.`,
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			infos, err := running(name)
			if err != nil {
				return err
			}
			return show(cmd.OutOrStdout(), infos, format)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "only this sandbox")
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table or json")
	return cmd
}

// running returns the sandboxes that run: all, or the one called name, whose absence is an error.
func running(name string) ([]state.Info, error) {
	if name != "" {
		folder, err := state.Open(name)
		if err != nil {
			return nil, usageError{err}
		}
		info, ok := folder.Running()
		if !ok {
			return nil, notRunning(name)
		}
		return []state.Info{info}, nil
	}
	folders, err := state.List()
	if err != nil {
		return nil, err
	}
	infos := []state.Info{}
	for _, f := range folders {
		if info, ok := f.Running(); ok {
			infos = append(infos, info)
		}
	}
	return infos, nil
}

func notRunning(name string) error {
	flag := ""
	if name != defaultName {
		flag = " --name " + name
	}
	return fmt.Errorf("sandbox %s is not running: start it with `pintle sandbox up%s`", name, flag)
}

func show(w io.Writer, infos []state.Info, format string) error {
	switch format {
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(infos)
	case "table":
	default:
		return usageError{fmt.Errorf("--output %q: use table or json", format)}
	}
	if len(infos) == 0 {
		progress("none is running: start one with `pintle sandbox up`")
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tSERVER\tREGISTRY\tKUBECONFIG\tPID\tAGE")
	for _, i := range infos {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\n", i.Name, i.Server, i.Registry, i.Config(), i.PID, time.Since(i.Started).Truncate(time.Second))
	}
	return t.Flush()
}
