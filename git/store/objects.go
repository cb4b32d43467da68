package store

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/pintle-ci/pintle/internal/inflate"
)

const (
	// objectLimit bounds an object that is read whole.
	objectLimit = 64 << 20
	// commitLimit is how much of a commit is read. The header comes first; a message longer than this is cut.
	commitLimit = 1 << 20
	// blobLimit is the largest file that is read: charts' metadata and values are asked about, nothing else.
	blobLimit = 4 << 20
	// alternateDepth is git's own bound on chains of alternates.
	alternateDepth = 5
)

// errAbsent is the answer of one folder or pack that does not have an object.
var errAbsent = errors.New("no such object")

// Objects reads git objects from an object folder and its alternates, each opened once. It takes go-git's vocabulary and
// not its object store: that decodes every pack index whole before the first object (0.2 s for 300,000 objects), opens
// alternates anew for every object, and takes relative alternates from the wrong folder.
type Objects struct {
	folders []*folder
	partial bool
	inflate inflater
}

// folder is one object folder: loose objects and packs. The pack that served last comes first.
type folder struct {
	dir   string
	packs []*pack
	known map[string]bool // pack indexes that have been seen
}

func openObjects(dir string, partial bool) (*Objects, error) {
	o := &Objects{partial: partial}
	if err := o.add(dir, 0); err != nil {
		return nil, errors.Join(err, o.close())
	}
	return o, nil
}

func (o *Objects) add(dir string, depth int) error {
	dir = filepath.Clean(dir)
	if slices.ContainsFunc(o.folders, func(f *folder) bool { return f.dir == dir }) {
		return nil
	}
	if depth > alternateDepth {
		return fmt.Errorf("alternates nest deeper than %d at %s", alternateDepth, dir)
	}
	f := &folder{dir: dir, known: map[string]bool{}}
	o.folders = append(o.folders, f)
	if _, err := f.scan(); err != nil {
		return err
	}
	return o.addAlternates(dir, depth)
}

// scan opens the packs that are there and were not before, and reports whether there were any.
func (f *folder) scan() (bool, error) {
	names, err := filepath.Glob(filepath.Join(quoteMeta(f.dir), "pack", "*.idx"))
	if err != nil {
		return false, err
	}
	before := len(f.packs)
	for _, name := range names {
		if f.known[name] {
			continue
		}
		p, err := openPack(strings.TrimSuffix(name, ".idx"))
		if errors.Is(err, os.ErrNotExist) {
			continue // an index whose pack a repack is about to remove
		}
		if err != nil {
			return false, err
		}
		f.known[name] = true
		f.packs = append(f.packs, p)
	}
	return len(f.packs) > before, nil
}

func (o *Objects) addAlternates(dir string, depth int) error {
	text, err := readSmall(filepath.Join(dir, "info", "alternates"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read alternates: %w", err)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		next := join(dir, strings.Trim(line, `"`))
		if info, err := os.Stat(next); err != nil || !info.IsDir() {
			continue // as git does; an object that only it has is reported as missing
		}
		if err := o.add(next, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (o *Objects) close() error {
	var errs []error
	for _, f := range o.folders {
		for _, p := range f.packs {
			errs = append(errs, p.close())
		}
	}
	return errors.Join(errs...)
}

// Read returns an object's type and content. A commit's content is cut at commitLimit; a blob's above
// blobLimit is left out (nil).
// Errors: *MissingObjectError, *CorruptObjectError.
func (o *Objects) Read(hash plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	return o.find(hash, true)
}

// readOnce is read for content that is not kept: it is valid until the next read.
func (o *Objects) readOnce(hash plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	o.inflate.reuse = true
	defer func() { o.inflate.reuse = false }()
	return o.find(hash, true)
}

// Kind returns an object's type alone, which in a pack is much cheaper. Errors as for read.
func (o *Objects) Kind(hash plumbing.Hash) (plumbing.ObjectType, error) {
	kind, _, err := o.find(hash, false)
	return kind, err
}

// find looks everywhere: an object that is corrupt in one place may be whole in another. What is nowhere may have moved
// to a new pack meanwhile: git fetch leaves a gc behind that runs beside us.
func (o *Objects) find(hash plumbing.Hash, whole bool) (plumbing.ObjectType, []byte, error) {
	kind, content, err := o.findOnce(hash, whole)
	if !errors.Is(err, errAbsent) {
		return kind, content, corruptOr(err, hash)
	}
	changed := false
	for _, f := range o.folders {
		more, err := f.scan()
		if err != nil {
			return 0, nil, corruptOr(err, hash)
		}
		changed = changed || more
	}
	if changed {
		kind, content, err = o.findOnce(hash, whole)
	}
	if errors.Is(err, errAbsent) {
		err = &MissingObjectError{Hash: hash.String(), Partial: o.partial}
	}
	return kind, content, corruptOr(err, hash)
}

// corruptOr names the object in an error that does not.
func corruptOr(err error, hash plumbing.Hash) error {
	if err == nil || errors.As(err, new(*MissingObjectError)) {
		return err
	}
	return &CorruptObjectError{Hash: hash.String(), Err: err}
}

// findOnce looks in every folder. Error: errAbsent, or what is wrong with the object.
func (o *Objects) findOnce(hash plumbing.Hash, whole bool) (plumbing.ObjectType, []byte, error) {
	last := errAbsent
	for _, f := range o.folders {
		kind, content, err := f.read(&o.inflate, hash, whole)
		if err == nil && kind == plumbing.CommitObject {
			content = content[:min(len(content), commitLimit)] // also when it was a delta
		}
		if err == nil {
			return kind, content, nil
		}
		if !errors.Is(err, errAbsent) {
			last = err
		}
	}
	return 0, nil, last
}

func (f *folder) read(z *inflater, hash plumbing.Hash, whole bool) (plumbing.ObjectType, []byte, error) {
	var corrupt error
	for i, p := range f.packs {
		offset, err := p.find(hash)
		if err == nil {
			f.packs[0], f.packs[i] = f.packs[i], f.packs[0]
			kind, content, err := p.read(z, offset, whole)
			if err == nil {
				return kind, content, nil
			}
			corrupt = err
		} else if !errors.Is(err, errAbsent) {
			corrupt = err
		}
	}
	kind, content, err := readLoose(z, f.dir, hash)
	if errors.Is(err, errAbsent) && corrupt != nil {
		err = corrupt
	}
	return kind, content, err
}

// readLoose reads an object that is a file of its own: a zlib stream of "type size", a zero byte and the content.
func readLoose(z *inflater, dir string, hash plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	name := hash.String()
	f, err := os.Open(filepath.Join(dir, name[:2], name[2:]))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil, errAbsent
	}
	if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	stream, err := z.open(f)
	if err != nil {
		return 0, nil, err
	}
	const longestHeader = 32
	start := make([]byte, longestHeader)
	n, err := io.ReadFull(stream, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, nil, err
	}
	header, rest, ok := bytes.Cut(start[:n], []byte{0})
	word, digits, spaced := bytes.Cut(header, []byte(" "))
	size, err := strconv.ParseInt(string(digits), 10, 64)
	if !ok || !spaced || err != nil || size < int64(len(rest)) {
		return 0, nil, errors.New("bad header")
	}
	kind, err := plumbing.ParseObjectType(string(word))
	if err != nil {
		return 0, nil, err
	}
	length, err := wanted(kind, size)
	if err != nil || length == 0 && size != 0 {
		return kind, nil, err
	}
	content := make([]byte, max(length, int64(len(rest))))
	copy(content, rest)
	return kind, content[:length], z.fill(stream, content[len(rest):], length == size)
}

// wanted is how much of an object to read.
func wanted(kind plumbing.ObjectType, size int64) (int64, error) {
	switch {
	case kind == plumbing.BlobObject && size > blobLimit:
		return 0, nil
	case kind == plumbing.CommitObject:
		return min(size, commitLimit), nil
	case size > objectLimit:
		return 0, fmt.Errorf("it has %d bytes, more than %d", size, objectLimit)
	}
	return size, nil
}

// inflater reads zlib streams, with what it needs used again and again.
type inflater struct {
	input  *bufio.Reader
	stream io.ReadCloser
	// reuse: the object that is read now is not kept, so its content may lie in scratch, and a delta's in the second.
	reuse   bool
	scratch [2][]byte
	deltas  []packHeader // of the object that is read now
	small   *inflate.Decoder
	window  []byte // what small reads, where that is not of one page
}

// keepable bounds what is kept as scratch, in bytes.
const keepable = 64 << 10

// buffer returns room for content: fresh, or where it is not kept the scratch of that number.
func (z *inflater) buffer(number int, size int64) []byte {
	if size > keepable {
		return make([]byte, size)
	}
	if z.scratch[number] == nil {
		z.scratch[number] = make([]byte, keepable)
	}
	return z.scratch[number][:size]
}

// open begins a new stream. It is valid until the next call.
func (z *inflater) open(r io.Reader) (io.Reader, error) {
	if z.stream == nil {
		z.input = bufio.NewReader(r)
		stream, err := zlib.NewReader(z.input)
		if err != nil {
			return nil, err
		}
		z.stream = stream
		return stream, nil
	}
	z.input.Reset(r)
	return z.stream, z.stream.(zlib.Resetter).Reset(z.input, nil)
}

// fill reads exactly as much as the buffer holds; at the end of a stream it must be the end, with the right checksum.
func (z *inflater) fill(stream io.Reader, buffer []byte, whole bool) error {
	if _, err := io.ReadFull(stream, buffer); err != nil {
		return err
	}
	if !whole {
		return nil
	}
	var extra [1]byte
	n, err := io.ReadFull(stream, extra[:])
	if n != 0 {
		return errors.New("longer than its header says")
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// quoteMeta protects a folder's own name from being read as a pattern.
func quoteMeta(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}
