package git

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// readTimeout bounds a look at the settings.
const readTimeout = 5 * time.Second

// Repository is a work tree in which git commands run.
type Repository struct {
	dir     string
	environ []string // as Environment gives it
	checked bool     // whether the repository is within another
	nested  bool
	// Timeout bounds each command that talks to a remote or signs; 2 minutes when zero.
	Timeout time.Duration
}

// Open prepares git for the repository at dir, an absolute path. environ is as os.Environ gives it. Error: ErrNoGit.
func Open(dir string, environ []string) (*Repository, error) {
	if err := Available(); err != nil {
		return nil, err
	}
	return &Repository{dir: dir, environ: Environment(environ)}, nil
}

// config reads one setting; empty when there is none.
func (r *Repository) config(ctx context.Context, key string) string {
	out, err := Command{Dir: r.dir, Environ: r.environ, Timeout: readTimeout}.Run(ctx, "config", "--get", key)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// check refuses a repository within another whose settings could run programs: it is not one that the job has cloned.
// Its hooks do not run.
func (r *Repository) check(ctx context.Context) error {
	if r.checked {
		return nil
	}
	read := Command{Dir: r.dir, Environ: r.environ, Timeout: readTimeout}
	common, err := read.Run(ctx, "rev-parse", "--git-common-dir")
	if err != nil {
		return err
	}
	folder := strings.TrimRight(string(common), "\r\n")
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(r.dir, folder)
	}
	if r.nested = Nested(r.dir, folder); r.nested {
		listed, err := read.Run(ctx, "config", "--local", "--includes", "--null", "--list")
		if err != nil {
			return err
		}
		if err := CheckNested(string(listed)); err != nil {
			return fmt.Errorf("%s: %w", r.dir, err)
		}
	}
	r.checked = true
	return nil
}

// run runs git and returns what it prints. Its errors are *Error, or the context's with what was being done.
func (r *Repository) run(ctx context.Context, input string, args ...string) (string, error) {
	if err := r.check(ctx); err != nil {
		return "", err
	}
	command := Command{
		Dir: r.dir, Environ: Quiet(r.environ, r.config(ctx, "core.sshCommand") != ""),
		Input: []byte(input), Timeout: cmp.Or(r.Timeout, 2*time.Minute),
	}
	if r.nested {
		command.Config = []string{"core.hooksPath=" + os.DevNull}
		if args[0] == "push" { // to a folder, it would run the hooks in there
			command.Config = append(command.Config, "protocol.file.allow=never")
		}
	}
	out, err := command.Run(ctx, args...)
	return string(out), err
}
