package store

import (
	"errors"
	"fmt"
)

// Errors of reading a repository. Compare with errors.Is.
var (
	// ErrNotRepository: no git repository at the path or above it.
	ErrNotRepository = errors.New("not a git repository")
	// ErrNoCommits: the repository has no commit at HEAD.
	ErrNoCommits = errors.New("the repository has no commits")
	// ErrSHA256: the repository names its objects by SHA-256.
	ErrSHA256 = errors.New("sha256 repositories are not supported")
)

// MissingObjectError is an object that history names and the object store does not have.
type MissingObjectError struct {
	// Hash is the object's name.
	Hash string
	// Partial is true in a partial clone (--filter), where git would fetch the object on demand.
	Partial bool
}

func (e *MissingObjectError) Error() string {
	if e.Partial {
		return fmt.Sprintf("object %s is not here: this is a partial clone; run \"git fetch --refetch --filter=blob:none\" "+
			"or clone without --filter=tree:0", e.Hash)
	}
	return fmt.Sprintf("object %s is missing from the repository; run \"git fsck\"", e.Hash)
}

// CorruptObjectError is an object that is there and cannot be read.
type CorruptObjectError struct {
	// Hash is the object's name.
	Hash string
	// Err is what is wrong with it.
	Err error
}

func (e *CorruptObjectError) Error() string {
	return fmt.Sprintf("object %s is corrupt: %v; run \"git fsck\"", e.Hash, e.Err)
}

func (e *CorruptObjectError) Unwrap() error { return e.Err }
