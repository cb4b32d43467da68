package store

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/pintle-ci/pintle/internal/text"
)

// smallFile bounds the files of a .git folder that are read whole and are a few lines: HEAD, commondir, alternates,
// config.
const smallFile = 1 << 20

// Repository is an open git repository, as it is stored. It keeps the commits that it has read.
// It is not safe for concurrent use. Close it when done.
type Repository struct {
	// Cuts are the commits of a shallow clone whose parents are not here.
	Cuts []plumbing.Hash
	// Partial: objects were left out (--filter), which is no damage.
	Partial bool
	// Refs and Graph read branches and tags, and commits.
	Refs  *Refs
	Graph *Graph

	root   string            // the work tree; empty in a bare repository
	gitDir string            // HEAD and index
	common string            // refs, objects, config; differs from gitDir in a linked worktree
	config map[string]string // the repository's own
	file   *commitGraph      // nil where it was not asked for, or cannot be used
	asked  bool              // the commit-graph is not to be asked for again
}

// Open finds the repository that holds path, from any folder inside it: a work tree, a linked worktree, a submodule or
// a bare repository. message is given each commit's message as the commit is read, and may be nil; see graph.
// Errors: ErrNotRepository, ErrSHA256.
func Open(path string, message func(*Node, []byte)) (*Repository, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", path, err)
	}
	if _, err := os.Stat(abs); err != nil {
		return nil, fmt.Errorf("open repository: %w", err)
	}
	root, gitDir, err := discover(abs)
	if err != nil {
		return nil, err
	}
	r := &Repository{root: root, gitDir: gitDir, common: gitDir}
	if dir, err := readSmall(filepath.Join(gitDir, "commondir")); err == nil {
		r.common = join(gitDir, strings.TrimSpace(dir))
	}
	if err := r.readFormat(); err != nil {
		return nil, fmt.Errorf("open repository %s: %w", gitDir, err)
	}
	if err := r.readShallow(); err != nil {
		return nil, fmt.Errorf("open repository %s: %w", gitDir, err)
	}
	store, err := openObjects(filepath.Join(r.common, "objects"), r.Partial)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", gitDir, err)
	}
	r.Refs = &Refs{gitDir: r.gitDir, common: r.common}
	r.Graph = newGraph(store, message)
	return r, nil
}

// Close closes the files that are open.
func (r *Repository) Close() error { return errors.Join(r.Graph.objects.close(), r.file.close()) }

// Root is the absolute path of the work tree, and empty in a bare repository.
func (r *Repository) Root() string { return r.root }

// Objects are the repository's, and those that were added.
func (r *Repository) Objects() *Objects { return r.Graph.objects }

// Dir is the folder of HEAD and the index, and Common the one of refs, objects and settings, which linked work trees
// share.
func (r *Repository) Dir() string { return r.gitDir }

// Common is the folder that linked work trees share; see Dir.
func (r *Repository) Common() string { return r.common }

// Setting is one of the repository's own settings, without included files; empty where it is not set. The section and
// the name are in lower case.
func (r *Repository) Setting(key string) string { return r.config[key] }

// Remote is the remote of HEAD's branch, else origin, else the only one; empty when there is none.
func (r *Repository) Remote() string {
	var names []string
	for key := range r.config {
		if name, ok := strings.CutPrefix(key, "remote."); ok {
			if name, ok = strings.CutSuffix(name, ".url"); ok {
				names = append(names, name)
			}
		}
	}
	branch, _, err := r.Refs.Head()
	if err == nil && slices.Contains(names, r.config["branch."+branch+".remote"]) {
		return r.config["branch."+branch+".remote"]
	}
	switch {
	case slices.Contains(names, "origin"):
		return "origin"
	case len(names) == 1:
		return names[0]
	}
	return ""
}

// AddObjects adds an object folder, for what was fetched beside the repository, and forgets the commits that were read.
// What is missing from now on may just not have been fetched.
func (r *Repository) AddObjects(dir string) error {
	objects := r.Graph.objects
	r.Partial, objects.partial = true, true
	if err := objects.add(dir, 0); err != nil {
		return err
	}
	r.forget()
	return nil
}

// forget drops the commits that were read.
func (r *Repository) forget() {
	cut := r.Graph.Cut
	r.Graph = newGraph(r.Graph.objects, r.Graph.message)
	r.Graph.Cut = cut
}

// DropCommitGraph forgets the commits that were read, and reads them without the commit-graph from now on: what a
// damaged one has is in the commits too. It reports whether one was in use.
func (r *Repository) DropCommitGraph() bool {
	used := r.Graph.file != nil
	if used {
		r.forget()
	}
	return used
}

// readShallow reads where a shallow clone is cut off.
func (r *Repository) readShallow() error {
	list, err := readSmall(filepath.Join(r.common, "shallow"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for line := range strings.FieldsSeq(list) {
		if !plumbing.IsHash(line) {
			return fmt.Errorf("read shallow: %q is no commit", text.Short(line))
		}
		r.Cuts = append(r.Cuts, plumbing.NewHash(line))
	}
	return nil
}

// discover walks up from dir to the repository around it. GIT_DIR and its kin are not looked at: a CI job that exports
// them for another purpose must not get another repository's version.
//
// A bare repository is taken only where no .git is above it: one that lies in a work tree came with it, and its settings
// are those of whoever committed it.
func discover(dir string) (root, gitDir string, err error) {
	bare := ""
	for at := dir; ; at = filepath.Dir(at) {
		dotGit := filepath.Join(at, ".git")
		if info, err := os.Stat(dotGit); err == nil {
			if !info.IsDir() {
				if dotGit, err = gitFile(dotGit); err != nil {
					return "", "", err
				}
			}
			if isGitDir(dotGit) {
				return at, dotGit, nil
			}
		}
		if bare == "" && isGitDir(at) {
			if filepath.Base(at) == ".git" {
				return filepath.Dir(at), at, nil
			}
			bare = at
		}
		if filepath.Dir(at) == at {
			if bare != "" {
				return "", bare, nil
			}
			return "", "", fmt.Errorf("%s: %w, and versions come from git tags; run pintle inside a clone, or \"git init\" and commit", dir, ErrNotRepository)
		}
	}
}

// gitFile follows a .git file, as linked worktrees and submodules have.
func gitFile(path string) (string, error) {
	text, err := readSmall(path)
	if err != nil {
		return "", fmt.Errorf("open repository: %w", err)
	}
	target, ok := strings.CutPrefix(strings.TrimSpace(text), "gitdir:")
	if !ok {
		return "", fmt.Errorf("%s: %w: it is a file without a gitdir: line", path, ErrNotRepository)
	}
	dir := join(filepath.Dir(path), strings.TrimSpace(target))
	if !isGitDir(dir) {
		return "", fmt.Errorf("%s: %w: it points to %s, which is no git folder; run \"git worktree repair\"", path, ErrNotRepository, dir)
	}
	return dir, nil
}

// isGitDir applies git's own test: a HEAD, and objects and refs of its own or a commondir that has them.
func isGitDir(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return false
	}
	common := dir
	if text, err := readSmall(filepath.Join(dir, "commondir")); err == nil {
		common = join(dir, strings.TrimSpace(text))
	}
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(common, name)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// harmless are the repository extensions that do not change how refs, commits and trees are read.
var harmless = []string{"noop", "noop-v1", "preciousobjects", "partialclone", "worktreeconfig", "relativeworktrees"}

// readFormat refuses the repository formats that we would misread, and only those: go-git refuses more
// (facts/git-ci-canary.md 2). As in git, extensions count only from format version 1 on, except partialClone.
func (r *Repository) readFormat() error {
	text, err := readSmall(filepath.Join(r.common, "config"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	settings := readConfig(text)
	r.config, r.Partial = settings, isPartial(settings)
	version := settings["core.repositoryformatversion"]
	if version != "" && version != "0" && version != "1" {
		return fmt.Errorf("repository format version %q is not supported", version)
	}
	for key, value := range settings {
		name, ok := strings.CutPrefix(key, "extensions.")
		if !ok || slices.Contains(harmless, name) {
			continue
		}
		switch {
		case name == "objectformat" && strings.EqualFold(value, "sha1"), name == "refstorage" && strings.EqualFold(value, "files"):
		case name == "objectformat":
			return fmt.Errorf("%w; git clone it to a sha1 repository", ErrSHA256)
		case name == "refstorage":
			return fmt.Errorf("ref storage %q is not supported; run \"git refs migrate --ref-format=files\"", value)
		case version == "1":
			return fmt.Errorf("repository extension %q is not supported", name)
		}
	}
	return nil
}

func isPartial(settings map[string]string) bool {
	if settings["extensions.partialclone"] != "" {
		return true
	}
	for key, value := range settings {
		if strings.HasPrefix(key, "remote.") && strings.HasSuffix(key, ".promisor") && value == "true" {
			return true
		}
	}
	return false
}

// readConfig reads section.key = value lines, keys and sections in lower case. It knows no includes, quotes or
// continuations, because git reads the repository format without them too.
func readConfig(text string) map[string]string {
	settings := map[string]string{}
	section := ""
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, smallFile)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if rest, ok := strings.CutPrefix(line, "["); ok {
			head, tail, _ := strings.Cut(rest, "]")
			name, sub, _ := strings.Cut(head, " ")
			section = strings.ToLower(name)
			if sub = strings.Trim(sub, ` "`); sub != "" {
				section += "." + sub
			}
			line = strings.TrimSpace(tail)
		}
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, value, found := strings.Cut(line, "=")
		if !found {
			value = "true"
		}
		settings[section+"."+strings.ToLower(strings.TrimSpace(key))] = strings.Trim(strings.TrimSpace(value), `"`)
	}
	return settings
}

// readSmall reads a file that is small in every sane repository.
func readSmall(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var buf bytes.Buffer
	n, err := io.Copy(&buf, io.LimitReader(f, smallFile+1))
	if err != nil {
		return "", err
	}
	if n > smallFile {
		return "", fmt.Errorf("%s is larger than %d bytes", path, smallFile)
	}
	return buf.String(), nil
}

// join is filepath.Join, except that an absolute path stands for itself.
func join(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
