package store

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

func FuzzTree(f *testing.F) {
	hash := strings.Repeat("h", hashSize)
	f.Add([]byte("100644 a\x00"+hash+"40000 b\x00"+hash), []byte("40000 a\x00"+hash))
	f.Add([]byte("40000 a\x00short"), []byte(" a\x00"+hash))
	f.Add([]byte("4\x00\x00\x00  a\x00"+hash+"0 0\x00"+hash), []byte("4\x00\x00\x00  a\x00"+hash))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if checkTree(a) != nil || checkTree(b) != nil {
			return
		}
		calls := 0
		if err := DiffTrees(a, b, func([]byte, plumbing.Hash, plumbing.Hash) error { calls++; return nil }); err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(a, b) && calls > 0 {
			t.Errorf("%d differences to itself", calls)
		}
	})
}
