package store

import (
	"crypto/sha1"
	"encoding/binary"
	"io"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
)

// graphFile is one file of a commit-graph.
type graphFile struct {
	file                *os.File
	first, count        uint32 // position of its first commit, and how many it has
	fanout              [256]uint32
	names, rows, edges  int64 // where its tables are
	edgeCount           int64
	size                int64
	asked               int
	keptNames, keptRows []byte // the whole tables, once many commits were asked for
}

// readHeader finds the tables.
func (f *graphFile) readHeader(before int) error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	f.size = info.Size()
	var head [8]byte
	if _, err := f.file.ReadAt(head[:], 0); err != nil {
		return err
	}
	if string(head[:6]) != "CGPH\x01\x01" || int(head[7]) != before {
		return errGraph
	}
	list := make([]byte, (int(head[6])+1)*12)
	if _, err := f.file.ReadAt(list, 8); err != nil {
		return err
	}
	tables := map[string]table{}
	for i := range int(head[6]) {
		at, end := int64(binary.BigEndian.Uint64(list[i*12+4:])), int64(binary.BigEndian.Uint64(list[i*12+16:]))
		if at < 0 || end < at || end > info.Size() {
			return errGraph
		}
		tables[string(list[i*12:i*12+4])] = table{at, end - at}
	}
	return f.readTables(tables)
}

// table is a piece of a file.
type table struct{ at, size int64 }

// readTables takes the fan-out, and looks whether the other tables are as long as it says.
func (f *graphFile) readTables(tables map[string]table) error {
	var fanout [256 * 4]byte
	if tables["OIDF"].size != int64(len(fanout)) {
		return errGraph
	}
	if _, err := f.file.ReadAt(fanout[:], tables["OIDF"].at); err != nil {
		return err
	}
	for i := range f.fanout {
		f.fanout[i] = binary.BigEndian.Uint32(fanout[i*4:])
		if f.fanout[i] < f.count {
			return errGraph
		}
		f.count = f.fanout[i]
	}
	f.names, f.rows, f.edges, f.edgeCount = tables["OIDL"].at, tables["CDAT"].at, tables["EDGE"].at, tables["EDGE"].size/4
	if f.count > graphLimit || tables["OIDL"].size != int64(f.count)*int64(hashSize) || tables["CDAT"].size != int64(f.count)*int64(graphRow) {
		return errGraph
	}
	return nil
}

// keep reads the tables once they are worth it, and then looks whether the file is as it was written.
func (f *graphFile) keep() error {
	f.asked++
	if f.keptRows != nil || f.asked < graphOften && f.count > graphSmall {
		return nil
	}
	if err := f.check(); err != nil {
		return err
	}
	names, rows := make([]byte, int64(f.count)*int64(hashSize)), make([]byte, int64(f.count)*int64(graphRow))
	if _, err := f.file.ReadAt(names, f.names); err != nil {
		return err
	}
	if _, err := f.file.ReadAt(rows, f.rows); err != nil {
		return err
	}
	f.keptNames, f.keptRows = names, rows
	return nil
}

// check holds the file against the checksum at its end.
func (f *graphFile) check() error {
	sum := sha1.New() // git's checksum: against damage, not against forgery
	content := f.size - int64(hashSize)
	if _, err := io.Copy(sum, io.NewSectionReader(f.file, 0, content)); err != nil {
		return err
	}
	var want plumbing.Hash
	if _, err := f.file.ReadAt(want[:], content); err != nil {
		return err
	}
	if plumbing.Hash(sum.Sum(nil)) != want {
		return errGraph
	}
	return nil
}

// part is a piece of a table: of the one that is kept, or read, into room where that suffices.
func (f *graphFile) part(kept []byte, table, at, size int64, room []byte) ([]byte, error) {
	if kept != nil {
		return kept[at : at+size], nil
	}
	if int64(len(room)) < size {
		room = make([]byte, size)
	}
	_, err := f.file.ReadAt(room[:size], table+at)
	return room[:size], err
}

// further reads the parents of a merge of more than two.
func (f *graphFile) further(parents []uint32, at int64) ([]uint32, error) {
	const most = 1 << 10
	for ; at < f.edgeCount && len(parents) < most; at++ {
		var b [4]byte
		if _, err := f.file.ReadAt(b[:], f.edges+at*4); err != nil {
			return nil, err
		}
		parent := binary.BigEndian.Uint32(b[:])
		parents = append(parents, parent&^graphFurther)
		if parent&graphFurther != 0 {
			return parents, nil
		}
	}
	return nil, errGraph
}
