package inflate

import (
	"encoding/binary"
	"math/bits"
)

const (
	longest  = 15 // bits of a code word
	tabled   = 10 // code words of no more bits are found by one look into a table
	literals = 288
)

// An entry of a table tells in its low byte how many bits the code word has; 0 is no code word. The upper half is the value,
// a byte or the base of a length or distance, whose extra bits are counted in the second byte.
const (
	isLiteral = 1 << 31
	isEnd     = 1 << 15
	isLong    = 1 << 14 // the code word is longer than the table knows
	isBad     = 1 << 13
)

// code is a Huffman code: a table for the short code words, and the symbols in the order of their code words for the long.
type code struct {
	table   [1 << tabled]uint32
	mask    uint64 // of the bits that the table is asked with
	counts  [longest + 1]uint16
	symbols [512]uint16
	unused  int // how many of symbols come before those with a code word
}

// build makes the code of which the lengths of all symbols' code words are known. It reports whether it is complete; a code of
// one word, or of none, need not be.
func (c *code) build(lengths []uint8, values []uint32) bool {
	c.counts = [longest + 1]uint16{}
	c.count(lengths)
	var next [longest + 1]uint16
	left, most := 1, 0
	for length := 1; length <= longest; length++ {
		if c.counts[length] > 0 {
			most = length
		}
		left = left<<1 - int(c.counts[length])
		if left < 0 {
			return false
		}
		next[length] = next[length-1] + c.counts[length-1]
	}
	c.unused = int(c.counts[0])
	c.sort(lengths, &next)
	if left > 0 {
		return c.single(most, values)
	}
	c.fill(min(most, tabled), values)
	return true
}

// count counts the code words of each length. Most symbols have none: eight of them are passed over at once.
func (c *code) count(lengths []uint8) {
	for ; len(lengths) >= 8; lengths = lengths[8:] {
		if eight := lengths[:8]; binary.LittleEndian.Uint64(eight) != 0 {
			for _, length := range eight {
				c.counts[length&longest]++
			}
		}
	}
	for _, length := range lengths {
		c.counts[length&longest]++
	}
}

// sort puts the symbols in order of their code words, behind those that have none and were counted.
func (c *code) sort(lengths []uint8, next *[longest + 1]uint16) {
	at := 0
	for ; len(lengths)-at >= 8; at += 8 {
		if eight := lengths[at : at+8]; binary.LittleEndian.Uint64(eight) != 0 {
			for i, length := range eight {
				c.put(at+i, length, next)
			}
		}
	}
	for ; at < len(lengths); at++ {
		c.put(at, lengths[at], next)
	}
}

func (c *code) put(symbol int, length uint8, next *[longest + 1]uint16) {
	place := next[length&longest]
	next[length&longest]++
	c.symbols[place&511] = uint16(symbol)
}

// single is the table of a code of one word of one bit, or of no word.
func (c *code) single(most int, values []uint32) bool {
	if most > 1 || c.counts[1] > 1 {
		return false
	}
	c.mask, c.table[0], c.table[1] = 1, isBad, isBad
	if c.counts[1] == 1 {
		c.table[0] = values[c.symbols[c.unused]] | 1
	}
	return true
}

// fill makes the table of a complete code. Code words arrive with their first bit lowest, so they are counted upwards from that
// end; a table for one more bit is the table twice.
func (c *code) fill(width int, values []uint32) {
	c.mask = 1<<width - 1
	word, size, at := 0, 1, c.unused
	for length := 1; length <= width; length++ {
		copy(c.table[size:2*size], c.table[:size])
		size *= 2
		for range c.counts[length] {
			c.table[word] = values[c.symbols[at]] | uint32(length)
			at++
			word = following(word, size)
		}
	}
	if word != 0 { // the last word is all ones, after which none follows
		for ok := true; ok; ok = word != 0 {
			c.table[word] = isLong
			word = following(word, size)
		}
	}
}

// following is the code word after another, both with their first bit lowest; 0 after the last.
func following(word, size int) int {
	rest := word ^ (size - 1)
	if rest == 0 {
		return 0
	}
	bit := 1 << (bits.Len(uint(rest)) - 1)
	return word&(bit-1) | bit
}

// long finds a code word that the table does not know, bit by bit. It returns an entry as the table has.
func (c *code) long(buffer uint64, values []uint32) uint32 {
	word, first, at := 0, 0, c.unused
	for length := 1; length <= longest; length++ {
		word |= int(buffer & 1)
		buffer >>= 1
		count := int(c.counts[length])
		if word-first < count {
			return values[c.symbols[at+word-first]] | uint32(length)
		}
		at += count
		first = (first + count) << 1
		word <<= 1
	}
	return isBad
}
