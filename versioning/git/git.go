// Package git asks the git binary for what writes or talks to a remote: commits, tags, pushes. Hooks, signing, credentials,
// proxies and SSH settings are then the user's own, as they are when that person types the command.
//
// It refuses to ask anybody anything: no prompt, no editor, no terminal, a bound on the time and on the output. It reads no
// history and decides nothing: that is versioning's.
package git

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

const (
	// outputLimit bounds what is kept of git's output: ls-remote has about a hundred bytes a tag.
	outputLimit = 32 << 20
	// complaintLimit bounds what is kept of git's complaints.
	complaintLimit = 64 << 10
	// grace is how long git may take to clean up after SIGTERM.
	grace = 5 * time.Second
)

// ErrNoGit says that there is no git binary.
var ErrNoGit = errors.New("there is no git in PATH")

// Error is a git command that failed.
type Error struct {
	Command string // as "git push"
	// Complaint is what git and the remote said, in one line without credentials.
	Complaint string
}

// Error is one line.
func (e *Error) Error() string { return e.Command + ": " + e.Complaint }

// Repository is a work tree in which git commands run.
type Repository struct {
	dir, binary string
	environ     []string // without what names another repository
	// Timeout bounds each command that talks to a remote or signs; 2 minutes when zero.
	Timeout time.Duration
}

// Open prepares git for the repository at dir, an absolute path. environ is as os.Environ gives it. Error: ErrNoGit.
func Open(dir string, environ []string) (*Repository, error) {
	binary, err := exec.LookPath("git")
	if err != nil {
		return nil, fmt.Errorf("%w; install it", ErrNoGit)
	}
	environ = slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(foreign, name)
	})
	return &Repository{dir: dir, binary: binary, environ: environ}, nil
}

// foreign are the variables that would make git work on another repository than that of dir.
var foreign = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
	"GIT_NAMESPACE", "GIT_PREFIX", "GIT_CEILING_DIRECTORIES", "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_EDITOR", "LC_ALL", "GIT_TERMINAL_PROMPT",
}

// env is an environment in which git never asks: not for a password, not for a host key, not for a message. What answers by
// itself stays, as the GIT_ASKPASS of Jenkins' credentials binding does.
func (r *Repository) env(ctx context.Context) []string {
	get := func(name string) string {
		for _, entry := range slices.Backward(r.environ) {
			if value, ok := strings.CutPrefix(entry, name+"="); ok {
				return value
			}
		}
		return ""
	}
	env := append(slices.Clone(r.environ), "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_EDITOR=:", "GCM_INTERACTIVE=never")
	command := get("GIT_SSH_COMMAND")
	first, _, _ := strings.Cut(command, " ")
	switch {
	case filepath.Base(first) == "ssh":
		env = append(env, "GIT_SSH_COMMAND="+command+" -oBatchMode=yes")
	case command == "" && get("GIT_SSH") == "" && r.config(ctx, "core.sshCommand") == "":
		env = append(env, "GIT_SSH_COMMAND=ssh -oBatchMode=yes -oConnectTimeout=20")
	}
	if get("SSH_ASKPASS") == "" {
		env = append(env, "SSH_ASKPASS_REQUIRE=never")
	}
	return env
}

// config reads one setting; empty when there is none.
func (r *Repository) config(ctx context.Context, key string) string {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.binary, "-C", r.dir, "config", "--get", key)
	cmd.Env = r.environ
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// run runs git and returns what it prints. Its errors are *Error, or the context's with what was being done.
func (r *Repository) run(ctx context.Context, input string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.Timeout, 2*time.Minute))
	defer cancel()
	cmd := exec.CommandContext(ctx, r.binary, append([]string{"-C", r.dir, "--literal-pathspecs", "-c", "core.fsmonitor=false"}, args...)...)
	cmd.Env = r.env(ctx)
	cmd.Stdin = strings.NewReader(input)
	detach(cmd)
	cmd.WaitDelay = grace
	out, problem := &bounded{limit: outputLimit}, &bounded{limit: complaintLimit}
	cmd.Stdout, cmd.Stderr = out, problem
	err := cmd.Run()
	name := "git " + args[0]
	switch {
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return "", fmt.Errorf("%s took too long and was ended: %w", name, context.DeadlineExceeded)
	case ctx.Err() != nil:
		return "", fmt.Errorf("%s: %w", name, ctx.Err())
	case err != nil && errors.As(err, new(*exec.ExitError)):
		return out.String(), &Error{Command: name, Complaint: complaint(problem.String())}
	case err != nil:
		return "", fmt.Errorf("%s: %w", name, err)
	case out.over:
		return "", fmt.Errorf("%s: more than %d MiB of output", name, outputLimit>>20)
	}
	return out.String(), nil
}

// bounded keeps the first bytes of what is written to it.
type bounded struct {
	bytes.Buffer
	limit int
	over  bool
}

// Write implements io.Writer and never fails, so that git is not ended by a full pipe.
func (b *bounded) Write(p []byte) (int, error) {
	keep := min(len(p), b.limit-b.Len())
	b.over = b.over || keep < len(p)
	b.Buffer.Write(p[:keep])
	return len(p), nil
}

// userInfo is the part of an address that may hold a password.
var userInfo = lazyregexp.New(`([A-Za-z][A-Za-z0-9+.-]*://)[^/@\s]*@`)

// complaint makes one line of what git and the remote's hooks said: the remote's words say why, git's say what.
func complaint(text string) string {
	var said, other []string // with git's marks and without, as of a hook
	add := func(line string) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(said, line) {
			said = append(said, line)
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(strings.ReplaceAll(line, "\x1b[K", ""), "\r\n ")
		marked := false
		for _, prefix := range []string{"remote: ", "fatal: ", "error: ", "ERROR: "} {
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				marked = true
				add(strings.TrimPrefix(rest, "error: ")) // a remote's hook may say so too
				break
			}
		}
		if line = strings.TrimSpace(line); !marked && line != "" && !strings.HasPrefix(line, "hint: ") {
			other = append(other, line)
		}
	}
	vague := len(said) == 0 || len(said) == 1 && strings.HasPrefix(said[0], "failed to push some refs")
	if vague && len(other) > 0 {
		add(other[0])
	}
	if len(said) == 0 {
		return "failed without a word"
	}
	line := strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(strings.Join(said[:min(len(said), 4)], "; "), "?"))
	line = userInfo.ReplaceAllString(line, "$1")
	const limit = 400
	if len(line) > limit {
		line = strings.ToValidUTF8(line[:limit], "") + "..."
	}
	return line
}
