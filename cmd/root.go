// Package cmd is the command line: the tree of commands, signals, and how a process ends. It refuses to do a command's
// work: the groups of commands below it turn flags into requests, and the rooms that they are named after fulfil them.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/sirupsen/logrus"
	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/internal/text"
)

// Main runs the command line args (args[0] is the program) and returns the exit code.
func Main(args []string) int {
	ctx, stop := withSignals(context.Background(), os.Stderr)
	defer stop()
	return Run(ctx, args, os.Stdin, os.Stdout, os.Stderr, os.Getenv)
}

// Run is Main over streams and variables that stand in for the process's; the work ends with ctx.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	return run(ctx, args, cli.Env{Stdin: stdin, Stdout: stdout, Stderr: stderr, Getenv: getenv})
}

func run(ctx context.Context, args []string, e cli.Env) int {
	e.Log, e.Limits = logrus.New(), &cli.Limits{}
	e.StdoutText, e.StderrText = text.NewWriter(e.Stdout), text.NewWriter(e.Stderr)
	e.Log.SetOutput(e.StderrText)
	e.Log.SetLevel(logrus.WarnLevel)
	e.Log.SetFormatter(plainFormatter{})
	if e.Getenv("GOGC") == "" {
		collectLate()
	}
	app := newApp(e)
	ordered, err := cli.Reorder(app, args)
	if err == nil {
		err = app.RunContext(ctx, ordered)
	}
	if asked, ok := errors.AsType[*cli.HelpRequest](err); ok {
		err = printHelp(e, app, asked.Path)
	}
	return exitCodeFor(ctx, e, errors.Join(err, e.StdoutText.Flush()))
}

// collectLate puts the first garbage collection off until 64 MiB are in use: most commands end before
// (docs/engineering/performance.md). Later ones are rare too, but the limit keeps a large command from paying for that
// in memory.
func collectLate() {
	debug.SetGCPercent(1600) // of the runtime's least heap, 4 MiB
	debug.SetMemoryLimit(512 << 20)
	runtime.AddCleanup(new(*byte), func(percent int) { debug.SetGCPercent(percent) }, 400)
}

// exitCodeFor prints err on stderr and picks the exit code.
func exitCodeFor(ctx context.Context, e cli.Env, err error) int {
	code := cli.ExitCode(err)
	var quiet *cli.ExitError
	if errors.Is(err, syscall.EPIPE) { // nobody reads on, as with "| head": no fault of the work
		if code == exitcode.Unexpected {
			code = exitcode.OK
		}
	} else if err != nil && (!errors.As(err, &quiet) || quiet.Err != nil) {
		cli.PrintError(e, err)
	}
	if s, ok := signalOf(ctx); ok && code != exitcode.OK {
		return s.ExitCode()
	}
	return code
}

// App is the command tree for who reads it, as documentation does: it is connected to nothing.
func App() *urfave.App {
	return newApp(cli.Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }})
}

// newApp is the whole command tree.
func newApp(e cli.Env) *urfave.App {
	all := commands(e)
	cli.Walk(all, "", func(_ string, c *urfave.Command) {
		c.OnUsageError, c.HideHelp = cli.UsageError, true
	})
	return &urfave.App{
		Name:           "pintle",
		Usage:          "take a repository of microservices from git tags to running releases on Kubernetes",
		UsageText:      "pintle [global flags] command [flags] [arguments]",
		Version:        cli.Version(),
		Reader:         e.Stdin,
		Writer:         e.Stdout,
		ErrWriter:      e.Stderr,
		ExitErrHandler: func(*urfave.Context, error) {}, // run decides about exit codes
		OnUsageError:   cli.UsageError,
		Flags:          globalFlags(),
		Before: func(c *urfave.Context) error {
			if c.Bool("debug") {
				e.Log.SetLevel(logrus.DebugLevel)
			}
			return e.Limits.Parse(c.String("limits"))
		},
		HideHelp: true, // printHelp does it
		Action:   noCommand,
		Commands: all,
	}
}

func globalFlags() []urfave.Flag {
	return []urfave.Flag{
		&urfave.BoolFlag{Name: "debug", Usage: "print diagnostics to stderr", EnvVars: []string{"PINTLE_DEBUG"}},
		&urfave.StringFlag{Name: "color", Value: "auto", Usage: "`WHEN` to use colour: auto, always, never", EnvVars: []string{"PINTLE_COLOR"}, Action: knownColor},
		&urfave.StringFlag{Name: "limits", Usage: "what rendering one chart may take, as `LIMITS`: time=1m,heap=1GiB, of a processor's time and of memory; over limits in pintle.yaml", EnvVars: []string{"PINTLE_LIMITS"}},
	}
}

func knownColor(_ *urfave.Context, when string) error {
	if !slices.Contains([]string{"auto", "always", "never"}, when) {
		return cli.Usagef("--color %q: write auto, always or never", when)
	}
	return nil
}

// noCommand answers a command line without a known command.
func noCommand(c *urfave.Context) error {
	if c.Args().Len() == 0 {
		return &cli.HelpRequest{}
	}
	name := c.Args().First()
	return cli.Usagef("no command %q: %ssee %q", name, cli.NearestCommand(name, c.App.Commands), "pintle --help")
}

// plainFormatter prints diagnostics as plain lines: time stamps come from the CI.
type plainFormatter struct{}

// Format implements logrus.Formatter.
func (plainFormatter) Format(e *logrus.Entry) ([]byte, error) {
	return fmt.Appendf(nil, "pintle: %s: %s\n", e.Level, e.Message), nil
}
