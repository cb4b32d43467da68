package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/text"
)

// PlainOptions says how a Plain writes.
type PlainOptions struct {
	Color     bool
	CI        CI               // fold the output of a service that came out well, as this server does
	Heartbeat time.Duration    // the longest silence while steps run; 0: 30 s; negative: no limit
	Now       func() time.Time // nil: time.Now
}

// Bounds of what a Plain prints; the reports have the rest.
const (
	plainOutput   = 100 // lines of a step's output, the last ones
	plainDetails  = 200 // lines of details, the first ones
	plainService  = 24  // cells of the column of services
	plainBrief    = 0.1 // seconds that are not worth telling
	plainProgress = time.Second
	defaultSilent = 30 * time.Second
)

// Plain tells a run as lines of text, for CI logs and pipes: a line for each
// step that ends, for each object that changes its state and, at most once a
// second, for how a waiting one gets on. Every line names its service, because
// services run side by side; what has many lines comes as one block when its
// step ends.
type Plain struct {
	mu   sync.Mutex
	w    io.Writer
	err  error
	o    PlainOptions
	c    colors
	fold *folder
	buf  bytes.Buffer

	service, step int               // widths of the first columns
	open          map[string]int    // steps that have not ended, by service
	kept          map[string]string // blocks held back until their service ends
	skips         map[string]string // the last reason for a skip that was told, by service
	begun         []*openStep       // running steps whose start is untold
	waiting       []progress        // untold news of waiting objects, the oldest first
	toldProgress  time.Time
	toldLine      time.Time

	stop chan struct{}
	done chan struct{}
}

type openStep struct {
	service, step string
	since         time.Time
}

type progress struct {
	service, step, object, namespace, text string
	at                                     time.Time
}

// NewPlain returns a Plain that writes to w. Unless o.Heartbeat is negative it
// owns a goroutine, which Close ends.
func NewPlain(w io.Writer, o PlainOptions) *Plain {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = defaultSilent
	}
	p := &Plain{
		w: w, o: o, c: colors(o.Color), fold: newFolder(),
		open: make(map[string]int), kept: make(map[string]string), skips: make(map[string]string),
		toldLine: o.Now(), stop: make(chan struct{}), done: make(chan struct{}),
	}
	if o.Heartbeat < 0 {
		close(p.done)
		return p
	}
	go p.beat()
	return p
}

// Event is an event.Sink.
func (p *Plain) Event(e event.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e = cleanEvent(e)
	p.fold.add(e)
	p.news(e.Time)
	switch e.Kind {
	case event.RunStarted:
		p.runStarted(e)
	case event.Planned:
		p.planned(e)
	case event.StepStarted:
		p.begun = append(p.begun, &openStep{e.Service, e.Step, e.Time})
	case event.Object:
		p.object(e)
	case event.Warning:
		p.line(e.Time, e.Service, e.Step, p.c.paint(yellow, "warning")+": "+e.Message)
	case event.PodLog:
		p.told(e.Service, e.Step)
		p.line(e.Time, e.Service, e.Step, p.c.podLog(e))
	case event.File:
		p.line(e.Time, e.Service, e.Step, e.Message)
	case event.StepFinished:
		p.stepFinished(e)
	case event.RunFinished:
		p.release(e.Time)
	}
	p.flush(e.Time)
}

// Write prints text between the lines, so that other output of the process does
// not break one.
func (p *Plain) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buf.Write(text)
	if !bytes.HasSuffix(text, []byte("\n")) {
		p.buf.WriteByte('\n')
	}
	p.flush(p.o.Now())
	return len(text), p.err
}

// Close prints what is held back, ends the goroutine and returns the first
// error of writing. It may be called twice.
func (p *Plain) Close() error {
	p.mu.Lock()
	select {
	case <-p.stop:
	default:
		close(p.stop)
		p.release(p.fold.last)
		p.flush(p.o.Now())
	}
	p.mu.Unlock()
	<-p.done
	return p.err
}

// beat tells what is due when no event comes.
func (p *Plain) beat() {
	defer close(p.done)
	tick := time.NewTicker(plainProgress)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
			p.mu.Lock()
			now := p.o.Now()
			p.news(now)
			if p.buf.Len() == 0 && now.Sub(p.toldLine) >= p.o.Heartbeat {
				p.stillRunning(now)
			}
			p.flush(now)
			p.mu.Unlock()
		}
	}
}

// flush writes what has been printed in one piece.
func (p *Plain) flush(now time.Time) {
	if p.buf.Len() == 0 {
		return
	}
	if p.err == nil { // the margin keeps lines from beginning with a command
		_, p.err = io.WriteString(p.w, text.WithoutInlineCommands(p.buf.String()))
	}
	p.buf.Reset()
	p.toldLine = now
}

// line prints one line headed by time, service and step.
func (p *Plain) line(at time.Time, service, step, text string) {
	if step != "" {
		service = cmp.Or(service, noService)
	}
	p.service = min(max(p.service, cells(service)), plainService)
	p.step = max(p.step, cells(step))
	elapsed := p.c.paint(dim, fmt.Sprintf("%7s", stopwatch(p.fold.since(at))))
	fmt.Fprintf(&p.buf, "%s  %s  %s  %s\n", elapsed, pad(service, p.service), p.c.paint(dim, pad(step, p.step)), text)
}

func (p *Plain) runStarted(e event.Event) {
	fmt.Fprintf(&p.buf, "%s", p.c.paint(bold, title(p.fold.run)))
	if e.Commit != "" {
		fmt.Fprintf(&p.buf, " at %s", shortCommit(e.Commit))
	}
	if e.Message != "" {
		fmt.Fprintf(&p.buf, ": %s", e.Message)
	}
	p.buf.WriteByte('\n')
}

func (p *Plain) planned(e event.Event) {
	p.open[e.Service]++
	p.service = min(max(p.service, cells(e.Service)), plainService)
	p.step = max(p.step, cells(e.Step))
}

func (p *Plain) object(e event.Event) {
	p.waiting = slices.DeleteFunc(p.waiting, func(w progress) bool {
		return w.service == e.Service && w.step == e.Step && w.object == e.Object && w.namespace == e.Namespace
	})
	switch e.Status {
	case event.Unchanged:
		return
	case event.Waiting:
		p.waiting = append(p.waiting, progress{e.Service, e.Step, e.Object, e.Namespace, e.Message, e.Time})
		p.news(e.Time)
		return
	}
	p.told(e.Service, e.Step)
	change := e.Change
	if o := p.fold.objects[[4]string{e.Service, e.Step, e.Namespace, e.Object}]; o != nil && change == "" {
		change = o.Change
	}
	text := e.Object + " " + p.c.status(e.Status, objectWord(e.Status, change))
	if e.Message != "" {
		text += ": " + e.Message
	}
	p.line(e.Time, e.Service, e.Step, text)
	p.buf.WriteString(p.block(e.Details, nil, 0))
}

// news tells what has become due by now: the starts of steps that take their
// time, and progress at the pace of one line a second.
func (p *Plain) news(now time.Time) {
	for len(p.begun) > 0 && now.Sub(p.begun[0].since) >= plainProgress {
		b := p.begun[0]
		p.told(b.service, b.step)
		p.line(b.since, b.service, b.step, p.c.status(running, "started"))
	}
	for len(p.waiting) > 0 {
		w := p.waiting[0]
		due := p.toldProgress.Add(plainProgress)
		if due.Before(w.at) {
			due = w.at
		}
		if due.After(now) {
			return
		}
		p.waiting, p.toldProgress = p.waiting[1:], due
		p.told(w.service, w.step)
		p.line(due, w.service, w.step, strings.TrimRight(w.object+" "+p.c.status(event.Waiting, "waits")+": "+w.text, ": "))
	}
}

// told notes that a step needs no line any more that says it has started.
func (p *Plain) told(service, step string) {
	p.begun = slices.DeleteFunc(p.begun, func(b *openStep) bool { return b.service == service && b.step == step })
}

func (p *Plain) stepFinished(e event.Event) {
	p.told(e.Service, e.Step)
	p.waiting = slices.DeleteFunc(p.waiting, func(w progress) bool { return w.service == e.Service && w.step == e.Step })
	step := p.fold.step(e)
	// Of steps that never began for one and the same reason the first is enough.
	if known, ok := p.skips[e.Service]; step.Ran || !ok || known != e.Message {
		p.line(e.Time, e.Service, e.Step, p.verdict(e))
	}
	if !step.Ran {
		p.skips[e.Service] = e.Message
	}
	details := e.Details
	if e.Status.Bad() && step.evident() {
		details = "" // they would say it a second time
	}
	block := p.block(details, step.Output, step.Dropped)
	switch {
	case e.Status.Bad():
		p.buf.WriteString(block)
		p.annotate(e)
	case p.o.CI == NoSections:
		p.buf.WriteString(block)
	case block != "":
		p.kept[e.Service] += e.Step + "\n" + block
	}
	if p.open[e.Service]--; p.open[e.Service] == 0 {
		p.section(e.Time, e.Service)
	}
}
