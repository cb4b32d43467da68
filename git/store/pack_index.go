package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/go-git/go-git/v5/plumbing"
)

// find returns an object's offset in the pack, or errAbsent.
func (p *pack) find(hash plumbing.Hash) (int64, error) {
	first := uint32(0)
	if hash[0] > 0 {
		first = p.fanout[hash[0]-1]
	}
	n := int(p.fanout[hash[0]] - first)
	if n == 0 {
		return 0, errAbsent
	}
	names, start, err := p.names(hash, int64(first), n)
	if err != nil {
		return 0, fmt.Errorf("read pack index: %w", err)
	}
	at := place(names, hash)
	if at < 0 {
		return 0, errAbsent
	}
	if offsets := p.buckets[hash[0]].offsets; offsets != nil {
		return p.offset(binary.BigEndian.Uint32(offsets[at*4:]))
	}
	var short [4]byte
	if n, err := p.places.fill(short[:], p.offsets()+(int64(first)+int64(start)+int64(at))*4); err != nil || n < len(short) {
		return 0, fmt.Errorf("read pack index: %w", cmp.Or(err, io.ErrUnexpectedEOF))
	}
	return p.offset(binary.BigEndian.Uint32(short[:]))
}

// place finds a hash among names of one first byte; -1 where it is not. Names are spread evenly: how far a name is from
// the hash tells about how many lie between. Where they are not, halving finds it.
func place(names []byte, hash plumbing.Hash) int {
	const guesses = 4
	low, high := 0, len(names)/hashSize
	count := int64(high)
	want := int64(binary.BigEndian.Uint32(hash[1:]))
	for likely, n := int(want*count>>32), 0; low < high; n++ {
		name := names[likely*hashSize : (likely+1)*hashSize]
		off := want - int64(binary.BigEndian.Uint32(name[1:]))
		order := cmp.Compare(0, off)
		if off == 0 {
			order = bytes.Compare(name, hash[:])
		}
		switch {
		case order == 0:
			return likely
		case order < 0:
			low = likely + 1
		default:
			high = likely
		}
		if n < guesses {
			likely += int(off * count >> 32)
		} else {
			likely = (low + high) / 2
		}
		likely = max(low, min(likely, high-1))
	}
	return -1
}

// names returns those among the n names of a bucket where the hash would stand, and which of the n is the first. Names
// are spread evenly, so of a large bucket a part around the likely place will do; one that is asked for often is kept
// whole.
func (p *pack) names(hash plumbing.Hash, first int64, n int) (names []byte, start int, err error) {
	const around, often = 512, 8
	kept := &p.buckets[hash[0]]
	if kept.names != nil {
		return kept.names, 0, nil
	}
	p.asked[hash[0]]++
	if n > 4*around && p.asked[hash[0]] < often {
		likely := int(uint64(binary.BigEndian.Uint32(hash[1:])) * uint64(n) >> 32)
		start, end := max(0, likely-around), min(n, likely+around)
		if p.part == nil {
			p.part = make([]byte, 2*around*hashSize)
		}
		names = p.part[:(end-start)*hashSize]
		if _, err := p.idx.ReadAt(names, idxNames+(first+int64(start))*int64(hashSize)); err != nil {
			return nil, 0, err
		}
		if (start == 0 || bytes.Compare(names[:hashSize], hash[:]) <= 0) && (end == n || bytes.Compare(names[len(names)-hashSize:], hash[:]) >= 0) {
			return names, start, nil
		}
	}
	whole := bucket{make([]byte, n*hashSize), make([]byte, n*4)}
	if _, err := p.idx.ReadAt(whole.names, idxNames+first*int64(hashSize)); err != nil {
		return nil, 0, err
	}
	if _, err := p.idx.ReadAt(whole.offsets, p.offsets()+first*4); err != nil {
		return nil, 0, err
	}
	*kept = whole
	return whole.names, 0, nil
}

// offsets is where the index has its table of short offsets.
func (p *pack) offsets() int64 { return idxNames + p.count()*int64(hashSize+4) }

// offset is where in the pack an object begins of which the index has a short offset.
func (p *pack) offset(value uint32) (int64, error) {
	const large = 1 << 31 // set: the rest is a place in the table of 64-bit offsets
	if value&large == 0 {
		return int64(value), nil
	}
	var long [8]byte
	if _, err := p.idx.ReadAt(long[:], p.offsets()+p.count()*4+int64(value&^large)*8); err != nil {
		return 0, fmt.Errorf("read pack index: %w", err)
	}
	return int64(binary.BigEndian.Uint64(long[:]) & math.MaxInt64), nil
}
