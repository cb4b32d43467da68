package answers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
)

// endless counts what of it has been read, over all that have the same counter.
type endless struct{ held *atomic.Int64 }

func (e endless) Read(p []byte) (int, error) {
	e.held.Add(int64(len(p)))
	return len(p), nil
}

// Answers without end fill no more than one of them may take, and a little of
// each other.
func TestEndlessAnswers(t *testing.T) {
	const count, limit = 5, 64 << 20
	m := NewMemory()
	var most, all atomic.Int64
	var readers sync.WaitGroup
	for range count {
		readers.Go(func() {
			var held atomic.Int64
			_, err := m.Read(t.Context(), watched{endless{&held}, limit, &held, &all, &most}, limit)
			if !errors.Is(err, ErrTooLarge) {
				t.Error(err)
			}
		})
	}
	readers.Wait()
	if bound := int64(limit + count*(small+1<<20)); most.Load() > bound {
		t.Errorf("%d MiB at once, want at most %d", most.Load()>>20, bound>>20)
	}
}

// watched notes the most that all readers hold at once.
type watched struct {
	io.Reader
	limit          int64
	own, all, most *atomic.Int64
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	total := w.all.Add(int64(n))
	if own := w.own.Load(); own > w.limit { // this was the last: all of it is dropped now
		w.all.Add(-own)
	}
	for old := w.most.Load(); total > old && !w.most.CompareAndSwap(old, total); old = w.most.Load() {
	}
	return n, err
}

func TestRead(t *testing.T) {
	for _, size := range []int{0, 1, small, small + 1, small + 5} {
		data := bytes.Repeat([]byte("x"), size)
		for _, m := range []*Memory{nil, NewMemory()} {
			got, err := m.Read(t.Context(), bytes.NewReader(data), int64(size))
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes: got %d, %v", size, len(got), err)
			}
			if _, err := m.Read(t.Context(), bytes.NewReader(data), int64(size)-1); size > 0 && !errors.Is(err, ErrTooLarge) {
				t.Errorf("%d bytes, one too many: %v", size, err)
			}
		}
	}
}

// Who waits for another's large answer ends with its context.
func TestWaitEnds(t *testing.T) {
	m := NewMemory()
	m.large <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Read(ctx, endless{&atomic.Int64{}}, 1<<30); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
