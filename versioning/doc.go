// Package versioning turns a git history into versions.
//
// query.go and the files beside it observe: they read refs, commits and trees out of git/store, with walks that stop at
// the base tag. next.go decides: Next is a pure function of Facts and Rules, without a clock, a network or a build
// number, so the same commit gives the same version on every machine (facts/git-ci-canary.md 1.5).
//
// It refuses to guess: a count in a shallow clone, a detached HEAD without a hint, a tag that is not strict SemVer and
// an object that cannot be read are errors or are left out, never approximated. It reads without a git binary and
// writes nothing into a clone. Where there is one, it asks the binary which tracked files are modified; and ReadWhole
// has it fetch what the clone lacks, into a folder that lives as long as the Repository (shallow.go decides what,
// deepen.go does it).
package versioning
