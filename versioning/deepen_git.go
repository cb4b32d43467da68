package versioning

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

const (
	// fetchTimeout bounds one ReadWhole's fetches together.
	fetchTimeout = 5 * time.Minute
	// listLimit bounds what git ls-remote may answer, in bytes: a tag takes about a hundred.
	listLimit = 64 << 20
	// complaintLimit bounds what is kept of git's complaints, in bytes.
	complaintLimit = 64 << 10
)

// networkConfig are the settings of the repository, by the beginning of their names, that a fetch needs: where the remote is,
// and the job's credentials. The rest of a repository's configuration could run programs (hooks) or change what is fetched.
var networkConfig = []string{"http.", "https.", "credential.", "url.", "ssh.", "protocol.", "core.sshcommand", "core.gitproxy"}

// remoteConfig are those of the remote.
var remoteConfig = []string{"url", "proxy", "proxyauthmethod", "uploadpack", "vcs"}

// gitRunner runs git over the network: in a folder of its own, with the repository's remote and credentials, without any
// question to anybody.
type gitRunner struct {
	binary  string
	dir     string // where relative addresses start
	remote  string
	env     []string
	secrets []string // values that must not show
}

// newGitRunner asks git for the settings, so that included files count. For a repository of another user git refuses, as
// its settings could run that user's programs: we take its word for it.
func newGitRunner(ctx context.Context, r *Repository, ci bool) (*gitRunner, error) {
	remote := r.remoteName()
	if remote == "" {
		return nil, errors.New("no remote is configured")
	}
	binary, err := exec.LookPath("git")
	if err != nil {
		return nil, errors.New("there is no git in PATH")
	}
	g := &gitRunner{binary: binary, dir: r.root, remote: remote, env: gitEnv(os.Environ())}
	if g.dir == "" {
		g.dir = r.gitDir
	}
	if _, err := g.run(ctx, nil, smallFile, "rev-parse", "--git-dir"); err != nil {
		return nil, fmt.Errorf("%w; if you trust its owner, run \"git config --global --add safe.directory %s\"", err, g.dir)
	}
	listed, err := g.run(ctx, nil, smallFile, "config", "--local", "--includes", "--null", "--list")
	if err != nil {
		return nil, err
	}
	g.env = slices.DeleteFunc(networkEnv(g.env, ci), func(entry string) bool { return strings.HasPrefix(entry, "GIT_CONFIG_COUNT=") })
	count := 0
	if n, err := strconv.Atoi(os.Getenv("GIT_CONFIG_COUNT")); err == nil && n > 0 {
		count = n
	}
	for record := range strings.SplitSeq(string(listed), "\x00") {
		key, value, _ := strings.Cut(record, "\n")
		if !g.needs(key) {
			continue
		}
		g.env = append(g.env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", count, key), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", count, value))
		count++
		if strings.HasSuffix(strings.ToLower(key), "header") {
			g.secrets = append(g.secrets, strings.Fields(value)...)
		}
	}
	g.env = append(g.env, "GIT_CONFIG_COUNT="+strconv.Itoa(count))
	return g, nil
}

func (g *gitRunner) needs(key string) bool {
	if setting, ok := strings.CutPrefix(key, "remote."+g.remote+"."); ok {
		return slices.Contains(remoteConfig, setting)
	}
	return slices.ContainsFunc(networkConfig, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

// networkEnv is an environment in which git and ssh never ask. A CI job's own GIT_ASKPASS stays: it answers by itself, as
// the one of Jenkins' credentials binding does.
func networkEnv(environ []string, ci bool) []string {
	env := slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return name == "SSH_ASKPASS" || name == "GIT_SHALLOW_FILE" || name == "GIT_ASKPASS" && !ci
	})
	if !ci || os.Getenv("GIT_ASKPASS") == "" {
		env = append(env, "GIT_ASKPASS=")
	}
	command := os.Getenv("GIT_SSH_COMMAND")
	switch {
	case command != "" && strings.HasPrefix(command, "ssh"):
		env = append(env, "GIT_SSH_COMMAND="+command+" -oBatchMode=yes")
	case command == "" && os.Getenv("GIT_SSH") == "":
		env = append(env, "GIT_SSH_COMMAND=ssh -oBatchMode=yes -oConnectTimeout=20")
	}
	return append(env, "SSH_ASKPASS=", "SSH_ASKPASS_REQUIRE=never", "GCM_INTERACTIVE=never",
		"GIT_HTTP_LOW_SPEED_LIMIT=100", "GIT_HTTP_LOW_SPEED_TIME=60")
}

// run runs git and returns what it prints, up to limit bytes. Error: one line without secrets.
func (g *gitRunner) run(ctx context.Context, input []byte, limit int, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, g.binary, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = g.dir, g.env, bytes.NewReader(input)
	isolate(cmd)
	cmd.WaitDelay = 5 * time.Second
	out, problem := &bounded{limit: limit}, &bounded{limit: complaintLimit}
	cmd.Stdout, cmd.Stderr = out, problem
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && errors.As(err, new(*exec.ExitError)):
		return nil, errors.New(g.complaint(problem.String()))
	case err != nil:
		return nil, fmt.Errorf("run git: %w", err)
	case out.over:
		return nil, fmt.Errorf("git answered with more than %d bytes", limit)
	}
	return out.Bytes(), nil
}

// userInfo is the part of an address that may hold a password.
var userInfo = lazyregexp.New(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^/@\s]*@`)

// complaint is the line of git's complaints that says what is wrong.
func (g *gitRunner) complaint(text string) string {
	chosen := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, prefix := range []string{"fatal: ", "ERROR: ", "error: "} {
			if rest, ok := strings.CutPrefix(line, prefix); ok && chosen == "" {
				chosen = rest
			}
		}
	}
	if chosen == "" {
		chosen = firstLine(text)
	}
	chosen = userInfo.ReplaceAllString(chosen, "${1}***@")
	for _, secret := range g.secrets {
		if len(secret) > 3 {
			chosen = strings.ReplaceAll(chosen, secret, "***")
		}
	}
	const longest = 300
	if len(chosen) > longest {
		chosen = strings.ToValidUTF8(chosen[:longest], "") + "…"
	}
	return strings.Map(func(c rune) rune {
		if hasControl(string(c)) {
			return ' '
		}
		return c
	}, chosen)
}

// bounded keeps the beginning of what is written.
type bounded struct {
	bytes.Buffer
	limit int
	over  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	kept := p[:min(len(p), b.limit-b.Len())]
	b.over = b.over || len(kept) < len(p)
	b.Buffer.Write(kept)
	return len(p), nil
}
