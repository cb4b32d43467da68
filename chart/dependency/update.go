// Package dependency brings a chart's dependencies into its charts/ folder and writes
// the lock, as Helm does (facts/helm-format.md 4.19). It refuses to change anything
// before all of them have come and were loaded, to follow a lock of other dependencies,
// and to take a folder that is outside of the chart's git work tree.
package dependency

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/repository"
	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/registry"
)

// ErrLockOutdated says that a lock does not belong to the chart's dependencies.
var ErrLockOutdated = errors.New("the lock does not belong to the dependencies")

// Options say how dependencies are fetched.
type Options struct {
	registry.Access
	Time      time.Time         // of the entries of packed folders (file://); zero means 1970
	Generated time.Time         // what a new lock says; zero means now
	Warn      func(text string) // hears what is odd but no failure; nil means nobody does
}

// Fetched is a dependency that is in charts/ now.
type Fetched struct {
	Name       string
	Version    string
	Repository string // its URL; empty for a chart that was in charts/ already
	File       string // in charts/; empty for a chart that was there already
}

// Result is what an update or a build has done.
type Result struct {
	Fetched []Fetched // in the order of Chart.yaml
	Removed []string  // files of charts/ that were in nobody's way but are outdated
	Lock    string    // the lock file that was written; empty when it was right already
}

// Update picks the newest version of each dependency of the chart
// in the folder dir, fetches it into charts/, removes the archives there that
// are no dependencies any more and writes the lock if its digest has changed,
// all as Helm does (facts/helm-format.md 4.19). Repositories are http(s) with
// an index, oci://, file://, @NAME of Helm's repositories.yaml, or none for a
// chart that is in charts/.
//
// Nothing in the folder changes before every archive is there and was loaded.
func Update(ctx context.Context, dir string, o Options) (Result, error) {
	u, err := newUpdate(ctx, dir, o)
	if err == nil && len(u.head.Metadata.Dependencies) > 0 {
		err = u.run(ctx)
	}
	if err != nil {
		return Result{}, fmt.Errorf("update dependencies of %s: %w", dir, err)
	}
	return u.result, nil
}

// Build fetches what the lock of the chart in dir says, and updates
// where there is no lock. A lock of other dependencies is ErrLockOutdated.
func Build(ctx context.Context, dir string, o Options) (Result, error) {
	u, err := newUpdate(ctx, dir, o)
	if err == nil && u.head.Lock == nil {
		return Update(ctx, dir, o)
	}
	if err == nil {
		err = u.build(ctx)
	}
	if err != nil {
		return Result{}, fmt.Errorf("build dependencies of %s: %w", dir, err)
	}
	return u.result, nil
}

// update is one update or build.
type update struct {
	Options
	tree         files.Tree // around dir: nothing else of the machine is the chart's to name
	dir          string
	head         *chart.Chart
	known        repository.Repositories
	requirements []*chart.Dependency // with URLs for the names of repositories
	indexes      map[string]*indexed // by the repository's URL
	result       Result

	warnings sync.Mutex
}

// indexed is an index repository and what its index says.
type indexed struct {
	*repository.Client
	*repository.Index
}

// warn may be called by several fetches at a time.
func (u *update) warn(format string, args ...any) {
	u.warnings.Lock()
	defer u.warnings.Unlock()
	if u.Warn != nil {
		u.Warn(fmt.Sprintf(format, args...))
	}
}

func newUpdate(ctx context.Context, dir string, o Options) (*update, error) {
	tree, err := files.Around(dir)
	if err != nil {
		return nil, fmt.Errorf("load chart %s: %w", dir, errors.Unwrap(err))
	}
	head, err := chart.LoadHead(ctx, tree, dir)
	if err != nil {
		return nil, err
	}
	known, err := repository.Load(o.Getenv)
	if err != nil {
		return nil, err
	}
	u := &update{Options: o, tree: tree, dir: dir, head: head, known: known, indexes: map[string]*indexed{}}
	u.requirements, err = u.named(head.Metadata.Dependencies)
	return u, err
}

// named replaces the names of repositories by their URLs, in copies.
func (u *update) named(dependencies []*chart.Dependency) ([]*chart.Dependency, error) {
	var list []*chart.Dependency
	for _, d := range dependencies {
		c := *d
		if strings.HasPrefix(d.Repository, "@") || strings.HasPrefix(d.Repository, "alias:") {
			r, err := u.known.Find(d.Repository)
			if err != nil {
				return nil, fmt.Errorf("dependency %s: %w", d.Name, err)
			}
			c.Repository = r.URL
		}
		list = append(list, &c)
	}
	return list, nil
}

func (u *update) build(ctx context.Context) error {
	ok, err := u.head.LockMatches(u.requirements)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%w: %s is out of date: run \"pintle chart deps update %s\"", ErrLockOutdated, u.head.LockFile(), u.dir)
	}
	locked, err := u.named(u.head.Lock.Dependencies)
	if err != nil {
		return err
	}
	_, err = u.arrange(ctx, locked)
	return err
}

func (u *update) run(ctx context.Context) error {
	locked, err := u.arrange(ctx, u.requirements)
	if err != nil {
		return err
	}
	digest, err := chart.LockDigest(u.requirements, locked)
	if err != nil || u.head.Lock != nil && u.head.Lock.Digest == digest {
		return err
	}
	generated := u.Generated
	if generated.IsZero() {
		generated = time.Now()
	}
	u.result.Lock = u.head.LockFile()
	return u.head.WriteLock(u.tree, u.dir, &chart.Lock{Generated: chart.LockTime(generated), Digest: digest, Dependencies: locked})
}

// arrange brings the wanted dependencies into charts/ and says what they are
// locked to.
func (u *update) arrange(ctx context.Context, wanted []*chart.Dependency) (locked []*chart.Dependency, err error) {
	if err := u.tree.Check(filepath.Join(u.dir, u.head.LockFile())); err != nil {
		return nil, err
	}
	made, err := u.tree.Make(filepath.Join(u.dir, "charts"))
	if err != nil {
		return nil, err
	}
	charts := made.Root()
	defer func() { _ = os.Remove(charts) }()     // unless something is in it
	temp, err := os.MkdirTemp(charts, ".deps-*") // a name that is loaded as nothing
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	defer u.close()

	if err := u.readIndexes(ctx, wanted); err != nil {
		return nil, err
	}
	list, err := u.fetchAll(ctx, wanted, temp)
	if err != nil {
		return nil, err
	}
	if err := u.settle(ctx, list, charts); err != nil {
		return nil, err
	}
	for i, a := range list {
		u.result.Fetched = append(u.result.Fetched, a.Fetched)
		lock := &chart.Dependency{Name: a.Name, Version: a.Version, Repository: wanted[i].Repository}
		if a.Repository == "" {
			lock.Version = wanted[i].Version // Helm locks the range of a chart without a repository
		}
		locked = append(locked, lock)
	}
	return locked, nil
}

func (u *update) close() {
	for _, d := range u.indexes {
		d.Close()
	}
}
