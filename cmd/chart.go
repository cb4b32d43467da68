package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/oci"
	"github.com/pintle-ci/pintle/internal/answers"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
	"github.com/pintle-ci/pintle/registry"
)

func chartCommand(e env) *urfave.Command {
	return &urfave.Command{
		Name: "chart", Usage: "work with one chart", ArgsUsage: "create|template|lint|package|push|pull|show|deps|test",
		Subcommands: []*urfave.Command{
			createCommand(e), templateCommand(e), lintCommand(e), packageCommand(e), pushCommand(e), pullCommand(e), showCommand(e), depsCommand(e), chartTestCommand(e),
		},
		Action: noSubcommand,
	}
}

// noSubcommand answers a group of commands that was called by itself.
func noSubcommand(c *urfave.Context) error {
	if c.Args().Len() == 0 {
		return urfave.ShowSubcommandHelp(c)
	}
	name, group := c.Args().First(), c.Command.HelpName
	return usagef("no command %q: %ssee %q", group+" "+name, nearestCommand(name, c.Command.Subcommands), group+" --help")
}

// valueFlags are Helm's flags for values, in Helm's meaning.
func valueFlags() []urfave.Flag {
	return []urfave.Flag{
		&urfave.StringSliceFlag{Name: "values", Aliases: []string{"f"}, Usage: "values `FILE`, - for stdin; may be repeated, later ones win"},
		&urfave.GenericFlag{Name: "set", Value: &exprs{}, Usage: "set values: `KEY=VALUE`,..."},
		&urfave.GenericFlag{Name: "set-string", Value: &exprs{}, Usage: "set values as strings: `KEY=VALUE`,..."},
		&urfave.GenericFlag{Name: "set-file", Value: &exprs{}, Usage: "set values from files: `KEY=PATH`,..."},
		&urfave.GenericFlag{Name: "set-json", Value: &exprs{}, Usage: "set JSON values: `KEY=JSON`,... or an object"},
		&urfave.GenericFlag{Name: "set-literal", Value: &exprs{}, Usage: "set a literal string: `KEY=VALUE`"},
	}
}

// exprs collects a repeated flag without splitting at commas, which have a
// meaning inside the value.
type exprs struct{ list []string }

// Set implements urfave.Generic.
func (x *exprs) Set(s string) error {
	x.list = append(x.list, s)
	return nil
}

// String implements urfave.Generic.
func (x *exprs) String() string { return strings.Join(x.list, " ") }

// readValuesWithOrigin merges what the value flags say, in Helm's order, and
// tells for any value which file or flag gave it.
func readValuesWithOrigin(e env, c *urfave.Context) (map[string]any, func(path []string) string, error) {
	list := func(name string) []string {
		if x, ok := c.Generic(name).(*exprs); ok {
			return x.list
		}
		return nil
	}
	sources := chart.ValueSources{
		Files: c.StringSlice("values"), JSON: list("set-json"), Set: list("set"),
		String: list("set-string"), File: list("set-file"), Literal: list("set-literal"),
	}
	stdin := sync.OnceValues(func() ([]byte, error) { return io.ReadAll(io.LimitReader(e.stdin, maxValuesFile)) })
	read := func(path string) ([]byte, error) {
		if path == "-" {
			return stdin()
		}
		return chart.ReadFile(path)
	}
	values, err := chart.MergeValues(sources, read)
	return values, sources.Origins(read), withCode(exitcode.Usage, err)
}

// maxValuesFile bounds what is read from stdin, in bytes.
const maxValuesFile = 16 << 20

// loadChart loads a folder, an archive, or a chart of a registry (oci://).
func loadChart(ctx context.Context, e env, ref, version string) (*chart.Chart, error) {
	if !strings.HasPrefix(ref, registry.Scheme) {
		return loadLocal(ctx, ref)
	}
	archive, pulled, err := oci.Pull(ctx, ref, oci.PullOptions{Access: access(e, nil), Version: version})
	if err != nil {
		return nil, withCode(registryCode(err), err)
	}
	c, err := chart.LoadArchive(ctx, strings.NewReader(string(archive)))
	if err != nil {
		return nil, withCode(exitcode.Failed, fmt.Errorf("%s: %w", ref, err))
	}
	if text := pulled.Odd(c); text != "" {
		e.log.Warn(text)
	}
	return c, nil
}

// loadLocal loads a folder or an archive. A path that does not exist is a fault
// of the call.
func loadLocal(ctx context.Context, path string) (*chart.Chart, error) {
	c, err := chart.Load(ctx, path)
	if err == nil {
		return c, nil
	}
	code := codeAt(path)
	if code == exitcode.Usage {
		err = hintRemote(err, path)
	}
	return nil, withCode(code, hintPath(err, path))
}

// codeAt is the exit code for a failure with what is at the paths: that of a
// wrong call if nothing is at one of them.
func codeAt(paths ...string) int {
	for _, path := range paths {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return exitcode.Usage
		}
	}
	return exitcode.Failed
}

// registryCode is the exit code for what a registry says: that of a wrong call if
// there is no such chart or version, or cannot be.
func registryCode(err error) int {
	if errors.Is(err, registry.ErrNotFound) || errors.Is(err, registry.ErrInvalid) {
		return exitcode.Usage
	}
	return exitcode.Failed
}

// hintRemote tells who means a chart of a repository how to get it.
func hintRemote(err error, ref string) error {
	repository, name, parts := strings.Cut(ref, "/")
	switch {
	case strings.HasPrefix(ref, "http://"), strings.HasPrefix(ref, "https://"):
		return &hintedError{err, "a chart is a folder, an archive or oci://HOST/PATH/NAME: download this one first, by its name with \"pintle chart pull NAME --repo URL\""}
	case parts && plainName.MatchString(repository) && plainName.MatchString(name) && !isFolder(repository):
		return &hintedError{err, fmt.Sprintf("a chart of Helm's repository %s comes with \"pintle chart pull %s --repo @%[1]s\"", repository, name)}
	}
	return err
}

var plainName = lazyregexp.New(`^[a-z0-9][a-z0-9-]*$`)

func access(e env, c *urfave.Context) registry.Access {
	return registry.Access{
		Getenv: e.getenv, UserAgent: "pintle/" + buildVersion(), PlainHTTP: c != nil && c.Bool("plain-http"), Memory: answers.NewMemory(),
	}
}

func versionFlag() urfave.Flag {
	return &urfave.StringFlag{Name: "version", Usage: "`VERSION` or range of a chart in a registry; the newest otherwise"}
}

func plainHTTPFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "plain-http", Usage: "speak HTTP with the registry, and send it credentials in clear", EnvVars: []string{"PINTLE_PLAIN_HTTP"}}
}
