package gzipped_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/pintle-ci/pintle/internal/gzipped"
)

// A writer that is used again, also after a failure, writes the same bytes as a new one.
func TestTo(t *testing.T) {
	for level, to := range map[int]func(io.Writer, func(io.Writer) error) error{
		gzip.DefaultCompression: gzipped.To, gzip.BestCompression: gzipped.Tightly,
	} {
		text := bytes.Repeat([]byte("the same text, again and again; "), 1000)
		var want bytes.Buffer
		w, err := gzip.NewWriterLevel(&want, level)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		broken := errors.New("broken")
		for range 3 {
			var got bytes.Buffer
			if err := to(&got, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want.Bytes()) {
				t.Error("other bytes than from a new writer")
			}
			if err := to(io.Discard, func(w io.Writer) error { _, _ = w.Write(text[:7]); return broken }); !errors.Is(err, broken) {
				t.Error(err)
			}
		}
	}
}
