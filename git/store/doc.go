// Package store reads a git repository from its files, without a git binary: refs, objects, commits and their graph,
// trees, the index. A version needs a few objects and tags of very many, so packs, refs and walks are made for that:
// see Objects, Refs and Graph. go-git gives the formats of names and of the index.
//
// It refuses to write, to run a program, to ask a remote, and to guess: an object that cannot be read is an error.
package store
