package chart

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/pintle-ci/pintle/internal/files"
)

// maxHeadBytes bounds each of the files that LoadHead reads.
const maxHeadBytes = 4 << 20

// LoadHead loads what a chart's folder says about itself: Chart.yaml, the
// requirements of apiVersion v1 and the lock. Nothing else is read, so a broken
// archive in charts/ is no obstacle to replacing it. The folder and its files
// must be in the tree.
func LoadHead(ctx context.Context, tree files.Tree, dir string) (*Chart, error) {
	c, err := loadHead(ctx, tree, dir)
	if err != nil {
		return nil, fmt.Errorf("load chart %s: %w", dir, err)
	}
	return c, nil
}

func loadHead(ctx context.Context, tree files.Tree, dir string) (*Chart, error) {
	rel, err := tree.Resolve(dir)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(filepath.Join(tree.Root(), rel)); err != nil {
		return nil, errors.Unwrap(err) // without the path, which is already named
	} else if !info.IsDir() {
		return nil, errors.New("not a folder: the dependencies of a packed chart are in it")
	}
	var head []*File
	for _, name := range []string{"Chart.yaml", "requirements.yaml", "Chart.lock", "requirements.lock"} {
		data, err := tree.ReadFile(filepath.Join(dir, name), maxHeadBytes)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		head = append(head, &File{Name: name, Data: data})
	}
	return assembleTop(ctx, head, newBudget())
}

// LockDigest is the digest by which Helm tells whether a lock still belongs to
// a chart: over the requirements, with the names of repositories replaced by
// their URLs, and what they were locked to (facts/helm-format.md 4.19). The order
// of dependencies does not count: Helm 4.3.1 does not know it.
func LockDigest(requirements, locked []*Dependency) (string, error) {
	plain := slices.Clone(requirements)
	for i, d := range plain {
		one := *d
		one.DependsOn = nil
		plain[i] = &one
	}
	return jsonDigest([2][]*Dependency{plain, locked})
}

// legacyLockDigest is what Helm 2 wrote into requirements.lock.
func legacyLockDigest(requirements []*Dependency) (string, error) {
	return jsonDigest(map[string][]*Dependency{"dependencies": requirements})
}

// jsonDigest hashes v as encoding/json writes it: with & < > escaped.
func jsonDigest(v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("digest of the dependencies: %w", err)
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// LockMatches reports whether c's lock belongs to its dependencies. resolved are
// those with the names of repositories replaced by their URLs. For apiVersion
// v1 the digest of Helm 2 counts as well.
func (c *Chart) LockMatches(resolved []*Dependency) (bool, error) {
	if c.Lock == nil {
		return false, nil
	}
	sum, err := LockDigest(resolved, c.Lock.Dependencies)
	if err != nil || sum == c.Lock.Digest || c.Metadata.APIVersion != apiVersionV1 {
		return err == nil && sum == c.Lock.Digest, err
	}
	sum, err = legacyLockDigest(c.Metadata.Dependencies)
	return err == nil && sum == c.Lock.Digest, err
}

// LockFile is the name of c's lock file.
func (c *Chart) LockFile() string {
	if c.Metadata.APIVersion == apiVersionV1 {
		return "requirements.lock"
	}
	return "Chart.lock"
}

// WriteLock writes lock into the chart's folder as Helm writes it, in one step.
// Like Helm it does not write through a link.
func (c *Chart) WriteLock(tree files.Tree, dir string, lock *Lock) error {
	path := filepath.Join(dir, c.LockFile())
	data, err := yaml.Marshal(lock)
	if err == nil {
		err = tree.Check(path)
	}
	if err == nil {
		err = tree.WriteFile(path, data, 0o644)
	}
	if err != nil {
		return fmt.Errorf("write the lock: %w", err)
	}
	return nil
}

// LockTime is how a lock writes when it was made.
func LockTime(t time.Time) string { return t.Format(time.RFC3339Nano) }
