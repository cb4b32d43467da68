package versioning

import "math/bits"

// set is a bit set over query numbers.
type set []uint64

func newSet(size int) set { return make(set, (size+63)/64) }

func (s set) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s set) remove(i int)   { s[i/64] &^= 1 << (i % 64) }
func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s set) empty() bool {
	for _, word := range s {
		if word != 0 {
			return false
		}
	}
	return true
}

func (s set) union(other set) {
	for i, word := range other {
		s[i] |= word
	}
}

func (s set) subtract(other set) {
	for i, word := range other {
		s[i] &^= word
	}
}

func (s set) intersect(other set) {
	for i, word := range other {
		s[i] &= word
	}
}

// all yields the numbers in the set.
func (s set) all(yield func(int) bool) {
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			if !yield(i*64 + bits.TrailingZeros64(word)) {
				return
			}
		}
	}
}
