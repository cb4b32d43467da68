package versioning

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
)

// smallFile bounds the files of a .git folder that are read whole and are a few lines: HEAD, commondir, alternates, config.
const smallFile = 1 << 20

// Repository is an open git repository. It keeps what it has read, so asking for many services costs one walk.
// It is not safe for concurrent use. Close it when done.
type Repository struct {
	root    string          // the work tree; empty in a bare repository
	gitDir  string          // HEAD and index
	common  string          // refs, objects, config; differs from gitDir in a linked worktree
	cuts    []plumbing.Hash // commits of a shallow clone whose parents are not here
	shallow bool            // history is cut off, and nothing fetched has mended it
	partial bool
	config  map[string]string // the repository's own
	refs    *refs
	graph   *graph
	side    *side // what was fetched; nil until something was
	tagless bool  // a warning has said that there are no tags
	// doubtful: whose a candidate is could not be told, as a trunk's branch is not here.
	doubtful bool
	alone    bool         // the remote could not be asked about other lines
	file     *commitGraph // nil where it was not asked for, or cannot be used
	noFile   bool         // the commit-graph is not to be asked for again
}

// Open finds the repository that holds path, from any folder inside it: a work tree, a linked worktree, a submodule or a
// bare repository. Errors: ErrNotRepository, ErrSHA256.
func Open(path string) (*Repository, error) {
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
	store, err := openObjects(filepath.Join(r.common, "objects"), r.partial)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", gitDir, err)
	}
	r.refs = &refs{gitDir: r.gitDir, common: r.common}
	r.graph = newGraph(store)
	return r, nil
}

// Close releases the pack files, and removes what was fetched.
func (r *Repository) Close() error {
	return errors.Join(r.graph.store.close(), r.file.close(), r.side.remove())
}

// Root is the absolute path of the work tree, and empty in a bare repository.
func (r *Repository) Root() string { return r.root }

// Shallow tells whether history is cut off. A count or a test of ancestry is then not to be trusted.
func (r *Repository) Shallow() bool { return r.shallow }

// readShallow reads where a shallow clone is cut off.
func (r *Repository) readShallow() error {
	list, err := readSmall(filepath.Join(r.common, "shallow"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for line := range strings.FieldsSeq(list) {
		if !plumbing.IsHash(line) {
			return fmt.Errorf("read shallow: %q is no commit", short(line))
		}
		r.cuts = append(r.cuts, plumbing.NewHash(line))
	}
	r.shallow = len(r.cuts) > 0
	return nil
}

// discover walks up from dir to the repository around it. GIT_DIR and its kin are not looked at: a CI job that exports them
// for another purpose must not get another repository's version.
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
	r.config, r.partial = settings, isPartial(settings)
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
