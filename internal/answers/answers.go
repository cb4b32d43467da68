// Package answers reads what servers answer into memory: large answers one at a
// time, so that servers whose answers never end cannot fill the memory together.
package answers

import (
	"context"
	"errors"
	"io"
)

// small is how many bytes of each answer are read without waiting for others.
const small = 8 << 20

// ErrTooLarge says that an answer is larger than its limit.
var ErrTooLarge = errors.New("the answer is larger than allowed")

// Memory is where answers are read into. It may be used concurrently. Nil lets
// nobody wait.
type Memory struct {
	large chan struct{}
}

// NewMemory is for all that the process reads of one kind of server.
func NewMemory() *Memory { return &Memory{large: make(chan struct{}, 1)} }

// Read reads all of body, at most limit bytes. Before it reads more than 8 MiB it
// waits until no other answer of that size is being read.
func (m *Memory) Read(ctx context.Context, body io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, min(limit, small)+1))
	switch {
	case err != nil:
		return data, err
	case int64(len(data)) > limit:
		return nil, ErrTooLarge
	case len(data) <= small:
		return data, nil
	}
	if m != nil {
		select {
		case m.large <- struct{}{}:
			defer func() { <-m.large }()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	rest, err := io.ReadAll(io.LimitReader(body, limit+1-int64(len(data))))
	if err == nil && int64(len(data)+len(rest)) > limit {
		return nil, ErrTooLarge
	}
	return append(data, rest...), err
}
