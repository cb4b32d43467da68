// Package release is the commands that work with one release, with the arguments and flags of Helm. It refuses to know
// a pintle.yaml.
package release

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/ci"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	rbac "github.com/pintle-ci/pintle/deployer/access"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/secret"
)

// Command is the group that takes Helm's arguments and flags and prints what Helm prints, without a pintle.yaml.
func Command(e cli.Env) *urfave.Command {
	return &urfave.Command{
		Name: "release", Usage: "work with one release, with the arguments and flags of Helm",
		ArgsUsage: "install|upgrade|rollback|uninstall|list|history|status|get|test|recover",
		Subcommands: []*urfave.Command{
			installCommand(e), upgradeCommand(e), rollbackCommand(e), uninstallCommand(e),
			listCommand(e), historyCommand(e), statusCommand(e), getCommand(e), testCommand(e), recoverCommand(e),
		},
		Action: cli.NoSubcommand,
	}
}

// releaseClusterFlags say where a release is, with Helm's variables.
func releaseClusterFlags() []urfave.Flag {
	return []urfave.Flag{
		&urfave.StringFlag{Name: "namespace", Aliases: []string{"n"}, EnvVars: []string{"HELM_NAMESPACE"}, Usage: "`NAMESPACE` of the release; that of the kubeconfig's context otherwise"},
		&urfave.StringFlag{Name: "kubeconfig", Usage: "kubeconfig `FILE`; $KUBECONFIG, ~/.kube/config and the pod's service account otherwise"},
		&urfave.StringFlag{Name: "kube-context", EnvVars: []string{"HELM_KUBECONTEXT"}, Usage: "`CONTEXT` of the kubeconfig; the current one otherwise"},
		&urfave.StringFlag{Name: "driver", EnvVars: []string{"HELM_DRIVER"}, Value: string(release.Secrets), Usage: "`KIND` of object that records live in: secret, configmap"},
	}
}

func timeoutFlag() urfave.Flag {
	return &urfave.DurationFlag{Name: "timeout", Value: 5 * time.Minute, Usage: "time for the whole operation: `DURATION`"}
}

// waitFlags are what to wait for. As for Helm, nothing but hooks is awaited unless --wait is given.
func waitFlags() []urfave.Flag {
	return []urfave.Flag{
		cli.OptionalFlag("wait", "wait until all objects are ready: --wait or --wait=watcher; --wait=legacy means the same; --wait=hookOnly, the default, awaits hooks only"),
		&urfave.BoolFlag{Name: "wait-for-jobs", Usage: "with --wait: until Jobs have completed, too"},
	}
}

// serverSideFlag takes what Helm takes, as far as it can be had.
func serverSideFlag() urfave.Flag {
	return cli.OptionalFlag("server-side", "objects are always applied on the server's side; --server-side=false is refused")
}

func historyMaxFlag() urfave.Flag {
	return &urfave.IntFlag{Name: "history-max", Value: release.DefaultHistory, EnvVars: []string{"HELM_MAX_HISTORY"}, Usage: "keep at most `N` revisions; 0 keeps all"}
}

// waits reads --wait.
func waits(c *urfave.Context) (bool, error) {
	value, given := cli.OptionalOf(c, "wait")
	if !given {
		return false, nil
	}
	switch value {
	case "true", "watcher", "legacy":
		return true, nil
	case "false", "hookOnly":
		return false, nil
	}
	return false, cli.Usagef("--wait=%s: write --wait, --wait=watcher, --wait=legacy or --wait=hookOnly", value)
}

func checkServerSide(c *urfave.Context) error {
	switch value, given := cli.OptionalOf(c, "server-side"); {
	case !given || value == "auto":
		return nil
	default:
		if on, err := strconv.ParseBool(value); err != nil || !on {
			return cli.Usagef("--server-side=%s: objects are applied on the server's side only; Helm's releases that are not are taken over", value)
		}
	}
	return nil
}

// recordLabels reads --labels: KEY=VALUE,...
func recordLabels(c *urfave.Context) (map[string]string, error) {
	out := map[string]string{}
	for _, pair := range c.StringSlice("labels") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, cli.Usagef("--labels %q: write KEY=VALUE", pair)
		}
		out[key] = value
	}
	if err := release.CheckLabels(out); err != nil {
		return nil, cli.Usagef("%w", err)
	}
	return out, nil
}

func labelsFlag(usage string) urfave.Flag {
	return &urfave.StringSliceFlag{Name: "labels", Aliases: []string{"l"}, Usage: usage}
}

// openEngine connects to the cluster of a release.
func openEngine(e cli.Env, c *urfave.Context) (*deployer.Engine, error) {
	drivers := map[string]release.Driver{
		"": release.Secrets, "secret": release.Secrets, "secrets": release.Secrets,
		"configmap": release.ConfigMaps, "configmaps": release.ConfigMaps,
	}
	driver, ok := drivers[c.String("driver")]
	if !ok {
		return nil, cli.Usagef("--driver %s: records live in %s", c.String("driver"), strings.Join(slices.Sorted(maps.Keys(drivers))[1:], ", "))
	}
	cluster, err := cli.Connect(c, "")
	if err != nil {
		return nil, cli.WithCode(exitcode.Failed, err)
	}
	build := ci.Detect(e.Getenv)
	return deployer.New(cluster, deployer.Options{Holder: cli.Holder(build), Job: cli.Job(build), Driver: driver}), nil
}

// oneRelease is the only argument of a command.
func oneRelease(c *urfave.Context) (string, error) {
	if c.Args().Len() != 1 {
		return "", cli.Usagef("%s takes the name of a release: %s web", c.Command.HelpName, c.Command.HelpName)
	}
	return c.Args().First(), nil
}

// runOperation runs one operation on a release and tells it on stderr as a run of one step, without the secrets. The
// error is silent: all has been said.
func runOperation(e cli.Env, c *urfave.Context, secrets *secret.Set, step, name string, op func(context.Context, event.Span) (deployer.Outcome, error)) (deployer.Outcome, error) {
	build := ci.Detect(e.Getenv)
	console, sink := cli.NewConsole(e, build, cli.StderrColor(e, c, build))
	var outcome deployer.Outcome
	log := event.NewLog(nil, sink)
	code := pipeline.Operate(c.Context, log, &config.Resolved{}, step, []config.Unit{{Name: name}}, func(config.Unit) *secret.Set { return secrets },
		func(ctx context.Context, _ config.Unit, span event.Span) (deployer.Outcome, error) {
			var err error
			outcome, err = op(ctx, span)
			return outcome, err
		})
	_ = console.Close() // whoever cannot see it cannot be told
	return outcome, cli.Silent(code)
}

// planned passes a plan on, or says everything that the cluster would refuse.
func planned(e cli.Env, secrets *secret.Set, p *deployer.Prepared, err error) (*deployer.Prepared, error) {
	if refused, ok := errors.AsType[*plan.RejectedError](err); ok && len(refused.Rejections) > 1 {
		fmt.Fprint(e.StderrText, refused.Details())
	}
	if denied, ok := errors.AsType[*rbac.Error](err); ok {
		fmt.Fprint(e.StderrText, denied.Details())
	}
	if err != nil {
		return nil, cli.WithCode(exitcode.Failed, cli.Private(untouched(err), secrets))
	}
	for _, w := range p.Warnings {
		e.Log.Warn(secrets.Text(w))
	}
	return p, nil
}

// untouched says of an interruption that came before the work that it left nothing.
func untouched(err error) error {
	if _, stopped := errors.AsType[cli.SignalError](err); stopped {
		return fmt.Errorf("nothing was touched: %w", err)
	}
	return err
}

// chartRequest is what install and upgrade ask of the engine.
func chartRequest(e cli.Env, c *urfave.Context, name string) (deployer.Request, error) {
	wait, err := waits(c)
	if err != nil {
		return deployer.Request{}, err
	}
	if err := checkServerSide(c); err != nil {
		return deployer.Request{}, err
	}
	conflicts, err := cli.OnConflict(c)
	if err != nil {
		return deployer.Request{}, err
	}
	labels, err := recordLabels(c)
	if err != nil {
		return deployer.Request{}, err
	}
	req := deployer.Request{
		Release: name, Namespace: c.String("namespace"), Revise: true,
		Timeout: c.Duration("timeout"), NoWait: !wait, WaitForJobs: c.Bool("wait-for-jobs"),
		OnFailure: deployer.Leave, OnFailedInstall: deployer.Leave,
		CreateNamespace: c.Bool("create-namespace"), Labels: labels, Description: c.String("description"),
		NoHooks: c.Bool("no-hooks"), NoValidation: c.Bool("disable-openapi-validation"),
		OnConflict: conflicts, OnCancel: cli.OnCancel(c), Secrets: cli.Secrets(e.Getenv),
		HistoryLimit: -1, OnImmutable: asHelm(), NoLookupSecrets: c.Bool(cli.NoLookupSecrets),
	}
	req.Logs, req.Supersede = c.Bool("logs"), c.Bool("supersede")
	if c.Bool("skip-crds") {
		req.CRDs = deployer.SkipCRDs
	}
	if c.Bool("take-ownership") {
		req.Adopt = deployer.AdoptAll
	}
	if c.Bool("rollback-on-failure") {
		req.OnFailure, req.OnFailedInstall, req.NoWait = deployer.Rollback, deployer.Remove, false
	}
	return req, nil
}

// asHelm recreates nothing: Helm's commands fail where a field cannot be changed.
func asHelm() map[string]deployer.ImmutablePolicy {
	return map[string]deployer.ImmutablePolicy{"Job": deployer.FailImmutable, "StatefulSet": deployer.FailImmutable}
}

// historyLimit turns Helm's 0 into the engine's "all".
func historyLimit(c *urfave.Context) int {
	if n := c.Int("history-max"); n > 0 {
		return n
	}
	return -1
}
