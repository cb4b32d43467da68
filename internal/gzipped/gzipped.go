// Package gzipped compresses as tightly as gzip can, by writers that are used
// again: making one, a megabyte of tables, takes longer than a chart or a
// release record does. It refuses to choose a level, since what is published
// must come to the same bytes every time.
package gzipped

import (
	"compress/gzip"
	"io"
	"sync"
)

var writers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestCompression)
	if err != nil {
		panic(err) // there is this level
	}
	return w
}}

// To writes what write writes to out, compressed.
func To(out io.Writer, write func(io.Writer) error) error {
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(out)
	if err := write(w); err != nil {
		return err
	}
	return w.Close()
}
