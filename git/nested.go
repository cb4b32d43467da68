package git

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Nested reports whether the repository with this work tree and this folder of
// settings (.git, or the one that linked work trees share) is within the work tree
// of another, in whose .git its settings are not: nobody knows who made it. Those of
// submodules and linked work trees are there, where only the job's git writes. The
// outermost .git counts: those between may have come with its files.
func Nested(workTree, common string) bool {
	common = real(common)
	nested := false
	for at := filepath.Dir(real(workTree)); ; at = filepath.Dir(at) {
		outer := filepath.Join(at, ".git")
		if info, err := os.Lstat(outer); err == nil {
			inside, err := filepath.Rel(outer, common)
			nested = !info.IsDir() || err != nil || !filepath.IsLocal(inside)
		}
		if filepath.Dir(at) == at {
			return nested
		}
	}
}

func real(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

// Unsafe reports whether a setting of a repository can run a program, or say where
// the job's credentials go. Keys are as git lists them: sections and names in lower
// case.
func Unsafe(key string) bool {
	section, rest, _ := strings.Cut(key, ".")
	name := rest[strings.LastIndexByte(rest, '.')+1:]
	switch section {
	case "protocol", "credential", "url", "filter", "alias", "include", "includeif", "gpg", "ssh", "merge", "diff", "http", "https":
		return true
	case "core":
		return strings.HasSuffix(name, "command") || slices.Contains([]string{"gitproxy", "fsmonitor", "hookspath", "editor", "askpass", "pager", "attributesfile", "worktree"}, name)
	case "remote":
		return slices.Contains([]string{"vcs", "uploadpack", "receivepack", "proxy"}, name)
	}
	return false
}

// ErrNested says that a repository within another has settings that git would act on.
var ErrNested = errors.New("the repository is within another one, and its own settings are not trusted")

// CheckNested is an error, ErrNested, if a list of "git config --null --list" has a
// setting that is unsafe.
func CheckNested(listed string) error {
	for record := range strings.SplitSeq(listed, "\x00") {
		if key, _, _ := strings.Cut(record, "\n"); Unsafe(key) {
			return fmt.Errorf("%w: it sets %s; unset it, or set it with \"git config --global\"", ErrNested, strings.ToLower(key))
		}
	}
	return nil
}
