package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/pintle-ci/pintle/internal/inflate"
)

const (
	hashSize = len(plumbing.Hash{})
	// deltaDepth is git's own bound on chains of deltas.
	deltaDepth = 4095
	// deltaCache bounds the delta bases that a pack keeps, in bytes.
	deltaCache = 16 << 20
)

// The layout of a pack index, version 2: header, fan-out, names, checksums, offsets, large offsets.
const (
	idxMagic  = "\xfftOc\x00\x00\x00\x02"
	idxFanout = int64(len(idxMagic))
	idxNames  = idxFanout + 256*4
)

// pack is a pack file and its index. Of the index it reads the fan-out, and of the names only the buckets that are asked
// for: a version needs a few of many thousands.
type pack struct {
	idx, data *os.File
	pages     pages // of data
	places    pages // of idx
	size      int64 // of data
	fanout    [256]uint32
	buckets   [256]bucket
	asked     [256]int         // how often a bucket was asked for that is not kept
	part      []byte           // names of a bucket that is not kept
	bases     map[int64]packed // objects that others are deltas of, by offset
	cached    int              // bytes in bases
}

// bucket is what an index has of the names of one first byte: these, and where their objects are, 4 bytes each.
type bucket struct{ names, offsets []byte }

// packed is an object as it was read.
type packed struct {
	kind    plumbing.ObjectType
	content []byte
}

// openPack opens NAME.idx and NAME.pack.
func openPack(name string) (*pack, error) {
	p := &pack{bases: map[int64]packed{}}
	var err error
	if p.idx, err = os.Open(name + ".idx"); err != nil {
		return nil, err
	}
	if p.data, err = os.Open(name + ".pack"); err != nil {
		return nil, errors.Join(err, p.idx.Close())
	}
	if err := p.readHeader(); err != nil {
		return nil, errors.Join(fmt.Errorf("pack index %s.idx: %w", name, err), p.close())
	}
	return p, nil
}

func (p *pack) close() error { return errors.Join(p.idx.Close(), p.data.Close()) }

func (p *pack) readHeader() error {
	info, err := p.data.Stat()
	if err != nil {
		return err
	}
	p.size, p.pages = info.Size(), pages{file: p.data, kept: map[int64][]byte{}}
	p.places = pages{file: p.idx, kept: map[int64][]byte{}}
	head := make([]byte, idxNames)
	if _, err := p.idx.ReadAt(head, 0); err != nil {
		return err
	}
	if string(head[:idxFanout]) != idxMagic {
		return errors.New("not a version 2 index; run \"git repack -a -d\"")
	}
	last := uint32(0)
	for i := range p.fanout {
		p.fanout[i] = binary.BigEndian.Uint32(head[idxFanout+int64(i)*4:])
		if p.fanout[i] < last {
			return errors.New("the fan-out table falls")
		}
		last = p.fanout[i]
	}
	if info, err = p.idx.Stat(); err != nil {
		return err
	}
	if info.Size() < idxNames+p.count()*int64(hashSize+8) {
		return errors.New("it is truncated")
	}
	return nil
}

func (p *pack) count() int64 { return int64(p.fanout[255]) }

// packHeader is what stands before an object's zlib stream.
type packHeader struct {
	kind plumbing.ObjectType
	size int64 // of the content, or of the delta
	base int64 // of a delta: its base's offset
	body int64 // where the stream begins
}

// header reads the header at an offset.
func (p *pack) header(offset int64) (packHeader, error) {
	const longest = 10 + hashSize
	var buffer [longest]byte
	n, err := p.pages.fill(buffer[:], offset)
	if err != nil {
		return packHeader{}, err
	}
	b := buffer[:n]
	if len(b) == 0 {
		return packHeader{}, fmt.Errorf("offset %d is beyond the pack", offset)
	}
	h := packHeader{kind: plumbing.ObjectType(b[0] >> 4 & 7), size: int64(b[0] & 15)}
	at := 1
	for shift := 4; b[at-1]&0x80 != 0; shift += 7 {
		if at >= len(b) || shift > 53 {
			return packHeader{}, errors.New("bad object header")
		}
		h.size |= int64(b[at]&0x7f) << shift
		at++
	}
	switch h.kind {
	case plumbing.CommitObject, plumbing.TreeObject, plumbing.BlobObject, plumbing.TagObject:
	case plumbing.OFSDeltaObject:
		distance, length := deltaDistance(b[at:])
		if length == 0 || distance > offset {
			return packHeader{}, errors.New("bad delta offset")
		}
		h.base, at = offset-distance, at+length
	case plumbing.REFDeltaObject:
		if len(b) < at+hashSize {
			return packHeader{}, errors.New("truncated delta")
		}
		base, err := p.find(plumbing.Hash(b[at : at+hashSize]))
		if err != nil {
			return packHeader{}, fmt.Errorf("delta base: %w", err)
		}
		h.base, at = base, at+hashSize
	default:
		return packHeader{}, fmt.Errorf("unknown object type %d", h.kind)
	}
	h.body = offset + int64(at)
	return h, nil
}

// deltaDistance reads the distance back to a delta's base; its length is 0 when it is malformed.
func deltaDistance(b []byte) (distance int64, length int) {
	for i, c := range b {
		if i > 0 {
			distance++
		}
		if distance > math.MaxInt64>>8 {
			return 0, 0
		}
		distance = distance<<7 | int64(c&0x7f)
		if c&0x80 == 0 {
			if distance == 0 {
				return 0, 0
			}
			return distance, i + 1
		}
	}
	return 0, 0
}

// read returns the object at an offset; without whole, only its type.
func (p *pack) read(z *inflater, offset int64, whole bool) (plumbing.ObjectType, []byte, error) {
	deltas := z.deltas[:0]
	defer func() { z.deltas = deltas[:0] }()
	var base packed
	for at := offset; ; {
		if found, ok := p.bases[at]; ok {
			base = found
			break
		}
		h, err := p.header(at)
		if err != nil {
			return 0, nil, err
		}
		if h.kind != plumbing.OFSDeltaObject && h.kind != plumbing.REFDeltaObject {
			base.kind = h.kind
			if whole {
				base.content, err = p.inflated(z, h, len(deltas) > 0, z.reuse && len(deltas) == 0)
			}
			if err != nil {
				return 0, nil, err
			}
			if len(deltas) > 0 {
				p.keep(at, base)
			}
			break
		}
		if len(deltas) == deltaDepth {
			return 0, nil, fmt.Errorf("a chain of more than %d deltas", deltaDepth)
		}
		deltas = append(deltas, h)
		at = h.base
	}
	if !whole || base.content == nil {
		return base.kind, nil, nil // the type alone, or a blob that is too large
	}
	for i, header := range slices.Backward(deltas) {
		delta, err := p.inflated(z, header, true, true)
		if err != nil {
			return 0, nil, err
		}
		var room []byte
		if i == 0 && z.reuse {
			room = z.buffer(1, keepable)
		}
		if base.content, err = applyDelta(room[:0], base.content, delta); err != nil {
			return 0, nil, err
		}
		if i > 0 {
			p.keep(deltas[i-1].base, base)
		}
	}
	return base.kind, base.content, nil
}

// keep remembers the base of a delta; neighbours in history have the same.
func (p *pack) keep(offset int64, object packed) {
	if object.content == nil {
		return
	}
	if p.cached += len(object.content); p.cached > deltaCache {
		clear(p.bases)
		p.cached = len(object.content)
	}
	p.bases[offset] = object
}

// inflated reads the stream behind a header. A base or a delta is needed to the last byte; for others wanted decides.
// What is used once lies in scratch.
func (p *pack) inflated(z *inflater, h packHeader, needed, once bool) ([]byte, error) {
	length, err := wanted(h.kind, h.size)
	if needed && h.kind != plumbing.BlobObject {
		if length = h.size; length > objectLimit {
			err = fmt.Errorf("it has %d bytes, more than %d", length, objectLimit)
		}
	}
	if err != nil || length == 0 && h.size != 0 {
		return nil, err
	}
	var content []byte
	if once {
		content = z.buffer(0, length)
	} else {
		content = make([]byte, length)
	}
	if length == h.size && p.decoded(z, h.body, content) {
		return content, nil
	}
	p.pages.at = h.body
	stream, err := z.open(&p.pages)
	if err != nil {
		return nil, err
	}
	return content, z.fill(stream, content, length == h.size)
}

// decoded fills content from the stream at an offset. Where it reports false, compress/zlib reads the stream, or says
// what is wrong with it.
func (p *pack) decoded(z *inflater, offset int64, content []byte) bool {
	if len(content) > keepable {
		return false
	}
	page, err := p.pages.page(offset)
	if err != nil {
		return false
	}
	if z.small == nil {
		z.small = inflate.New()
	}
	if z.small.Decode(content, page) == nil {
		return true
	}
	room := len(content) + len(content)/8 + 64 // what a compressor ever needs
	if len(page) >= room {
		return false
	}
	if z.window == nil {
		z.window = make([]byte, keepable+keepable/8+64)
	}
	n, err := p.pages.fill(z.window[:room], offset) // the stream goes on in the next page
	return err == nil && z.small.Decode(content, z.window[:n]) == nil
}
