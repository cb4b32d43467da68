package store

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// randomHash is spread over all values, or with few over that many first bytes and nothing else that differs early.
func randomHash(r *rand.Rand, few bool) (hash plumbing.Hash) {
	for i := range hash {
		if !few || i == 0 || i > 16 {
			hash[i] = byte(r.Uint32())
		}
	}
	if few {
		hash[0] %= 3
	}
	return hash
}

func TestNodes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, few := range []bool{false, true} {
		var s nodes
		known := map[plumbing.Hash]*Node{}
		for range 4 * blockSize {
			hash := randomHash(r, few)
			if n := s.find(hash); n != known[hash] {
				t.Fatalf("found %v before it was made, want %v", n, known[hash])
			}
			n := s.get(hash)
			if n.Hash != hash || known[hash] != nil && known[hash] != n {
				t.Fatalf("got %v for %s", n, hash)
			}
			known[hash] = n
		}
		count := 0
		for n := range s.all {
			if known[n.Hash] != n || s.find(n.Hash) != n {
				t.Fatalf("%s was lost", n.Hash)
			}
			count++
		}
		if count != len(known) {
			t.Errorf("%d nodes, want %d", count, len(known))
		}
	}
}

func TestPlaceOfName(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for round := range 300 {
		few := round%2 == 0
		all := make([][]byte, 1+r.IntN(3000))
		for i := range all {
			hash := randomHash(r, few)
			hash[0] = 7 // a bucket
			all[i] = hash[:]
		}
		slices.SortFunc(all, bytes.Compare)
		all = slices.CompactFunc(all, bytes.Equal)
		names := bytes.Join(all, nil)
		for i, name := range all {
			if at := place(names, plumbing.Hash(name)); at != i {
				t.Fatalf("round %d: found number %d at %d", round, i, at)
			}
		}
		other := randomHash(r, few)
		other[0] = 7
		_, present := slices.BinarySearchFunc(all, other[:], bytes.Compare)
		if at := place(names, other); (at >= 0) != present {
			t.Fatalf("round %d: found at %d what is there: %v", round, at, present)
		}
	}
	if at := place(nil, plumbing.ZeroHash); at != -1 {
		t.Errorf("found at %d among no names", at)
	}
}
