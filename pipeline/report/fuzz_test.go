package report_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/pintle-ci/pintle/pipeline/report"
)

// Whatever stands in an events.jsonl, reading it never panics, and what can be
// read becomes a legal report.
func FuzzReports(f *testing.F) {
	for _, stream := range streams {
		if stream == "parallel" {
			continue // too long to mutate well
		}
		text, err := os.ReadFile(filepath.Join("testdata", stream+".jsonl"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		events, err := report.ReadEvents(bytes.NewReader(text))
		if err != nil {
			return
		}
		run := report.Fold(events)
		junit, err := report.JUnit(run)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := checkJUnit(junit); err != nil {
			t.Fatalf("%v in\n%s", err, junit)
		}
		for _, render := range []func(report.Run) ([]byte, error){report.JSON, report.HTML, report.Timeline} {
			if _, err := render(run); err != nil {
				t.Fatal(err)
			}
		}
		if err := report.Summary(io.Discard, run, report.SummaryOptions{Color: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := plain(events, report.PlainOptions{CI: report.GitLab}); err != nil {
			t.Fatal(err)
		}
	})
}
