package store

import (
	"encoding/binary"
	"errors"
)

var errDelta = errors.New("bad delta")

// applyDelta builds an object from its base: two sizes, then copies out of the base and literal bytes. It is built in
// room where that suffices.
func applyDelta(room, base, delta []byte) ([]byte, error) {
	from, n := binary.Uvarint(delta)
	if n <= 0 || from != uint64(len(base)) {
		return nil, errDelta
	}
	delta = delta[n:]
	size, n := binary.Uvarint(delta)
	if n <= 0 || size > objectLimit {
		return nil, errDelta
	}
	delta = delta[n:]
	out := room[:0]
	if uint64(cap(out)) < size {
		out = make([]byte, 0, size)
	}
	for len(delta) > 0 {
		op := delta[0]
		delta = delta[1:]
		var part []byte
		if op&0x80 == 0 {
			if op == 0 || int(op) > len(delta) {
				return nil, errDelta
			}
			part, delta = delta[:op], delta[op:]
		} else {
			start, length, rest, ok := copyRange(op, delta)
			if !ok || start > len(base) || length > len(base)-start {
				return nil, errDelta
			}
			part, delta = base[start:start+length], rest
		}
		if len(out)+len(part) > int(size) {
			return nil, errDelta
		}
		out = append(out, part...)
	}
	if len(out) != int(size) {
		return nil, errDelta
	}
	return out, nil
}

// copyRange reads the operands of a copy: bits 0 to 3 of op say which bytes of the start follow, bits 4 to 6 which of
// the length.
func copyRange(op byte, delta []byte) (start, length int, rest []byte, ok bool) {
	for bit := range 7 {
		if op&(1<<bit) == 0 {
			continue
		}
		if len(delta) == 0 {
			return 0, 0, nil, false
		}
		if bit < 4 {
			start |= int(delta[0]) << (8 * bit)
		} else {
			length |= int(delta[0]) << (8 * (bit - 4))
		}
		delta = delta[1:]
	}
	if length == 0 {
		length = 1 << 16
	}
	return start, length, delta, true
}
