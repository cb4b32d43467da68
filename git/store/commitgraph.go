package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

const (
	// graphLimit bounds the commits of a file, which is kept in memory: 56 bytes each.
	graphLimit = 4 << 20
	// graphSmall is how many commits a file has that is read whole at once.
	graphSmall = 16 << 10
	// graphChain bounds the files of one commit-graph.
	graphChain = 64
	// graphOften is how many commits of a larger file are read one by one before it is read whole.
	graphOften = 64

	graphRow     = hashSize + 16 // tree, two parents, generation and time
	graphNone    = 0x70000000    // no parent
	graphFurther = 1 << 31       // a parent: the place of further ones; a further one: the last
)

// errGraph says that a commit-graph is damaged. Everything it has is in the commits too.
var errGraph = errors.New(`the commit-graph is damaged; run "git commit-graph write --reachable"`)

// commitGraph is git's file of commits without their messages, or a chain of such files (gitformat-commit-graph). A
// commit's position counts through the chain.
type commitGraph struct {
	files []*graphFile
	total uint32
}

// row is what a commit-graph has of a commit.
type row struct {
	tree       plumbing.Hash
	parents    []uint32 // positions
	generation uint32   // more than that of every parent
	time       int64
}

// openCommitGraph opens the commit-graph of an object folder; nil where there is none that can be used.
func openCommitGraph(objects string) *commitGraph {
	g := &commitGraph{}
	names := []string{filepath.Join(objects, "info", "commit-graph")}
	if _, err := os.Stat(names[0]); err != nil {
		dir := filepath.Join(objects, "info", "commit-graphs")
		chain, err := readSmall(filepath.Join(dir, "commit-graph-chain"))
		if err != nil {
			return nil
		}
		names = nil
		for hash := range strings.FieldsSeq(chain) {
			if !plumbing.IsHash(hash) {
				return nil
			}
			names = append(names, filepath.Join(dir, "graph-"+hash+".graph"))
		}
	}
	if len(names) > graphChain {
		return nil
	}
	for at, name := range names {
		if g.add(name, at) != nil {
			_ = g.close()
			return nil
		}
	}
	return g
}

func (g *commitGraph) close() error {
	if g == nil {
		return nil
	}
	var errs []error
	for _, f := range g.files {
		errs = append(errs, f.file.Close())
	}
	return errors.Join(errs...)
}

// add opens the next file of a chain, which names those before it.
func (g *commitGraph) add(name string, before int) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	f := &graphFile{file: file, first: g.total}
	g.files = append(g.files, f)
	if err := f.readHeader(before); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if uint64(g.total)+uint64(f.count) >= graphNone {
		return errGraph
	}
	g.total += f.count
	return nil
}

// find returns the position of a commit.
func (g *commitGraph) find(hash plumbing.Hash) (position uint32, ok bool, err error) {
	for _, f := range g.files {
		first := uint32(0)
		if hash[0] > 0 {
			first = f.fanout[hash[0]-1]
		}
		if f.fanout[hash[0]] == first {
			continue
		}
		if err := f.keep(); err != nil {
			return 0, false, err
		}
		names, err := f.part(f.keptNames, f.names, int64(first)*int64(hashSize), int64(f.fanout[hash[0]]-first)*int64(hashSize), nil)
		if err != nil {
			return 0, false, err
		}
		if at := place(names, hash); at >= 0 {
			return f.first + first + uint32(at), true, nil
		}
	}
	return 0, false, nil
}

// of is the file that has a position, and the number in it.
func (g *commitGraph) of(position uint32) (*graphFile, int64, error) {
	for _, f := range g.files {
		if position >= f.first && position-f.first < f.count {
			return f, int64(position - f.first), nil
		}
	}
	return nil, 0, errGraph
}

// hash is the name of the commit at a position.
func (g *commitGraph) hash(position uint32) (hash plumbing.Hash, err error) {
	f, at, err := g.of(position)
	if err != nil {
		return hash, err
	}
	name, err := f.part(f.keptNames, f.names, at*int64(hashSize), int64(hashSize), hash[:])
	copy(hash[:], name)
	return hash, err
}

// row reads what there is of the commit at a position; its parents lie in room where that suffices.
func (g *commitGraph) row(position uint32, room []uint32) (r row, err error) {
	f, at, err := g.of(position)
	if err != nil {
		return r, err
	}
	if err := f.keep(); err != nil {
		return r, err
	}
	var buffer [graphRow]byte
	b, err := f.part(f.keptRows, f.rows, at*int64(graphRow), int64(graphRow), buffer[:])
	if err != nil {
		return r, err
	}
	r.tree, r.parents = plumbing.Hash(b[:hashSize]), room[:0]
	b = b[hashSize:]
	r.generation = binary.BigEndian.Uint32(b[8:]) >> 2
	r.time = int64(binary.BigEndian.Uint64(b[8:]) & (1<<34 - 1))
	first, second := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if first == graphNone {
		return r, nil
	}
	r.parents = append(r.parents, first)
	switch {
	case second == graphNone:
	case second&graphFurther == 0:
		r.parents = append(r.parents, second)
	default:
		r.parents, err = f.further(r.parents, int64(second&^graphFurther))
	}
	return r, err
}

// fromFile fills a node from the commit-graph; ok is false where that does not have it.
func (g *Graph) fromFile(n *Node) (ok bool, err error) {
	if n.position == 0 {
		position, ok, err := g.file.find(n.Hash)
		if err != nil || !ok {
			return false, err
		}
		n.position = position + 1
	}
	var few [8]uint32
	r, err := g.file.row(n.position-1, few[:])
	if err != nil {
		return false, err
	}
	if r.generation == 0 {
		return false, errGraph
	}
	var room [8]*Node
	parents := room[:0]
	for _, position := range r.parents {
		parent, err := g.ancestor(position, r.generation)
		if err != nil {
			return false, err
		}
		parents = append(parents, parent)
	}
	n.Tree, n.time, n.Parents, n.loaded, n.unsaid = r.tree, r.time, g.link(parents), true, true
	return true, nil
}

// ancestor is the node at a position, which has to be of a lower generation: that keeps a damaged file from making a
// circle.
func (g *Graph) ancestor(position, below uint32) (*Node, error) {
	var few [8]uint32
	r, err := g.file.row(position, few[:])
	if err != nil {
		return nil, err
	}
	if r.generation >= below {
		return nil, errGraph
	}
	hash, err := g.file.hash(position)
	if err != nil {
		return nil, err
	}
	n := g.Node(hash)
	n.position = position + 1
	return n, nil
}

// ReadMessage loads a commit and reads its message. That of one which came from the commit-graph has not been read by
// load; what the commit-graph has of it is then held against the commit itself.
func (g *Graph) ReadMessage(n *Node) error {
	if err := g.Load(n); err != nil {
		return err
	}
	if !n.unsaid {
		return nil
	}
	was := *n
	n.loaded, n.unsaid = false, false
	if err := g.fromObject(n); err != nil {
		return err
	}
	if n.Tree != was.Tree || len(n.Parents) != len(was.Parents) {
		return errGraph
	}
	for i := range n.Parents {
		if n.Parents[i] != was.Parents[i] {
			return errGraph
		}
	}
	return nil
}

// UseCommitGraph opens the commit-graph, once, unless commits may have other parents here than they say.
func (r *Repository) UseCommitGraph() {
	if r.asked || r.config["core.commitgraph"] == "false" {
		return
	}
	r.asked = true
	if grafts, err := os.Stat(filepath.Join(r.common, "info", "grafts")); err == nil && grafts.Size() > 0 {
		return
	}
	if replaced, err := r.Refs.Under("refs/replace/"); err != nil || len(replaced) > 0 {
		return
	}
	r.file = openCommitGraph(filepath.Join(r.common, "objects"))
	r.Graph.file = r.file
}
