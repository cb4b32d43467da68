package cli

import (
	"fmt"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/deployer/kube"
)

// WithRenderFlags sets what the flags say whether there is a cluster or not.
func WithRenderFlags(c *urfave.Context, o render.Options) render.Options {
	o.IncludeCRDs, o.SubchartNotes = c.Bool("include-crds"), c.Bool("render-subchart-notes")
	o.SkipSchemaValidation, o.EnableDNS = c.Bool("skip-schema-validation"), c.Bool("enable-dns")
	return o
}

// TemplateNamespace is --namespace, else the kubeconfig context's, else "default".
func TemplateNamespace(c *urfave.Context) string {
	return kube.DefaultNamespace(kube.Config{
		Kubeconfig: c.String("kubeconfig"), Context: c.String("kube-context"), Namespace: c.String("namespace"),
	})
}

// TemplatedName executes --name-template with all of sprig's functions: it is the caller's own text, so it may read the
// environment.
func TemplatedName(text string) (string, error) {
	t, err := template.New("--name-template").Funcs(sprig.TxtFuncMap()).Parse(text)
	if err != nil {
		return "", Usagef("%s", strings.TrimPrefix(err.Error(), "template: "))
	}
	var b strings.Builder
	if err := t.Execute(&b, nil); err != nil {
		return "", Usagef("%w", fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "template: ")))
	}
	return b.String(), nil
}
