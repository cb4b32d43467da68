package cli

import (
	"cmp"
	"os"
	"os/user"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/ci"
	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/secret"
)

// Connect reads the kubeconfig, and asks no cluster yet. What the flags say of it and is not so is a fault of the call.
func Connect(c *urfave.Context, kubeContext string) (*kube.Client, error) {
	cluster, err := kube.Connect(kube.Config{
		Kubeconfig: c.String("kubeconfig"),
		Context:    cmp.Or(c.String("kube-context"), kubeContext),
		Namespace:  c.String("namespace"),
		UserAgent:  "pintle/" + Version(),
	})
	if err != nil && cmp.Or(c.String("kubeconfig"), c.String("kube-context")) != "" {
		err = WithCode(exitcode.Usage, err)
	}
	return cluster, err
}

// Holder says who works: the CI job, else the person and machine.
func Holder(build ci.CI) string {
	if build.BuildURL != "" {
		return build.BuildURL
	}
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return name + "@" + host
}

// Secrets are the credentials in the environment that must not show anywhere.
func Secrets(getenv func(string) string) *secret.Set {
	known := &secret.Set{}
	for _, name := range []string{
		"CI_REGISTRY_PASSWORD", "CI_JOB_TOKEN", "HARBOR_PASSWORD", "GITHUB_TOKEN", "GITLAB_TOKEN",
		"HELM_KUBETOKEN", "REGISTRY_PASSWORD", "DOCKER_PASSWORD",
	} {
		known.Add(getenv(name))
	}
	return known
}
