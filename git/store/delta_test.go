package store

import (
	"testing"
)

func FuzzDelta(f *testing.F) {
	f.Add([]byte("hello world"), []byte{11, 5, 0x90, 5})
	f.Add([]byte("hello world"), []byte{11, 7, 0x91, 6, 5, 2, 'x', 'y'})
	f.Add([]byte(""), []byte{0, 0})
	f.Add([]byte("x"), []byte{1, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		out, err := applyDelta(nil, base, delta)
		if err == nil && len(out) > objectLimit {
			t.Errorf("%d bytes", len(out))
		}
	})
}
