package cli

import urfave "github.com/urfave/cli/v2"

// NoLookupSecrets is the name of NoLookupSecretsFlag.
const NoLookupSecrets = "no-lookup-secrets"

// NoLookupSecretsFlag is for jobs that render what they do not trust with an account that may read Secrets.
func NoLookupSecretsFlag() urfave.Flag {
	return &urfave.BoolFlag{
		Name: NoLookupSecrets, EnvVars: []string{"PINTLE_NO_LOOKUP_SECRETS"},
		Usage: "let templates find no Secret of the cluster by \"lookup\", as for the builds of forks; a warning names those asked for",
	}
}

// Optional is the value of a flag that may stand alone: --dry-run.
type Optional struct{ Value string }

// Set implements urfave.Generic.
func (o *Optional) Set(s string) error {
	o.Value = s
	return nil
}

// String implements urfave.Generic.
func (o *Optional) String() string { return o.Value }

// IsBoolFlag tells the flag package that the flag may stand alone; its value is "true" then.
func (o *Optional) IsBoolFlag() bool { return true }

// optionalFlag is a flag whose value can only be written with "=".
type optionalFlag struct{ *urfave.GenericFlag }

// TakesValue implements urfave.DocGenerationFlag: the next word is not the value.
func (optionalFlag) TakesValue() bool { return false }

// OptionalOf is the value of a flag that may stand alone; given reports whether it was.
func OptionalOf(c *urfave.Context, name string) (value string, given bool) {
	if o, ok := c.Generic(name).(*Optional); ok && c.IsSet(name) {
		return o.Value, true
	}
	return "", false
}

// VersionFlag is --version of a chart.
func VersionFlag() urfave.Flag {
	return &urfave.StringFlag{Name: "version", Usage: "`VERSION` or range of a chart in a registry; the newest otherwise"}
}

// PlainHTTPFlag is --plain-http.
func PlainHTTPFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "plain-http", Usage: "speak HTTP with the registry, and send it credentials in clear", EnvVars: []string{"PINTLE_PLAIN_HTTP"}}
}

// Dashes are those before the name of a flag.
func Dashes(name string) string {
	if len(name) == 1 {
		return "-"
	}
	return "--"
}

// OptionalFlag makes a flag that may stand alone, as --dry-run; OptionalOf reads it.
func OptionalFlag(name, usage string) urfave.Flag {
	return optionalFlag{&urfave.GenericFlag{Name: name, Value: &Optional{}, Usage: usage}}
}
