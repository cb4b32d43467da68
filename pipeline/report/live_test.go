package report_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/report"
)

// terminal understands as much of a VT100 as a Live uses, and fails the test
// when it meets anything else or a line that would wrap.
type terminal struct {
	t       *testing.T
	columns int
	rows    int
	lines   []string
	row     int
}

var sgr = regexp.MustCompile(`^\x1b\[[0-9;]*m`)
var move = regexp.MustCompile(`^\x1b\[(\d*)([AJK])`)

func (v *terminal) Write(p []byte) (int, error) {
	text := string(p)
	line := ""
	for text != "" {
		if m := sgr.FindString(text); m != "" {
			text = text[len(m):]
			continue
		}
		if m := move.FindStringSubmatch(text); m != nil {
			text = text[len(m[0]):]
			v.move(m[2], m[1])
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		text = text[n:]
		switch {
		case r == '\n':
			v.put(line)
			line = ""
		case r == '\r':
		case r < ' ':
			v.t.Errorf("the terminal got %q", r)
		default:
			line += string(r)
		}
	}
	if line != "" {
		v.t.Errorf("the terminal got half a line: %q", line)
	}
	return len(p), nil
}

func (v *terminal) move(command, count string) {
	switch command {
	case "A":
		n, _ := strconv.Atoi(count)
		v.row -= n
		if v.row < 0 || n >= v.rows {
			v.t.Fatalf("the cursor leaves the terminal: up %d", n)
		}
	case "J":
		v.lines = v.lines[:v.row]
	}
}

func (v *terminal) put(line string) {
	if n := utf8.RuneCountInString(line); n >= v.columns && !strings.HasPrefix(line, "FAILED") && !strings.HasPrefix(line, "    ") {
		v.t.Errorf("a line of %d in a terminal of %d: %q", n, v.columns, line)
	}
	if v.row == len(v.lines) {
		v.lines = append(v.lines, "")
	}
	v.lines[v.row] = line
	v.row++
}

func (v *terminal) expect(want ...string) {
	v.t.Helper()
	if diff := cmp.Diff(want, v.lines); diff != "" {
		v.t.Error(diff)
	}
}

// live runs fn with a log that is shown on a terminal of that size.
func live(t *testing.T, columns, rows int, fn func(log *event.Log, l *report.Live, v *terminal)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		v := &terminal{t: t, columns: columns, rows: rows}
		l := report.NewLive(v, report.LiveOptions{Color: true, Size: func() (int, int) { return columns, rows }})
		fn(event.NewLog(nil, l.Event), l, v)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// frames lets the live view draw for d.
func frames(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestLive(t *testing.T) {
	live(t, 80, 24, func(log *event.Log, l *report.Live, v *terminal) {
		frames(time.Second)
		v.expect()
		log.Emit(event.Event{Kind: event.RunStarted, Project: "shop", Environment: "prod"})
		for _, service := range []string{"cart", "购物车"} {
			for _, step := range []string{"lint", "deploy"} {
				log.Emit(event.Event{Kind: event.Planned, Service: service, Step: step})
			}
		}
		log.Step("cart", "lint", func(event.Span) event.Result { return event.Result{Status: event.Passed, Version: "1.6.0"} })
		log.Step("cart", "deploy", func(s event.Span) event.Result {
			s.Object("shop", "ConfigMap/cart", "create", event.Passed, "")
			s.Object("shop", "Deployment/cart", "create", event.Waiting, "0 of 2 ready")
			frames(1510 * time.Millisecond)
			v.expect("",
				`shop to prod  | 1.4s`,
				`               lint  deploy`,
				`cart    1.6.0  ok    | 1.4s`,
				`  Deployment/cart  0 of 2 ready`,
				`  1 of 2 objects ready`,
				`购物车         .     .`)
			s.Evidence("shop", "Deployment/cart", event.Failed, "exited with 1", "log:\nFATAL")
			s.Warn("slow")
			frames(150 * time.Millisecond)
			v.expect(
				`FAILED cart deploy Deployment/cart: exited with 1`,
				`    log:`,
				`    FATAL`,
				`warning cart deploy: slow`,
				"",
				`shop to prod  / 1.6s`,
				`               lint  deploy`,
				`cart    1.6.0  ok    / 1.6s`,
				`  2 of 2 objects ready`,
				`购物车         .     .`)
			return event.Result{Status: event.RolledBack, Message: "exited with 1", Details: "said already"}
		})
		if _, err := l.Write([]byte("a line of another")); err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		v.expect(
			`FAILED cart deploy Deployment/cart: exited with 1`,
			`    log:`,
			`    FATAL`,
			`warning cart deploy: slow`,
			`ROLLED BACK cart deploy: exited with 1`,
			`a line of another`)
	})
}

func TestLiveOnANarrowTerminal(t *testing.T) {
	live(t, 30, 24, func(log *event.Log, _ *report.Live, v *terminal) {
		log.Emit(event.Event{Kind: event.RunStarted, Project: "a-project-with-a-long-name", Environment: "prod"})
		for _, step := range []string{"version", "bump", "lint", "package", "push", "plan", "deploy", "test"} {
			log.Emit(event.Event{Kind: event.Planned, Service: "recommendation-service", Step: step})
		}
		log.Step("recommendation-service", "deploy", func(s event.Span) event.Result {
			s.Object("shop", "Deployment/recommendation-service", "create", event.Waiting, "0 of 2 ready")
			frames(1510 * time.Millisecond)
			v.expect("",
				`a-project-with-a-l..  - 1.5s`,
				`recommendati..  deploy - 1.5s`,
				`  Deployment/recommendation..`)
			return event.Result{Status: event.Passed}
		})
	})
}

// What does not fit the height gives way to what is at work.
func TestLiveOnALowTerminal(t *testing.T) {
	live(t, 80, 10, func(log *event.Log, _ *report.Live, v *terminal) {
		log.Emit(event.Event{Kind: event.RunStarted, Project: "mall"})
		for i := range 30 {
			log.Emit(event.Event{Kind: event.Planned, Service: fmt.Sprint("s", i), Step: "deploy"})
		}
		for i := range 3 {
			log.Step(fmt.Sprint("s", i), "deploy", func(event.Span) event.Result { return event.Result{Status: event.Passed} })
		}
		log.Step("s29", "deploy", func(s event.Span) event.Result {
			s.Object("mall", "Deployment/s29", "create", event.Waiting, "0 of 1 ready")
			frames(160 * time.Millisecond)
			v.expect("",
				`mall  / 0.1s`,
				`       deploy`,
				`s3     .`,
				`s4     .`,
				`s5     .`,
				`s6     .`,
				`s29    / 0.1s`,
				`... and 25 more services`)
			return event.Result{Status: event.Passed}
		})
	})
}

// Every recorded run is drawn at every size without a line that wraps or a
// cursor that leaves the terminal.
func TestLiveAtEverySize(t *testing.T) {
	for _, stream := range streams {
		if stream == "weird" {
			continue // its wide characters are counted by TestCells, not by this terminal
		}
		for _, size := range [][2]int{{200, 60}, {80, 24}, {40, 8}, {25, 5}} {
			events := readStream(t, stream)
			live(t, size[0], size[1], func(_ *event.Log, l *report.Live, v *terminal) {
				for i, e := range events {
					if e.Kind == event.Warning || e.Status.Bad() || e.Kind == event.Object && e.Status == event.Failed {
						continue // printed above the table, where wrapping does no harm
					}
					l.Event(e)
					if i%20 == 0 {
						frames(150 * time.Millisecond)
					}
				}
			})
		}
	}
}
