package store

import (
	"encoding/binary"

	"github.com/go-git/go-git/v5/plumbing"
)

// nodes holds commits by their hashes. Of hundreds of thousands a map of the language takes more memory than they do:
// this is a table of numbers, open to the next free place, and hashes need no hashing.
type nodes struct {
	blocks [][]Node
	count  int
	table  []uint32 // a node's number, counted from 1; 0 is free. Its length is a power of two, twice the count at least.
}

// blockSize is how many nodes, or links to parents, are allocated at once.
const blockSize = 512

func (s *nodes) at(number uint32) *Node {
	return &s.blocks[(number-1)/blockSize][(number-1)%blockSize]
}

// place is where a hash is in the table, or would be.
func (s *nodes) place(hash *plumbing.Hash) uint64 {
	last := uint64(len(s.table) - 1)
	place := binary.LittleEndian.Uint64(hash[:]) & last
	for s.table[place] != 0 && s.at(s.table[place]).Hash != *hash {
		place = (place + 1) & last
	}
	return place
}

// find returns the node of a hash, or nil.
func (s *nodes) find(hash plumbing.Hash) *Node {
	if s.count == 0 {
		return nil
	}
	if number := s.table[s.place(&hash)]; number != 0 {
		return s.at(number)
	}
	return nil
}

// get returns the node of a hash, which it makes where there is none.
func (s *nodes) get(hash plumbing.Hash) *Node {
	if 2*s.count >= len(s.table) {
		s.grow()
	}
	place := s.place(&hash)
	if number := s.table[place]; number != 0 {
		return s.at(number)
	}
	if s.count%blockSize == 0 {
		s.blocks = append(s.blocks, make([]Node, blockSize))
	}
	s.count++
	s.table[place] = uint32(s.count)
	n := s.at(uint32(s.count))
	n.Hash = hash
	return n
}

func (s *nodes) grow() {
	s.table = make([]uint32, max(2*blockSize, 2*len(s.table)))
	for number := range uint32(s.count) {
		s.table[s.place(&s.at(number+1).Hash)] = number + 1
	}
}

// all yields every node.
func (s *nodes) all(yield func(*Node) bool) {
	for number := range uint32(s.count) {
		if !yield(s.at(number + 1)) {
			return
		}
	}
}
