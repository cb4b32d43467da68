package versioning

import (
	"bytes"
	"errors"
	"strconv"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// Commit names a commit.
type Commit struct {
	// Hash is the full object name, 40 hex digits.
	Hash string
	// Time is the committer's time in UTC.
	Time time.Time
}

// graph holds the commits that have been read, each once.
type graph struct {
	store *objects
	nodes map[plumbing.Hash]*node
	epoch uint32 // of the walk under way, so that marks need no clearing
	// cut: commits outside HEAD's history may be absent. They count as roots; see walk.paint.
	cut bool
}

// node is one commit. All but hash is filled by load; mark belongs to the walk under way.
type node struct {
	hash    plumbing.Hash
	tree    plumbing.Hash
	parents []*node
	time    int64 // committer's, Unix seconds
	change  change
	loaded  bool
	absent  bool // not here, which is right outside HEAD's history alone
	mark    mark
}

func newGraph(store *objects) *graph {
	return &graph{store: store, nodes: map[plumbing.Hash]*node{}}
}

// node returns the node of a commit hash, not yet loaded.
func (g *graph) node(hash plumbing.Hash) *node {
	n := g.nodes[hash]
	if n == nil {
		n = &node{hash: hash}
		g.nodes[hash] = n
	}
	return n
}

// load reads a commit once.
func (g *graph) load(n *node) error {
	if n.loaded {
		return nil
	}
	kind, content, err := g.store.read(n.hash)
	if g.cut && errors.As(err, new(*MissingObjectError)) {
		n.loaded, n.absent = true, true
		return nil
	}
	if err != nil {
		return err
	}
	if kind != plumbing.CommitObject {
		return &CorruptObjectError{Hash: n.hash.String(), Err: errors.New("it is a " + kind.String() + ", not a commit")}
	}
	if err := g.parse(n, content); err != nil {
		return &CorruptObjectError{Hash: n.hash.String(), Err: err}
	}
	n.loaded = true
	return nil
}

// commit loads a node and names it.
func (g *graph) commit(n *node) (Commit, error) {
	if err := g.load(n); err != nil {
		return Commit{}, err
	}
	return Commit{Hash: n.hash.String(), Time: time.Unix(n.time, 0).UTC()}, nil
}

// parse reads the header lines that matter: tree, parent, committer.
func (g *graph) parse(n *node, content []byte) error {
	header, message, _ := bytes.Cut(content, []byte("\n\n"))
	var parents []*node
	seenTree, seenTime := false, false
	for line := range bytes.Lines(header) {
		key, value, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
		switch string(key) {
		case "tree":
			if !plumbing.IsHash(string(value)) {
				return errors.New("bad tree line")
			}
			n.tree, seenTree = plumbing.NewHash(string(value)), true
		case "parent":
			if !plumbing.IsHash(string(value)) {
				return errors.New("bad parent line")
			}
			parents = append(parents, g.node(plumbing.NewHash(string(value))))
		case "committer":
			n.time, seenTime = committerTime(value), true
		}
	}
	if !seenTree || !seenTime {
		return errors.New("no tree or no committer line")
	}
	n.parents = parents
	n.change = readChange(message)
	return nil
}

// committerTime reads the seconds of "Name <mail> 1700000000 +0800". A commit without a readable time counts as the oldest,
// as in git: dates only order the walks, they decide nothing.
func committerTime(line []byte) int64 {
	rest := line[bytes.LastIndexByte(line, '>')+1:]
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	seconds, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil || seconds < 0 {
		return 0
	}
	return seconds
}

// peel follows annotated tags to a commit, which it does not load. ok is false for a tag of a tree or a blob.
func (g *graph) peel(hash plumbing.Hash) (n *node, ok bool, err error) {
	const depth = 10
	for range depth {
		if n := g.nodes[hash]; n != nil && n.loaded {
			return n, true, nil
		}
		kind, err := g.store.kind(hash)
		if err != nil {
			return nil, false, err
		}
		switch kind {
		case plumbing.CommitObject:
			return g.node(hash), true, nil
		case plumbing.TagObject:
			_, content, err := g.store.read(hash)
			if err != nil {
				return nil, false, err
			}
			first, _, _ := bytes.Cut(content, []byte("\n"))
			target, found := bytes.CutPrefix(first, []byte("object "))
			if !found || !plumbing.IsHash(string(target)) {
				return nil, false, &CorruptObjectError{Hash: hash.String(), Err: errors.New("a tag without an object line")}
			}
			hash = plumbing.NewHash(string(target))
		default:
			return nil, false, nil
		}
	}
	return nil, false, nil
}
