package project

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline"
)

// AccessCommand is "pintle access".
func AccessCommand(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "access", Usage: "list what the account of a job must be allowed to do in an environment", ArgsUsage: "[SERVICE...]",
		Flags: slices.Concat(projectFlags(), []urfave.Flag{environmentFlag(), cli.PlainHTTPFlag(), skipSchemaFlag()}, clusterFlags(), []urfave.Flag{
			&urfave.BoolFlag{Name: "yaml", Usage: "print Roles and bindings to apply, instead of a table"},
			&urfave.StringFlag{
				Name: "service-account", Value: "pintle",
				Usage: "bind the Roles to this service account, `[NAMESPACE:]NAME`; the namespace is that of the first service otherwise",
			},
		}),
		Action: func(c *urfave.Context) error { return printAccess(e, c) },
	}
}

func printAccess(e cli.Env, c *urfave.Context) error {
	namespace, name, found := strings.Cut(c.String("service-account"), ":")
	if !found {
		namespace, name = "", namespace
	}
	if name == "" || found && namespace == "" || strings.ContainsAny(name, ":/ ") {
		return cli.Usagef("--service-account %q: write a name, or NAMESPACE:NAME", c.String("service-account"))
	}
	p, closeProject, err := openProject(e, c)
	if err != nil {
		return err
	}
	defer closeProject()
	o, err := goalOptions(c.Context, e, c, pipeline.GoalAccess, p)
	if err != nil {
		return err
	}
	outcome, err := pipeline.Run(c.Context, event.NewLog(nil, event.Masked(o.Secrets.Text, tellProblems(e))), o)
	switch {
	case err != nil:
		return cli.WithCode(outcome.ExitCode, err)
	case outcome.ExitCode != exitcode.OK:
		return cli.Silent(outcome.ExitCode)
	}
	if !c.Bool("yaml") {
		return writePermissions(e, outcome.Accounts)
	}
	units, err := o.Resolved.Choose(o.Services)
	if err != nil {
		return err
	}
	account := access.ServiceAccount(cmp.Or(namespace, units[0].Namespace), name)
	return writeRoles(e.StdoutText, "pintle-"+o.Resolved.Project+"-"+o.Resolved.Environment, account, outcome.Accounts)
}

// tellProblems logs what goes wrong in a run that has no console and no reports.
func tellProblems(e cli.Env) event.Sink {
	return func(one event.Event) {
		switch {
		case one.Kind == event.StepFinished && one.Status.Bad():
			e.Log.Errorf("%s: %s: %s", one.Service, one.Step, one.Message)
			if one.Details != "" {
				fmt.Fprintln(e.StderrText, one.Details)
			}
		case one.Kind == event.Warning:
			e.Log.Warnf("%s: %s", one.Service, one.Message)
		}
	}
}

// writePermissions writes a table for people.
func writePermissions(e cli.Env, accounts []pipeline.UnitAccount) error {
	table := cli.NewListing(e, "NAMESPACE", "RESOURCE", "VERBS", "FOR")
	for _, p := range joined(accounts) {
		resource := p.Resource
		if p.Group != "" {
			resource += "." + p.Group
		}
		table.Row(cmp.Or(p.Namespace, "-"), resource, strings.Join(p.Verbs, ","), strings.Join(p.For, ", "))
	}
	if err := table.Print(); err != nil {
		return err
	}
	return writeNotes(e.StdoutText, "", accounts)
}

// writeRoles writes YAML to apply.
func writeRoles(w io.Writer, name, account string, accounts []pipeline.UnitAccount) error {
	if err := writeNotes(w, "# ", accounts); err != nil {
		return err
	}
	_, err := io.WriteString(w, access.Roles(name, account, joined(accounts)))
	return err
}

// writeNotes writes what the Roles cannot say by themselves, each line behind a prefix.
func writeNotes(w io.Writer, prefix string, accounts []pipeline.UnitAccount) error {
	var notes []string
	for _, a := range accounts {
		if a.Absent {
			notes = append(notes, fmt.Sprintf("%s goes into a namespace that does not exist yet: make it before its Role", a.Unit))
		}
		var names []string
		for _, ref := range a.Grants {
			names = append(names, ref.Kind+"/"+ref.Name)
		}
		if len(names) > 0 {
			notes = append(notes,
				fmt.Sprintf("%s brings %s: the server lets only those make a role who hold what it grants.", a.Unit, plan.Listed(names)),
				`Give the account the same rules, or the verb "escalate" on its roles and "bind" on what its bindings name.`)
		}
	}
	for _, line := range notes {
		if _, err := fmt.Fprintln(w, prefix+line); err != nil {
			return err
		}
	}
	return nil
}

// joined is what all units need.
func joined(accounts []pipeline.UnitAccount) []access.Permission {
	var all []access.Permission
	for _, a := range accounts {
		all = append(all, a.Permissions...)
	}
	return access.Joined(all)
}
