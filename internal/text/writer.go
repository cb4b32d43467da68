package text

import (
	"bytes"
	"io"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// maxLine bounds what a Writer holds back of a line that does not end.
const maxLine = 64 << 10

// Writer cleans what people read, line by line, and takes the commands to CI servers from it. Who uses one calls Flush
// at the end.
type Writer struct {
	Colors bool // let the sequences pass by which this program paints text

	w    io.Writer
	held bytes.Buffer // a line that has not ended
}

// NewWriter returns a Writer in front of w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write writes the lines that have ended.
func (w *Writer) Write(p []byte) (int, error) {
	w.held.Write(p)
	end := bytes.LastIndexByte(w.held.Bytes(), '\n') + 1
	if end == 0 && w.held.Len() > maxLine {
		end = w.held.Len()
	}
	return len(p), w.write(end)
}

// Flush writes what is left, a line without an end.
func (w *Writer) Flush() error { return w.write(w.held.Len()) }

func (w *Writer) write(n int) error {
	if n == 0 {
		return nil
	}
	clean := Clean
	if w.Colors {
		clean = cleanColored
	}
	_, err := io.WriteString(w.w, WithoutCommands(clean(string(w.held.Next(n)))))
	return err
}

// colors are the sequences that this program paints with: bold, dim, a colour of the text, and the end of it. None of
// them hides text.
var colors = lazyregexp.New(`\x1b\[(?:0|(?:1;)?3[1-6]|[12])m`)

// cleanColored is Clean that leaves colours alone.
func cleanColored(s string) string {
	if !strings.Contains(s, "\x1b") {
		return Clean(s)
	}
	var b strings.Builder
	from := 0
	for _, at := range colors.Compiled().FindAllStringIndex(s, -1) {
		b.WriteString(Clean(s[from:at[0]]))
		b.WriteString(s[at[0]:at[1]])
		from = at[1]
	}
	b.WriteString(Clean(s[from:]))
	return b.String()
}
