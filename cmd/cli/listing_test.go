package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/internal/text"
)

func listingEnv(out io.Writer, columns string) Env {
	return Env{Stdout: out, StdoutText: text.NewWriter(out), Getenv: func(name string) string {
		return map[string]string{"COLUMNS": columns}[name]
	}}
}

func TestListing(t *testing.T) {
	want := map[string]string{
		"":   "SERVICE  REVISION  READY\ncart     3         3 of 4: Deployment/cart 1 of 2 replicas are ready\nweb      -         \n",
		"80": "SERVICE  REVISION  READY\ncart     3         3 of 4: Deployment/cart 1 of 2 replicas are ready\nweb      -         \n",
		"40": "SERVICE  REVISION  READY\ncart     3         3 of 4:\n                   Deployment/cart 1 of\n                   2 replicas are ready\nweb      -         \n",
		"30": "SERVICE  REVISION  READY\ncart     3         3 of 4:\n  Deployment/cart 1 of 2\n  replicas are ready\nweb      -         \n",
	}
	for columns, want := range want {
		var out bytes.Buffer
		e := listingEnv(&out, columns)
		l := NewListing(e, "SERVICE", "REVISION", "READY")
		l.Row("cart", "3", "3 of 4: Deployment/cart 1 of 2 replicas are ready")
		l.Row("web", "-", "")
		if err := l.Print(); err != nil {
			t.Fatal(err)
		}
		if err := e.StdoutText.Flush(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("width %q: -want +got\n%s", columns, diff)
		}
	}
}

// TestFitBreaksNoWord prints a text for several widths: the words stay the same.
func TestFitBreaksNoWord(t *testing.T) {
	const said = "cart failed: Deployment/cart: container main exited with code 1, 2 times: panic: no such column: price\n"
	for _, width := range []int{0, 40, 80, 200} {
		var out bytes.Buffer
		e := listingEnv(&out, fmt.Sprint(width))
		if err := Fit(e, func(w io.Writer) error { _, err := io.WriteString(w, said); return err }); err != nil {
			t.Fatal(err)
		}
		if err := e.StdoutText.Flush(); err != nil {
			t.Fatal(err)
		}
		if strings.Join(strings.Fields(out.String()), " ") != strings.Join(strings.Fields(said), " ") {
			t.Errorf("width %d: %q", width, out.String())
		}
		for line := range strings.Lines(out.String()) {
			if n := text.Width(strings.TrimSuffix(line, "\n")); width > 0 && n > width {
				t.Errorf("width %d: a line of %d", width, n)
			}
		}
	}
}
