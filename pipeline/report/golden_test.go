package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// streams are the recorded runs in testdata.
var streams = []string{"success", "failed", "interrupted", "killed", "lint", "parallel", "weird", "nothing"}

func readStream(t testing.TB, name string) []event.Event {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	events, err := report.ReadEvents(f)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; go test -update writes it anew):\n%s", path, diff)
	}
}

func TestGolden(t *testing.T) {
	outputs := []struct {
		ending string
		render func(events []event.Event, run report.Run) ([]byte, error)
	}{
		{".junit.xml", func(_ []event.Event, run report.Run) ([]byte, error) { return report.JUnit(run) }},
		{".report.json", func(_ []event.Event, run report.Run) ([]byte, error) { return report.JSON(run) }},
		{".html", func(_ []event.Event, run report.Run) ([]byte, error) { return report.HTML(run) }},
		{".svg", func(_ []event.Event, run report.Run) ([]byte, error) { return report.Timeline(run) }},
		{".summary.txt", func(_ []event.Event, run report.Run) ([]byte, error) {
			var b bytes.Buffer
			err := report.Summary(&b, run, report.SummaryOptions{HTML: "build/pintle/report/index.html", JUnit: "build/pintle/junit.xml"})
			return b.Bytes(), err
		}},
		{".plain.txt", func(events []event.Event, _ report.Run) ([]byte, error) {
			return plain(events, report.PlainOptions{})
		}},
		{".gitlab.txt", func(events []event.Event, _ report.Run) ([]byte, error) {
			return plain(events, report.PlainOptions{Color: true, CI: report.GitLab})
		}},
		{".github.txt", func(events []event.Event, _ report.Run) ([]byte, error) {
			return plain(events, report.PlainOptions{CI: report.GitHub})
		}},
	}
	for _, stream := range streams {
		events := readStream(t, stream)
		run := report.Fold(events)
		for _, o := range outputs {
			if stream == "parallel" && (strings.HasSuffix(o.ending, "ml") || o.ending == ".report.json") {
				continue // long, and says nothing that the others do not
			}
			t.Run(stream+o.ending, func(t *testing.T) {
				got, err := o.render(events, run)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, stream+o.ending, got)
			})
		}
	}
}

// plain replays events through a Plain on the events' own clock.
func plain(events []event.Event, o report.PlainOptions) ([]byte, error) {
	o.Heartbeat = -1
	var b bytes.Buffer
	p := report.NewPlain(&b, o)
	for _, e := range events {
		p.Event(e)
	}
	err := p.Close()
	return b.Bytes(), err
}
