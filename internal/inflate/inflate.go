package inflate

import (
	"encoding/binary"
	"errors"
	"hash/adler32"
)

// ErrNotDecoded says that a stream is not whole, is not right, or has another size; compress/zlib tells which.
var ErrNotDecoded = errors.New("zlib stream not decoded")

// Decoder decodes one stream after the other. It is not safe for concurrent use.
type Decoder struct {
	literal, distance           code
	fixedLiteral, fixedDistance code
	lengths                     code
	values                      values
	of                          [literals + 32]uint8 // the lengths of a block's code words
}

// values are what the symbols stand for, as entries without the bits of a code word.
type values struct {
	literal  [literals]uint32
	distance [32]uint32
	length   [19]uint32
}

// New makes a decoder.
func New() *Decoder {
	d := &Decoder{}
	d.values.make()
	for i := range d.of {
		switch {
		case i >= literals:
			d.of[i] = 5
		case i < 144 || i >= 280:
			d.of[i] = 8
		case i < 256:
			d.of[i] = 9
		default:
			d.of[i] = 7
		}
	}
	d.fixedLiteral.build(d.of[:literals], d.values.literal[:])
	d.fixedDistance.build(d.of[literals:], d.values.distance[:])
	return d
}

// make fills in the values of RFC 1951, section 3.2.5.
func (v *values) make() {
	for i := range 256 {
		v.literal[i] = isLiteral | uint32(i)<<16
	}
	v.literal[256] = isEnd
	base := uint32(3)
	for i := range uint32(28) {
		extra := max(i/4, 1) - 1
		v.literal[257+i] = base<<16 | extra<<8
		base += 1 << extra
	}
	v.literal[285], v.literal[286], v.literal[287] = 258<<16, isBad, isBad
	base = 1
	for i := range uint32(30) {
		extra := max(i/2, 1) - 1
		v.distance[i] = base<<16 | extra<<8
		base += 1 << extra
	}
	v.distance[30], v.distance[31] = isBad, isBad
	for i := range uint32(19) {
		v.length[i] = i << 16
	}
}

// stream is a stream that is being decoded. Bits behind its end are zeros, of which more are taken than there are.
type stream struct {
	in     []byte
	at     int    // of the next byte that is not in buffer
	buffer uint64 // the next bits, the first lowest
	count  uint   // how many of them are counted as taken from in
	out    []byte
	n      int // bytes of out that are filled
}

// Decode fills out with the content of the stream that in begins with. Error: ErrNotDecoded, also where the content is not as
// long as out.
func (d *Decoder) Decode(out, in []byte) error {
	if len(in) < 2 || in[0]&15 != 8 || in[0]>>4 > 7 || in[1]&0x20 != 0 || (uint(in[0])<<8|uint(in[1]))%31 != 0 {
		return ErrNotDecoded
	}
	s := &stream{in: in, at: 2, out: out}
	for last := false; !last; {
		s.refill()
		last = s.take(1) == 1
		if !d.block(s, s.take(2)) || s.ended() {
			return ErrNotDecoded
		}
	}
	end := s.at - int(s.count/8)
	if s.n != len(out) || len(in)-end < 4 || binary.BigEndian.Uint32(in[end:]) != adler32.Checksum(out) {
		return ErrNotDecoded
	}
	return nil
}

// block decodes one block of a kind.
func (d *Decoder) block(s *stream, kind uint64) bool {
	switch kind {
	case 0:
		return s.stored()
	case 1:
		return d.symbols(s, &d.fixedLiteral, &d.fixedDistance)
	case 2:
		return d.codes(s) && d.symbols(s, &d.literal, &d.distance)
	}
	return false
}

// refill makes 56 bits available at least.
func (s *stream) refill() {
	if s.at+8 <= len(s.in) {
		s.buffer |= binary.LittleEndian.Uint64(s.in[s.at:]) << s.count
		s.at += int(63-s.count) >> 3
		s.count |= 56
		return
	}
	for ; s.count < 56; s.count += 8 {
		if s.at < len(s.in) {
			s.buffer |= uint64(s.in[s.at]) << s.count
		}
		s.at++
	}
}

// take takes bits, of which there are enough.
func (s *stream) take(n uint) uint64 {
	value := s.buffer & (1<<n - 1)
	s.buffer >>= n
	s.count -= n
	return value
}

// ended reports whether more bits were taken than there are.
func (s *stream) ended() bool { return s.at-int(s.count/8) > len(s.in) }

// stored copies a block that is not compressed.
func (s *stream) stored() bool {
	s.take(s.count % 8)
	at := s.at - int(s.count/8)
	if at+4 > len(s.in) {
		return false
	}
	size := int(binary.LittleEndian.Uint16(s.in[at:]))
	at += 4
	if size != int(^binary.LittleEndian.Uint16(s.in[at-2:])) || len(s.in)-at < size || len(s.out)-s.n < size {
		return false
	}
	s.n += copy(s.out[s.n:], s.in[at:at+size])
	s.at, s.buffer, s.count = at+size, 0, 0
	return true
}

// codes reads the codes of a block (RFC 1951, section 3.2.7).
func (d *Decoder) codes(s *stream) bool {
	s.refill()
	nLiteral, nDistance, nLength := int(s.take(5))+257, int(s.take(5))+1, int(s.take(4))+4
	if nLiteral > literals-2 || nDistance > 30 {
		return false
	}
	var of [19]uint8
	for i, symbol := range [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15} {
		if i == nLength {
			break
		}
		if s.count < 3 {
			s.refill()
		}
		of[symbol] = uint8(s.take(3))
	}
	if !d.lengths.build(of[:], d.values.length[:]) || !d.readLengths(s, d.of[:nLiteral+nDistance]) {
		return false
	}
	return d.of[256] > 0 && d.literal.build(d.of[:nLiteral], d.values.literal[:]) &&
		d.distance.build(d.of[nLiteral:nLiteral+nDistance], d.values.distance[:])
}

// readLengths reads the lengths of code words, which are compressed by a code of their own.
func (d *Decoder) readLengths(s *stream, of []uint8) bool {
	table, mask := &d.lengths.table, d.lengths.mask
	for i := 0; i < len(of); {
		if s.count < 7+7 {
			s.refill()
		}
		e := table[s.buffer&mask&(1<<tabled-1)]
		if e&isBad != 0 {
			return false
		}
		s.take(uint(e & 0xff))
		symbol := uint8(e >> 16)
		if symbol < 16 {
			of[i] = symbol
			i++
			continue
		}
		var again uint8
		count := 0
		switch symbol {
		case 16:
			if i == 0 {
				return false
			}
			again, count = of[i-1], 3+int(s.take(2))
		case 17:
			count = 3 + int(s.take(3))
		default:
			count = 11 + int(s.take(7))
		}
		if count > len(of)-i {
			return false
		}
		for range count {
			of[i] = again
			i++
		}
	}
	return true
}

// symbols decodes the symbols of a block to its end. The state of the stream is in variables of its own, which the compiler
// keeps in registers: this loop is half of what a stream costs.
func (d *Decoder) symbols(s *stream, literal, distance *code) bool {
	in, at, buffer, count, out, n := s.in, s.at, s.buffer, s.count, s.out, s.n
	for {
		if at+8 <= len(in) {
			buffer |= binary.LittleEndian.Uint64(in[at:]) << (count & 63)
			at += int(63-count) >> 3
			count |= 56
		} else {
			s.at, s.buffer, s.count = at, buffer, count
			s.refill()
			at, buffer, count = s.at, s.buffer, s.count
		}
		e := literal.table[buffer&literal.mask&(1<<tabled-1)]
		for range 3 { // the bits suffice for so many literals of the table and a length
			if e&isLiteral == 0 || n >= len(out) {
				break
			}
			out[n] = byte(e >> 16)
			n++
			buffer >>= e & 63
			count -= uint(e & 63)
			e = literal.table[buffer&literal.mask&(1<<tabled-1)]
		}
		if e&isLong != 0 {
			e = literal.long(buffer, d.values.literal[:])
		}
		buffer >>= e & 63
		count -= uint(e & 63)
		if e&(isLiteral|isEnd|isBad) != 0 {
			if e&isLiteral == 0 {
				s.at, s.buffer, s.count, s.n = at, buffer, count, n
				return e&isEnd != 0
			}
			if n >= len(out) {
				return false
			}
			out[n] = byte(e >> 16)
			n++
			continue
		}
		extra := uint(e>>8) & 15
		length := int(e>>16) + int(buffer&(1<<extra-1))
		s.at, s.buffer, s.count = at, buffer>>extra, count-extra
		back := d.back(s, distance)
		at, buffer, count = s.at, s.buffer, s.count
		if back > n || back == 0 || length > len(out)-n {
			return false
		}
		repeat(out[n-back:n+length], back)
		n += length
	}
}

// back reads a distance; 0 where it is none.
func (d *Decoder) back(s *stream, distance *code) int {
	s.refill()
	e := distance.table[s.buffer&distance.mask&(1<<tabled-1)]
	if e&isLong != 0 {
		e = distance.long(s.buffer, d.values.distance[:])
	}
	if e&isBad != 0 {
		return 0
	}
	s.take(uint(e & 63))
	return int(e>>16) + int(s.take(uint(e>>8&15)))
}

// repeat fills what follows the first bytes with these, again and again.
func repeat(b []byte, back int) {
	if back >= len(b)-back {
		copy(b[back:], b)
		return
	}
	for i := back; i < len(b); i++ {
		b[i] = b[i-back]
	}
}
