package cmd

import urfave "github.com/urfave/cli/v2"

const noLookupSecrets = "no-lookup-secrets"

// noLookupSecretsFlag is for jobs that render what they do not trust with an account
// that may read Secrets.
func noLookupSecretsFlag() urfave.Flag {
	return &urfave.BoolFlag{
		Name: noLookupSecrets, EnvVars: []string{"PINTLE_NO_LOOKUP_SECRETS"},
		Usage: "let templates find no Secret of the cluster by \"lookup\", as for the builds of forks; a warning names those asked for",
	}
}

// optional is the value of a flag that may stand alone: --dry-run.
type optional struct{ value string }

// Set implements urfave.Generic.
func (o *optional) Set(s string) error {
	o.value = s
	return nil
}

// String implements urfave.Generic.
func (o *optional) String() string { return o.value }

// IsBoolFlag tells the flag package that the flag may stand alone; its value is "true" then.
func (o *optional) IsBoolFlag() bool { return true }

// optionalFlag is a flag whose value can only be written with "=".
type optionalFlag struct{ *urfave.GenericFlag }

// TakesValue implements urfave.DocGenerationFlag: the next word is not the value.
func (optionalFlag) TakesValue() bool { return false }

// optionalOf is the value of a flag that may stand alone; given says whether it was.
func optionalOf(c *urfave.Context, name string) (value string, given bool) {
	if o, ok := c.Generic(name).(*optional); ok && c.IsSet(name) {
		return o.value, true
	}
	return "", false
}

func versionFlag() urfave.Flag {
	return &urfave.StringFlag{Name: "version", Usage: "`VERSION` or range of a chart in a registry; the newest otherwise"}
}

func plainHTTPFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "plain-http", Usage: "speak HTTP with the registry, and send it credentials in clear", EnvVars: []string{"PINTLE_PLAIN_HTTP"}}
}

func dashes(name string) string {
	if len(name) == 1 {
		return "-"
	}
	return "--"
}
