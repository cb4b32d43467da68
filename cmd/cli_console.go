package cmd

import (
	"io"
	"os"

	urfave "github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/pintle-ci/pintle/ci"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/report"
)

// projectDir is GitLab's folder of the project; empty elsewhere.
func projectDir(e env, build ci.CI) string {
	if build.Name != ci.GitLab {
		return ""
	}
	return e.getenv("CI_PROJECT_DIR")
}

// newConsole is the live view on a terminal, plain lines everywhere else.
func newConsole(e env, build ci.CI, color bool) (io.Closer, event.Sink) {
	if f, ok := e.stderr.(*os.File); ok && build.Name == ci.None && term.IsTerminal(int(f.Fd())) {
		live := report.NewLive(f, report.LiveOptions{Color: color, Size: func() (int, int) {
			w, h, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 80, 24
			}
			return w, h
		}})
		return live, live.Event
	}
	sections := map[ci.Name]report.CI{ci.GitLab: report.GitLab, ci.GitHub: report.GitHub}
	plain := report.NewPlain(e.stderr, report.PlainOptions{Color: color, CI: sections[build.Name]})
	return plain, plain.Event
}

// colorWanted decides about colour on stderr.
func colorWanted(e env, c *urfave.Context, build ci.CI) bool {
	if c.String("color") == "auto" && build.Name != ci.None {
		return build.ANSI
	}
	return colorOn(e, c, e.stderr)
}

// paints decides about colour in text on stdout, and lets it through if so.
func paints(e env, c *urfave.Context) bool {
	e.stdoutText.Colors = colorOn(e, c, e.stdout)
	return e.stdoutText.Colors
}

// colorOn decides about colour on w: --color, then NO_COLOR, then whether w is a terminal.
func colorOn(e env, c *urfave.Context, w io.Writer) bool {
	switch c.String("color") {
	case "always":
		return true
	case "never":
		return false
	}
	if e.getenv("NO_COLOR") != "" {
		return false
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
