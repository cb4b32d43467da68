package chart

import (
	"context"
	"errors"
	"strconv"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/secret"
)

// preview says what the cluster has to do with a render.
type preview int

const (
	offline   preview = iota // nothing
	fromThere                // --dry-run=server: its version, its APIs, lookup
	validated                // --validate: that, and the server checks every object
)

func previewFlags() []urfave.Flag {
	return []urfave.Flag{
		cli.OptionalFlag("dry-run", "--dry-run=server renders with the cluster's version, APIs and lookups, and checks that it serves every kind and holds no object of somebody else; --dry-run=client, the default, asks no cluster"),
		&urfave.BoolFlag{Name: "validate", Usage: "as --dry-run=server, and let the API server check every object; nothing is written"},
		cli.NoLookupSecretsFlag(),
		&urfave.BoolFlag{Name: "take-ownership", Usage: "with a cluster: do not mind objects that no or another release owns"},
		&urfave.StringFlag{Name: "kubeconfig", Usage: "kubeconfig `FILE`; $KUBECONFIG, ~/.kube/config and the pod's service account otherwise"},
		&urfave.StringFlag{Name: "kube-context", EnvVars: []string{"HELM_KUBECONTEXT"}, Usage: "`CONTEXT` of the kubeconfig; the current one otherwise"},
	}
}

// previewMode reads --dry-run and --validate in Helm's meaning.
func previewMode(e cli.Env, c *urfave.Context) (preview, error) {
	if c.Bool("validate") {
		if c.IsSet("dry-run") {
			return offline, cli.Usagef("--validate and --dry-run do not go together: --validate asks the cluster already")
		}
		return validated, nil
	}
	value := ""
	if o, ok := c.Generic("dry-run").(*cli.Optional); ok {
		value = o.Value
	}
	switch value {
	case "", "client":
		return offline, nil
	case "server":
		return fromThere, nil
	}
	if on, err := strconv.ParseBool(value); err == nil && on {
		e.Log.Warn("--dry-run alone means --dry-run=client: write so, or --dry-run=server")
		return offline, nil
	}
	return offline, cli.Usagef("--dry-run=%s: write --dry-run=client or --dry-run=server: a template is never installed", value)
}

func (p preview) render(c *urfave.Context, loaded *chart.Chart, known *secret.Set, o render.Options, values map[string]any) (*render.Result, error) {
	if p == offline {
		result, err := renderOffline(c.Context, c, loaded, o, values)
		if errors.Is(err, render.ErrKubeVersion) {
			err = cli.WithCode(exitcode.Usage, err)
		}
		return result, err
	}
	cluster, err := cli.Connect(c, "")
	if err != nil {
		return nil, err
	}
	return deployer.New(cluster, deployer.Options{}).Preview(c.Context, deployer.PreviewRequest{
		Release: o.ReleaseName, Namespace: cli.TemplateNamespace(c),
		IsUpgrade: c.Bool("is-upgrade"), TakeOwnership: c.Bool("take-ownership"), Validate: p == validated,
		NoLookupSecrets: c.Bool(cli.NoLookupSecrets), Secrets: known,
		Render: func(ctx context.Context, there render.Options) (*render.Result, error) {
			there.Origin, there.Path, there.Limits = o.Origin, o.Path, o.Limits
			return render.Render(ctx, loaded, values, cli.WithRenderFlags(c, there))
		},
	})
}
