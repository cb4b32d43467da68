package report_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/report"
)

func TestReadEvents(t *testing.T) {
	const a, b = `{"seq":1,"time":"2026-01-02T03:04:05Z","kind":"run-started"}`, `{"seq":2,"time":"2026-01-02T03:04:06Z","kind":"planned"}`
	tests := []struct {
		name  string
		in    string
		count int
		err   string
	}{
		{"empty", "", 0, ""},
		{"whole", a + "\n" + b + "\n", 2, ""},
		{"no newline at the end", a + "\n" + b, 2, ""},
		{"the last line cut off", a + "\n" + b[:30], 1, ""},
		{"the last line cut in a character", a + "\n" + `{"kind":"output","message":"` + "\xe8", 1, ""},
		{"blank lines and CRLF", a + "\r\n\r\n" + b + "\r\n", 2, ""},
		{"a kind of the future", `{"kind":"holiday","more":{"a":[1]}}` + "\n", 1, ""},
		{"garbage in the middle", a + "\nnot json\n" + b + "\n", 0, "line 2 is no event"},
		{"garbage as a whole last line", a + "\n{\n", 0, "line 2 is no event"},
		{"JSON but no event", a + "\n{}\n", 0, "line 2 is no event: it has no kind"},
		{"an array", "[]\n", 0, "line 1 is no event"},
		{"a wrong type", `{"kind":"output","seconds":"1"}` + "\n", 0, "line 1 is no event"},
		{"an endless line", a + "\n" + strings.Repeat("x", 9<<20), 0, "line 2: longer than 8 MiB"},
		{"too many", strings.Repeat("{\"kind\":\"x\"}\n", 200_001), 0, "more than 200000 events"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			events, err := report.ReadEvents(strings.NewReader(tt.in))
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			if len(events) != tt.count {
				t.Errorf("%d events, want %d", len(events), tt.count)
			}
		})
	}
}

// endless is a reader that never ends: of blank lines, so that only their sum counts.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	p[len(p)-1] = '\n'
	return len(p), nil
}

func TestReadEventsIsBounded(t *testing.T) {
	if _, err := report.ReadEvents(endless{}); err == nil || !strings.Contains(err.Error(), "more than 256 MiB") {
		t.Errorf("error %v", err)
	}
}

func TestJSONLinesRoundTrip(t *testing.T) {
	want := readStream(t, "weird")
	var b bytes.Buffer
	lines := report.NewJSONLines(&b)
	for i, e := range want {
		lines.Event(e)
		if got := strings.Count(b.String(), "\n"); got != i+1 {
			t.Fatalf("after event %d the file has %d lines", i+1, got)
		}
	}
	got, err := report.ReadEvents(&b)
	if err = errors.Join(err, lines.Err()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestJSONLinesStaysReadableWithHugeDetails(t *testing.T) {
	var b bytes.Buffer
	lines := report.NewJSONLines(&b)
	lines.Event(event.Event{Kind: event.StepFinished, Details: strings.Repeat("\x01", 20<<20)})
	if _, err := report.ReadEvents(&b); err != nil {
		t.Error(err)
	}
}

// full is a disk on which n more writes find room.
type full struct {
	n       int
	written int
}

var errFull = errors.New("no space left on device")

func (f *full) Write(p []byte) (int, error) {
	if f.written == f.n {
		return 0, errFull
	}
	f.written++
	return len(p), nil
}

func TestJSONLinesKeepsTheFirstError(t *testing.T) {
	disk := &full{n: 1}
	lines := report.NewJSONLines(disk)
	for i := range 3 {
		lines.Event(event.Event{Seq: int64(i + 1), Kind: event.Output})
	}
	if err := lines.Err(); !errors.Is(err, errFull) || !strings.Contains(err.Error(), "event 2") {
		t.Errorf("error %v", err)
	}
}
