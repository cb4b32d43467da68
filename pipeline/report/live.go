package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pintle-ci/pintle/event"
)

// LiveOptions says how a Live draws.
type LiveOptions struct {
	Color bool
	Size  func() (columns, rows int) // of the terminal, asked for each frame; nil: 80x24
	Now   func() time.Time           // nil: time.Now
}

// frameEvery is the time between two frames: fast enough to look alive, slow
// enough for a terminal at the other end of a thin line.
const frameEvery = 150 * time.Millisecond

// Live draws a run in place on a terminal: a table of services and steps, and
// below each running step the objects it waits for. Failures and warnings are
// printed above the table and stay. Close takes the table away, because the
// summary follows in its place.
type Live struct {
	mu    sync.Mutex
	w     io.Writer
	err   error
	o     LiveOptions
	c     colors
	fold  *folder
	above bytes.Buffer // what is to be printed above the next frame
	drawn int          // lines of the last frame
	beat  int          // frames so far, for the spinner

	stop chan struct{}
	done chan struct{}
}

// NewLive returns a Live that draws on w. It owns a goroutine, which Close ends.
func NewLive(w io.Writer, o LiveOptions) *Live {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Size == nil {
		o.Size = func() (int, int) { return 80, 24 }
	}
	l := &Live{w: w, o: o, c: colors(o.Color), fold: newFolder(), stop: make(chan struct{}), done: make(chan struct{})}
	go l.animate()
	return l
}

// Event is an event.Sink. It only takes note: drawing is the goroutine's.
func (l *Live) Event(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e = cleanEvent(e)
	l.fold.add(e)
	switch {
	case e.Kind == event.Warning:
		fmt.Fprintf(&l.above, "%s %s: %s\n", l.c.paint(yellow, "warning"), l.about(e), e.Message)
	case e.Kind == event.PodLog:
		fmt.Fprintf(&l.above, "%s %s\n", l.about(e), l.c.podLog(e))
	case e.Kind == event.Object && e.Status == event.Failed:
		fmt.Fprintf(&l.above, "%s %s %s: %s\n", l.c.status(e.Status, loud(e.Status)), l.about(e), e.Object, e.Message)
		l.evidence(e.Details)
	case e.Kind == event.StepFinished && e.Status.Bad():
		fmt.Fprintf(&l.above, "%s %s: %s\n", l.c.status(e.Status, loud(e.Status)), l.about(e), e.Message)
		if !l.fold.step(e).evident() {
			l.evidence(e.Details)
		}
	}
}

func (l *Live) about(e event.Event) string {
	return l.c.paint(bold, cmp.Or(e.Service, noService)+" "+e.Step)
}

func (l *Live) evidence(details string) {
	text, more := head(details, plainDetails)
	if text == "" {
		return
	}
	l.above.WriteString(indent(text, "    "))
	if more > 0 {
		fmt.Fprintf(&l.above, "    ... %s more in the report\n", plural(more, "line"))
	}
}

// Write prints text above the table, so that other output of the process and
// the table do not overwrite each other.
func (l *Live) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.above.Write(text)
	if !bytes.HasSuffix(text, []byte("\n")) {
		l.above.WriteByte('\n')
	}
	return len(text), l.err
}

// Close takes the table away, leaves what was printed above it, ends the
// goroutine and returns the first error of writing. It may be called twice.
func (l *Live) Close() error {
	l.mu.Lock()
	select {
	case <-l.stop:
	default:
		close(l.stop)
		l.draw(nil)
	}
	l.mu.Unlock()
	<-l.done
	return l.err
}

func (l *Live) animate() {
	defer close(l.done)
	tick := time.NewTicker(frameEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
			l.mu.Lock()
			select {
			case <-l.stop: // Close came first and has drawn the end
			default:
				l.beat++
				columns, rows := l.o.Size()
				l.draw(l.frame(columns, rows))
			}
			l.mu.Unlock()
		}
	}
}

// draw replaces the last frame: up to its first line, what goes above, the
// new lines each cleared to their end, and nothing below them. One write, so
// that the terminal never shows half a frame.
func (l *Live) draw(lines []string) {
	var b bytes.Buffer
	if l.drawn > 0 {
		fmt.Fprintf(&b, "\r\x1b[%dA", l.drawn)
	}
	for text := range bytes.Lines(l.above.Bytes()) {
		b.Write(bytes.TrimRight(text, "\n"))
		b.WriteString("\x1b[K\n")
	}
	l.above.Reset()
	for _, text := range lines {
		b.WriteString(text + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	l.drawn = len(lines)
	if l.err == nil {
		_, l.err = l.w.Write(b.Bytes())
	}
}
