package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/pintle-ci/pintle/event"
)

// Bounds of an events.jsonl.
const (
	maxLine   = 8 << 20   // bytes of one line
	maxText   = 1 << 20   // bytes of a message or of details, as written: escaped they stay under maxLine
	maxBytes  = 256 << 20 // of the whole
	maxEvents = 200_000   // in the whole
)

// ReadEvents reads events.jsonl. A last line that was cut off, as a kill leaves
// it, is passed over; anything else that is no event is an error which names
// the line.
func ReadEvents(r io.Reader) ([]event.Event, error) {
	limited := &io.LimitedReader{R: r, N: maxBytes + 1}
	lines := bufio.NewReader(limited)
	var events []event.Event
	for n := 1; ; n++ {
		text, err := readLine(lines)
		last := errors.Is(err, io.EOF)
		switch {
		case err != nil && !last:
			return nil, fmt.Errorf("read events: line %d: %w", n, err)
		case limited.N <= 0:
			return nil, fmt.Errorf("read events: more than %d MiB", maxBytes>>20)
		case len(events) >= maxEvents:
			return nil, fmt.Errorf("read events: more than %d events", maxEvents)
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			e, err := parseEvent(text)
			if err != nil && last {
				return events, nil
			}
			if err != nil {
				return nil, fmt.Errorf("read events: line %d is no event: %w", n, err)
			}
			events = append(events, e)
		}
		if last {
			return events, nil
		}
	}
}

// readLine reads up to and with the next newline; io.EOF comes with the last line.
func readLine(r *bufio.Reader) ([]byte, error) {
	var text []byte
	for {
		part, err := r.ReadSlice('\n')
		text = append(text, part...)
		if len(text) > maxLine {
			return nil, fmt.Errorf("longer than %d MiB", maxLine>>20)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, err
		}
	}
}

func parseEvent(text []byte) (event.Event, error) {
	var e event.Event
	if err := json.Unmarshal(text, &e); err != nil {
		return e, err
	}
	if e.Kind == "" {
		return e, errors.New("it has no kind")
	}
	return e, nil
}

// JSONLines writes each event as one line of JSON the moment it happens, so
// that a killed run leaves all it told. Like every sink it is called by one
// goroutine at a time.
type JSONLines struct {
	w   io.Writer
	err error
}

// NewJSONLines returns a JSONLines that writes to w, unbuffered.
func NewJSONLines(w io.Writer) *JSONLines { return &JSONLines{w: w} }

// Event is an event.Sink. After a failed write it does nothing more: half a
// line in the middle would make the rest unreadable.
func (j *JSONLines) Event(e event.Event) {
	if j.err != nil {
		return
	}
	e.Message = cut(e.Message, maxText, "...")
	e.Details = cut(e.Details, maxText, "\n...")
	text, err := json.Marshal(e)
	if err == nil {
		_, err = j.w.Write(append(text, '\n'))
	}
	if err != nil {
		j.err = fmt.Errorf("write event %d: %w", e.Seq, err)
	}
}

// Err returns the first error of writing.
func (j *JSONLines) Err() error { return j.err }
