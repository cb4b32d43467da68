package cli

import (
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// HelpRequest is the error of a command line that asks for help. It is no failure: whoever runs the command line prints
// the help.
type HelpRequest struct{ Path []string } // the command's names; none: all of Pintle

// Error implements error.
func (h *HelpRequest) Error() string { return "help for " + strings.Join(h.Path, " ") }

// Columns80 is the width of text for people where nothing tells another one.

// Width is how wide text on w may be: $COLUMNS, else the size of the terminal that w is; 0 where w is neither, and what
// is written may be read by a program.
func (e Env) Width(w io.Writer) int {
	if n, err := strconv.Atoi(e.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return n
}
