// Package changelog turns commits into what people read about a release: it reads conventional commits, sorts them into
// sections, writes Markdown or what a template says, and puts a section into a CHANGELOG.md.
//
// It is pure: commits come as text, files as bytes. It refuses to trust commit messages: nothing of them becomes
// markup, a link elsewhere than to the forge, or a mention of somebody.
package changelog

import (
	"slices"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/versioning/commit"
)

// MaxEntries bounds each section; the rest is counted.
const MaxEntries = 1000

// Commit is a commit as history has it.
type Commit struct {
	Hash    string // full
	Message string
	Author  string
	Merge   bool // has several parents
}

// Entry is one line of a changelog. Its texts are as the commit has them: not escaped.
type Entry struct {
	Hash        string
	Type        string // of a conventional commit, in lower case: feat, fix; empty for other commits
	Scope       string
	Description string
	Breaking    bool
	Note        string // what a BREAKING CHANGE footer says
	Author      string
}

// Section is a group of entries.
type Section struct {
	Title   string
	Entries []Entry // newest first
	More    int     // how many were left out
}

// Notes are the changes of one version.
type Notes struct {
	Service  string // empty with one version for all
	Version  string // empty: not released yet
	Tag      string // of Version; empty before it is made
	Previous string // tag of the version before; empty for the first
	Date     time.Time
	Sections []Section // those that have entries, gravest first
	// Unchanged: a release was asked for, and nothing changed since Tag.
	Unchanged bool
}

// Titles of the sections, gravest first.
const (
	Breaking = "Breaking changes"
	Features = "Features"
	Fixes    = "Fixes"
	Other    = "Other changes"
)

// Sections sorts commits, newest first, into sections. Merges are left out unless their subject is a conventional one:
// what they bring is there itself. A commit that a later one reverts is left out with its revert. skip leaves out more,
// by subject.
func Sections(commits []Commit, skip func(subject string) bool) []Section {
	undone := undone(commits)
	groups := map[string][]Entry{}
	for i, c := range commits {
		subject, _, _ := strings.Cut(c.Message, "\n")
		if subject = clean(subject); undone[i] || subject == "" || skip != nil && skip(subject) {
			continue
		}
		if entry, title := entryOf(c); !c.Merge || entry.Type != "" {
			groups[title] = append(groups[title], entry)
		}
	}
	var sections []Section
	for _, title := range []string{Breaking, Features, Fixes, Other} {
		if entries := groups[title]; len(entries) > 0 {
			kept := min(len(entries), MaxEntries)
			sections = append(sections, Section{Title: title, Entries: entries[:kept], More: len(entries) - kept})
		}
	}
	return sections
}

// undone tells which commits show nothing: those that a revert in force takes back, and that revert itself. A revert
// that is reverted is not in force, so what it took back shows again.
func undone(commits []Commit) []bool {
	const unknown, working, yes, no = 0, 1, 2, 3
	reverters := make([][]int, len(commits)) // of commit i
	targets := make([][]int, len(commits))
	for i, c := range commits {
		for _, hash := range commit.Reverted(c.Message) {
			if at := slices.IndexFunc(commits, func(c Commit) bool { return strings.HasPrefix(c.Hash, hash) && c.Hash != commits[i].Hash }); at >= 0 {
				reverters[at], targets[i] = append(reverters[at], i), append(targets[i], at)
			}
		}
	}
	state := make([]int, len(commits)) // whether a revert in force takes it back
	var takenBack func(i int) bool
	takenBack = func(i int) bool {
		if state[i] == unknown {
			state[i] = working // messages can be made to name each other in a circle
			verdict := no
			for _, r := range reverters[i] {
				if !takenBack(r) {
					verdict = yes
				}
			}
			state[i] = verdict
		}
		return state[i] == yes
	}
	hidden := make([]bool, len(commits))
	for i := range commits {
		hidden[i] = takenBack(i) || len(targets[i]) > 0
	}
	return hidden
}
