package kubelet

import (
	"context"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// output is what one run of a container prints. A script prints all its lines at the start, so they never change.
type output struct {
	at    time.Time
	lines []string
	done  chan struct{} // closed when the run ends
}

func newOutput(at time.Time, lines []string) *output {
	return &output{at: at, lines: lines, done: make(chan struct{})}
}

func (o *output) close() { close(o.done) }

// write writes the lines that opts ask for to w. With Follow it returns when the run has ended or ctx has.
func (o *output) write(ctx context.Context, w io.Writer, opts corev1.PodLogOptions, flush func()) error {
	left := int64(-1)
	if opts.LimitBytes != nil {
		left = *opts.LimitBytes
	}
	for _, line := range o.selected(opts, time.Now()) {
		text := line + "\n"
		if opts.Timestamps {
			text = o.at.UTC().Format(time.RFC3339Nano) + " " + text
		}
		if left >= 0 {
			text = text[:min(int64(len(text)), left)]
			left -= int64(len(text))
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	flush()
	if !opts.Follow || left == 0 {
		return nil
	}
	select {
	case <-o.done:
	case <-ctx.Done():
	}
	return nil
}

func (o *output) selected(opts corev1.PodLogOptions, now time.Time) []string {
	if opts.SinceSeconds != nil && o.at.Before(now.Add(-time.Duration(*opts.SinceSeconds)*time.Second)) {
		return nil
	}
	if opts.SinceTime != nil && o.at.Before(opts.SinceTime.Time) {
		return nil
	}
	lines := o.lines
	if n := opts.TailLines; n != nil && *n >= 0 && *n < int64(len(lines)) {
		lines = lines[int64(len(lines))-*n:]
	}
	return lines
}
