package versioning

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Trees stay as they were read while others are, and room that was used is used again.
func TestArena(t *testing.T) {
	var a arena
	r := rand.New(rand.NewPCG(9, 10))
	for range 3 {
		var kept, want [][]byte
		used := 0
		for range 300 {
			content := bytes.Repeat([]byte{byte(r.Uint32())}, r.IntN(60<<10))
			used += len(content)
			want, kept = append(want, bytes.Clone(content)), append(kept, a.keep(content))
			clear(content)
		}
		for i := range kept {
			if !bytes.Equal(kept[i], want[i]) {
				t.Fatalf("content %d has changed", i)
			}
		}
		if a.used != used {
			t.Errorf("%d bytes used, want %d", a.used, used)
		}
		blocks := len(a.blocks)
		a.clear()
		a.keep([]byte("tree"))
		if len(a.blocks) != blocks || a.at != 0 {
			t.Errorf("%d blocks, filling number %d", len(a.blocks), a.at)
		}
		a.clear()
	}
}
