package versioning

import (
	"errors"
	"strings"
)

// Repository is an open git repository. It keeps what it has read, so asking for many services costs one walk.
// It is not safe for concurrent use. Close it when done.
type Repository struct {
	*gitStore
	shallow bool  // history is cut off, and nothing fetched has mended it
	side    *side // what was fetched; nil until something was
	tagless bool  // a warning has said that there are no tags
	// doubtful: whose a candidate is could not be told, as a trunk's branch is not here.
	doubtful bool
	alone    bool // the remote could not be asked about other lines
	// releaseAs are what commits ask for by a footer, which few do: strict SemVer.
	releaseAs map[*node]string
}

// Open finds the repository that holds path, from any folder inside it: a work tree, a linked worktree, a submodule or a
// bare repository. Errors: ErrNotRepository, ErrSHA256.
func Open(path string) (*Repository, error) {
	r := &Repository{releaseAs: map[*node]string{}}
	var err error
	if r.gitStore, err = openStore(path, r.readMessage); err != nil {
		return nil, err
	}
	r.shallow = len(r.cuts) > 0
	return r, nil
}

// Close releases the pack files, and removes what was fetched.
func (r *Repository) Close() error { return errors.Join(r.gitStore.Close(), r.side.remove()) }

// Shallow reports whether history is cut off. A count or a test of ancestry is then not to be trusted.
func (r *Repository) Shallow() bool { return r.shallow }

// RemoteURL is the address of the remote of HEAD's branch, else of origin, else of the only one; empty when there is none.
// It may hold credentials.
func (r *Repository) RemoteURL() string {
	return strings.TrimSpace(r.Setting("remote." + r.Remote() + ".url"))
}

// readMessage keeps what a commit's message asks for.
func (r *Repository) readMessage(n *node, message []byte) {
	asked := readChange(message)
	n.note = uint8(asked.bump)
	if asked.releaseAs != "" {
		r.releaseAs[n] = asked.releaseAs
	}
}

// commit reads a commit, and names it.
func (r *Repository) commit(n *node) (Commit, error) {
	if err := r.graph.say(n); err != nil {
		return Commit{}, err
	}
	return Commit{Hash: n.hash.String(), Time: n.date()}, nil
}
