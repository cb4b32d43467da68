// Package git runs the git binary. It is the one place that does: with one
// environment, in which git works on the repository that it is told and asks
// nobody, with bounds on time and output, and with one line of what git complains
// of. A Repository asks it for what writes or talks to a remote: commits, tags,
// pushes. Hooks, signing, credentials, proxies and SSH settings are then the user's
// own, as they are when that person types the command.
//
// It reads no history and decides nothing: that is versioning's.
//
// Names from outside (remotes, tags, files) stand behind "--" in the arguments:
// whoever calls a remote "--upload-pack=..." must not choose an option.
package git

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

const (
	// outputLimit bounds what is kept of git's output, unless the command says otherwise.
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

// Command is how git is run in a repository.
type Command struct {
	Dir     string        // where git looks for the repository: its work tree, or the bare repository itself
	Bare    bool          // Dir is a bare repository; otherwise git takes none that it meets
	Environ []string      // as Environment gives it
	Config  []string      // key=value, for this command
	Input   []byte        // of stdin
	Limit   int           // bytes of output; 32 MiB when zero
	Timeout time.Duration // none when zero
}

// Available is ErrNoGit where there is no git binary.
func Available() error {
	if _, err := exec.LookPath("git"); err != nil {
		return fmt.Errorf("%w; install it", ErrNoGit)
	}
	return nil
}

// Run runs git and returns what it prints. An error is *Error where git fails,
// the context's with what was being done, or ErrNoGit; the output stands beside an
// *Error.
func (c Command) Run(ctx context.Context, args ...string) ([]byte, error) {
	if err := Available(); err != nil {
		return nil, err
	}
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	cmd := exec.CommandContext(ctx, "git", append(c.options(), args...)...)
	cmd.Env, cmd.Stdin = c.Environ, bytes.NewReader(c.Input)
	detach(cmd)
	cmd.WaitDelay = grace
	limit := cmp.Or(c.Limit, outputLimit)
	out, problem := &bounded{limit: limit}, &bounded{limit: complaintLimit}
	cmd.Stdout, cmd.Stderr = out, problem
	err := cmd.Run()
	name := "git " + subcommand(args)
	switch {
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return nil, fmt.Errorf("%s took too long and was ended: %w", name, context.DeadlineExceeded)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", name, ctx.Err())
	case err != nil && errors.As(err, new(*exec.ExitError)):
		return out.kept.Bytes(), &Error{Command: name, Complaint: Complaint(problem.kept.String())}
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case out.over:
		return nil, fmt.Errorf("%s: more than %d MiB of output", name, limit>>20)
	}
	return out.kept.Bytes(), nil
}

// options stand before the subcommand.
func (c Command) options() []string {
	bare := "explicit"
	if c.Bare {
		bare = "all"
	}
	options := []string{"-C", c.Dir, "--literal-pathspecs", "-c", "safe.bareRepository=" + bare, "-c", "core.fsmonitor=false"}
	for _, setting := range c.Config {
		options = append(options, "-c", setting)
	}
	return options
}

// subcommand is the first argument that is no option of git itself.
func subcommand(args []string) string {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-c":
			i++
		case !strings.HasPrefix(args[i], "-"):
			return args[i]
		}
	}
	return ""
}

// bounded keeps the first bytes of what is written to it. The buffer is no
// embedded one, whose ReadFrom would be taken for Write and know no limit.
type bounded struct {
	kept  bytes.Buffer
	limit int
	over  bool
}

// Write implements io.Writer and never fails, so that git is not ended by a full pipe.
func (b *bounded) Write(p []byte) (int, error) {
	keep := min(len(p), b.limit-b.kept.Len())
	b.over = b.over || keep < len(p)
	b.kept.Write(p[:keep])
	return len(p), nil
}
