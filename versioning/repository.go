package versioning

import (
	"errors"
	"github.com/pintle-ci/pintle/git/store"
	"github.com/pintle-ci/pintle/versioning/commit"
	"strings"
)

// Repository is an open git repository. It keeps what it has read, so asking for many services costs one walk.
// It is not safe for concurrent use. Close it when done.
type Repository struct {
	*store.Repository
	shallow bool  // history is cut off, and nothing fetched has mended it
	side    *side // what was fetched; nil until something was
	tagless bool  // a warning has said that there are no tags
	// doubtful: whose a candidate is could not be told, as a trunk's branch is not here.
	doubtful bool
	alone    bool // the remote could not be asked about other lines
	// releaseAs are what commits ask for by a footer, which few do: strict SemVer.
	releaseAs map[*store.Node]string
}

// Open finds the repository that holds path, from any folder inside it: a work tree, a linked worktree, a submodule or a
// bare repository. Errors: ErrNotRepository, ErrSHA256.
func Open(path string) (*Repository, error) {
	r := &Repository{releaseAs: map[*store.Node]string{}}
	var err error
	if r.Repository, err = store.Open(path, r.readMessage); err != nil {
		return nil, err
	}
	r.shallow = len(r.Cuts) > 0
	return r, nil
}

// Close releases the pack files, and removes what was fetched.
func (r *Repository) Close() error { return errors.Join(r.Repository.Close(), r.side.remove()) }

// Shallow reports whether history is cut off. A count or a test of ancestry is then not to be trusted.
func (r *Repository) Shallow() bool { return r.shallow }

// RemoteURL is the address of the remote of HEAD's branch, else of origin, else of the only one; empty when there is
// none. It may hold credentials.
func (r *Repository) RemoteURL() string {
	return strings.TrimSpace(r.Setting("remote." + r.Remote() + ".url"))
}

// readMessage keeps what a commit's message asks for.
func (r *Repository) readMessage(n *store.Node, message []byte) {
	read := commit.Read(message)
	n.Note = uint8(bumps[read.Change])
	if read.ReleaseAs != "" {
		r.releaseAs[n] = read.ReleaseAs
	}
}

// commit reads a commit, and names it.
func (r *Repository) commit(n *store.Node) (Commit, error) {
	if err := r.Graph.ReadMessage(n); err != nil {
		return Commit{}, err
	}
	return Commit{Hash: n.Hash.String(), Time: n.Date()}, nil
}
