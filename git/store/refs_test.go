package store

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// packed-refs may hold anything: what is taken from it is sorted, and every name can be looked up again.
func FuzzPackedRefs(f *testing.F) {
	hash := strings.Repeat("ab", 20)
	for _, text := range []string{
		"", "# pack-refs with: peeled fully-peeled sorted \n" + hash + " refs/tags/v1.0.0\n^" + hash + "\n", hash + " refs/heads/登录\n", "^" + hash + "\n",
		hash + " refs/tags/a\r\n", hash + " refs/tags/\x1b[2J\n", hash + "  \n", strings.Repeat("a", 70000) + "\n",
		hash + " refs/tags/b\n" + hash + " refs/tags/a\n" + hash + " refs/tags/a\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "packed-refs"), text, 0o644); err != nil {
			t.Fatal(err)
		}
		r := &Refs{gitDir: dir, common: dir}
		packed, err := r.readPacked()
		if err != nil {
			return
		}
		if !slices.IsSortedFunc(packed, func(a, b Ref) int { return strings.Compare(a.Name, b.Name) }) {
			t.Error("not sorted")
		}
		for _, one := range packed {
			found, ok, err := r.Lookup(one.Name)
			if err != nil || ok != SafeRef(one.Name) || ok && found.Name != one.Name {
				t.Errorf("%q: found %+v, %t, %v", one.Name, found, ok, err)
			}
		}
	})
}
