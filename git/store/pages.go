package store

import (
	"errors"
	"io"
	"os"
)

const (
	pageSize  = 16 << 10
	pageLimit = 96
)

// pages reads a file a page at a time. Neighbours in history are neighbours in a pack, and some hundred bytes each.
type pages struct {
	file  *os.File
	kept  map[int64][]byte
	spare [][]byte // pages that were kept
	at    int64    // where Read goes on
	// last is the page that was asked for last, as most are again, and number its number.
	last   []byte
	number int64
}

// fill reads until a buffer is full or the file ends.
func (p *pages) fill(b []byte, offset int64) (int, error) {
	for n := 0; ; {
		page, err := p.page(offset + int64(n))
		if err != nil {
			return n, err
		}
		n += copy(b[n:], page)
		if n == len(b) || len(page) == 0 {
			return n, nil
		}
	}
}

// Read reads on from one page: it may return less than asked for.
func (p *pages) Read(b []byte) (int, error) {
	page, err := p.page(p.at)
	if err != nil {
		return 0, err
	}
	if len(page) == 0 {
		return 0, io.EOF
	}
	n := copy(b, page)
	p.at += int64(n)
	return n, nil
}

// page returns what its page has from an offset on; nothing behind the file's end.
func (p *pages) page(offset int64) ([]byte, error) {
	number := offset / pageSize
	page, ok := p.last, p.last != nil && p.number == number
	if !ok {
		page, ok = p.kept[number]
	}
	if !ok {
		if len(p.kept) == pageLimit {
			for _, old := range p.kept {
				p.spare = append(p.spare, old[:pageSize])
			}
			clear(p.kept)
			p.last = nil
		}
		if last := len(p.spare) - 1; last >= 0 {
			page, p.spare = p.spare[last], p.spare[:last]
		} else {
			page = make([]byte, pageSize)
		}
		n, err := p.file.ReadAt(page, number*pageSize)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		page = page[:n]
		p.kept[number] = page
	}
	p.number, p.last = number, page
	if at := offset - number*pageSize; at < int64(len(page)) {
		return page[at:], nil
	}
	return nil, nil
}
