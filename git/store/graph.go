package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// Graph holds the commits that have been read, each once. Of a history of hundreds of thousands every byte of a node
// counts, and every allocation: nodes and lists of parents come from blocks.
type Graph struct {
	// Cut: commits outside HEAD's history may be absent. They count as roots; see walk.paint.
	Cut bool

	objects *Objects
	message func(*Node, []byte) // is given each message as a commit's object is read; may be nil
	nodes   nodes
	links   []*Node
	epoch   uint32 // of the walk under way, so that marks need no clearing
	// file is the commit-graph; nil where there is none, or it is not to be used.
	file *commitGraph
}

// Node is one commit. All but hash is filled by load; mark belongs to the walk under way.
type Node struct {
	Hash    plumbing.Hash
	Tree    plumbing.Hash
	Parents []*Node
	time    int64 // committer's, Unix seconds
	mark    mark
	// position is that in the commit-graph, counted from 1; 0 where it is not known.
	position uint32
	// Note is for who reads messages, to keep what is wanted of one.
	Note   uint8
	loaded bool
	Absent bool // not here, which is right outside HEAD's history alone
	unsaid bool // of the commit-graph, so that the message is not read yet
}

// Date is the committer's time in UTC.
func (n *Node) Date() time.Time { return time.Unix(n.time, 0).UTC() }

// newGraph reads commits from objects. message is given each commit's message as the commit is read, and may be nil; the
// bytes are valid only until it returns.
func newGraph(objects *Objects, message func(*Node, []byte)) *Graph {
	return &Graph{objects: objects, message: message}
}

// Node returns the node of a commit hash, not yet loaded.
func (g *Graph) Node(hash plumbing.Hash) *Node { return g.nodes.get(hash) }

// link copies a list of parents into a block.
func (g *Graph) link(parents []*Node) []*Node {
	if len(g.links) < len(parents) {
		g.links = make([]*Node, max(blockSize, len(parents)))
	}
	list := g.links[:len(parents):len(parents)]
	g.links = g.links[len(parents):]
	copy(list, parents)
	return list
}

// Load reads a commit once. Its message may be left for say.
func (g *Graph) Load(n *Node) error {
	if n.loaded {
		return nil
	}
	if g.file != nil {
		switch ok, err := g.fromFile(n); {
		case err != nil:
			return err
		case ok:
			return nil
		}
	}
	return g.fromObject(n)
}

// fromObject reads a commit from its object.
func (g *Graph) fromObject(n *Node) error {
	kind, content, err := g.objects.readOnce(n.Hash)
	if g.Cut && errors.As(err, new(*MissingObjectError)) {
		n.loaded, n.Absent = true, true
		return nil
	}
	if err != nil {
		return err
	}
	if kind != plumbing.CommitObject {
		return &CorruptObjectError{Hash: n.Hash.String(), Err: errors.New("it is a " + kind.String() + ", not a commit")}
	}
	if err := g.parse(n, content); err != nil {
		return &CorruptObjectError{Hash: n.Hash.String(), Err: err}
	}
	n.loaded = true
	return nil
}

// parse reads the header lines that matter: tree, parent, committer. Nothing of content is kept.
func (g *Graph) parse(n *Node, content []byte) error {
	header, message, _ := bytes.Cut(content, []byte("\n\n"))
	var few [8]*Node
	parents := few[:0]
	seenTree, seenTime := false, false
	for len(header) > 0 {
		line := header
		if end := bytes.IndexByte(header, '\n'); end >= 0 {
			line, header = header[:end], header[end+1:]
		} else {
			header = nil
		}
		key, value, _ := bytes.Cut(line, []byte(" "))
		switch string(key) {
		case "tree":
			if seenTree = readHash(&n.Tree, value); !seenTree {
				return errors.New("bad tree line")
			}
		case "parent":
			var hash plumbing.Hash
			if !readHash(&hash, value) {
				return errors.New("bad parent line")
			}
			parents = append(parents, g.Node(hash))
		case "committer":
			n.time, seenTime = committerTime(value), true
		}
	}
	if !seenTree || !seenTime {
		return errors.New("no tree or no committer line")
	}
	n.Parents = g.link(parents)
	if g.message != nil {
		g.message(n, message)
	}
	return nil
}

// readHash reads 40 hex digits.
func readHash(hash *plumbing.Hash, text []byte) bool {
	if len(text) != 2*hashSize {
		return false
	}
	_, err := hex.Decode(hash[:], text)
	return err == nil
}

// committerTime reads the seconds of "Name <mail> 1700000000 +0800". A commit without a readable time counts as the
// oldest, as in git: dates only order the walks, they decide nothing.
func committerTime(line []byte) int64 {
	rest := bytes.TrimSpace(line[bytes.LastIndexByte(line, '>')+1:])
	if end := bytes.IndexAny(rest, " \t"); end >= 0 {
		rest = rest[:end]
	}
	seconds, err := strconv.ParseInt(string(rest), 10, 64)
	if err != nil || seconds < 0 {
		return 0
	}
	return seconds
}

// Peel follows annotated tags to a commit, which it does not load. ok is false for a tag of a tree or a blob.
func (g *Graph) Peel(hash plumbing.Hash) (n *Node, ok bool, err error) {
	const depth = 10
	for range depth {
		if n := g.nodes.find(hash); n != nil && n.loaded {
			return n, true, nil
		}
		kind, err := g.objects.Kind(hash)
		if err != nil {
			return nil, false, err
		}
		switch kind {
		case plumbing.CommitObject:
			return g.Node(hash), true, nil
		case plumbing.TagObject:
			_, content, err := g.objects.Read(hash)
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
