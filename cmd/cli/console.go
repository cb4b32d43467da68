package cli

import (
	"io"
	"os"

	urfave "github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/pintle-ci/pintle/ci"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/report"
)

// ProjectDir is GitLab's folder of the project; empty elsewhere.
func ProjectDir(e Env, build ci.CI) string {
	if build.Name != ci.GitLab {
		return ""
	}
	return e.Getenv("CI_PROJECT_DIR")
}

// NewConsole is the live view on a terminal, plain lines everywhere else.
func NewConsole(e Env, build ci.CI, color bool) (io.Closer, event.Sink) {
	if f, ok := e.Stderr.(*os.File); ok && build.Name == ci.None && term.IsTerminal(int(f.Fd())) {
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
	plain := report.NewPlain(e.Stderr, report.PlainOptions{Color: color, CI: sections[build.Name]})
	return plain, plain.Event
}

// StderrColor decides about colour on stderr.
func StderrColor(e Env, c *urfave.Context, build ci.CI) bool {
	if c.String("color") == "auto" && build.Name != ci.None {
		return build.ANSI
	}
	return ColorOn(e, c, e.Stderr)
}

// StdoutColor decides about colour in text on stdout, and lets it through if so.
func StdoutColor(e Env, c *urfave.Context) bool {
	e.StdoutText.Colors = ColorOn(e, c, e.Stdout)
	return e.StdoutText.Colors
}

// ColorOn decides about colour on w: --color, then NO_COLOR, then whether w is a terminal.
func ColorOn(e Env, c *urfave.Context, w io.Writer) bool {
	switch c.String("color") {
	case "always":
		return true
	case "never":
		return false
	}
	if e.Getenv("NO_COLOR") != "" {
		return false
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
