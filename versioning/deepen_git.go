package versioning

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/git"
)

const (
	// fetchTimeout bounds one ReadWhole's fetches together.
	fetchTimeout = 5 * time.Minute
	// listLimit bounds what git ls-remote may answer, in bytes: a tag takes about a hundred.
	listLimit = 64 << 20
	// smallOutput bounds what other commands may answer.
	smallOutput = 1 << 20
)

// networkConfig are the settings of the repository, by the beginning of their names, that a fetch needs: where the
// remote is, and the job's credentials. The rest of a repository's configuration could run programs (hooks) or change
// what is fetched.
var networkConfig = []string{"http.", "https.", "credential.", "url.", "ssh.", "protocol.", "core.sshcommand", "core.gitproxy"}

// remoteConfig are those of the remote.
var remoteConfig = []string{"url", "proxy", "proxyauthmethod", "uploadpack", "vcs"}

// plainProtocols are those that a repository whose settings are not trusted may name: none that runs a program of its
// own.
const plainProtocols = "file:git:http:https:ssh"

// gitRunner runs git over the network: in a folder of its own, with the repository's remote and credentials, without any
// question to anybody.
type gitRunner struct {
	git.Command
	remote  string
	nested  bool     // the repository's settings are not trusted
	secrets []string // values that must not show
}

// newGitRunner asks git for the settings, so that included files count. For a repository of another user git refuses, as
// its settings could run that user's programs: we take its word for it. Of a repository within another only the remote's
// address is taken.
func newGitRunner(ctx context.Context, r *Repository, ci bool) (*gitRunner, error) {
	remote := r.Remote()
	if remote == "" {
		return nil, errors.New("no remote is configured")
	}
	g := &gitRunner{remote: remote, nested: r.Root() != "" && git.Nested(r.Root(), r.Common())}
	g.Command = git.Command{Dir: r.Root(), Environ: git.ReadOnly(git.Environment(os.Environ()))}
	if r.Root() == "" {
		g.Dir, g.Bare = r.Dir(), true
	}
	if _, err := g.run(ctx, nil, smallOutput, "rev-parse", "--git-dir"); err != nil {
		return nil, fmt.Errorf("%w; if you trust its owner, run \"git config --global --add safe.directory %s\"", err, g.Dir)
	}
	listed, err := g.run(ctx, nil, smallOutput, "config", "--local", "--includes", "--null", "--list")
	if err != nil {
		return nil, err
	}
	g.take(string(listed), ci)
	return g, nil
}

// take puts the settings that a fetch needs into the environment of the commands to come.
func (g *gitRunner) take(listed string, ci bool) {
	var settings []string
	count, sshSet := 0, false
	if n, err := strconv.Atoi(os.Getenv("GIT_CONFIG_COUNT")); err == nil && n > 0 {
		count = n
	}
	for record := range strings.SplitSeq(listed, "\x00") {
		key, value, _ := strings.Cut(record, "\n")
		if !g.needs(key) {
			continue
		}
		sshSet = sshSet || key == "core.sshcommand"
		settings = append(settings, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", count, key), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", count, value))
		count++
		if strings.HasSuffix(strings.ToLower(key), "header") {
			g.secrets = append(g.secrets, strings.Fields(value)...)
		}
	}
	env := networkEnv(g.Environ, ci && !g.nested, sshSet)
	if g.nested && git.Lookup(env, "GIT_ALLOW_PROTOCOL") == "" {
		env = append(env, "GIT_ALLOW_PROTOCOL="+plainProtocols)
	}
	g.Environ = slices.Concat(env, settings, []string{"GIT_CONFIG_COUNT=" + strconv.Itoa(count)})
}

func (g *gitRunner) needs(key string) bool {
	if g.nested && git.Unsafe(key) {
		return false
	}
	if setting, ok := strings.CutPrefix(key, "remote."+g.remote+"."); ok {
		return slices.Contains(remoteConfig, setting)
	}
	return slices.ContainsFunc(networkConfig, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

// networkEnv is an environment in which git and ssh never ask. A CI job's own GIT_ASKPASS stays: it answers by itself,
// as the one of Jenkins' credentials binding does.
func networkEnv(environ []string, ci, sshSet bool) []string {
	askpass := git.Lookup(environ, "GIT_ASKPASS")
	env := slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains([]string{"SSH_ASKPASS", "GIT_ASKPASS", "GIT_CONFIG_COUNT"}, name)
	})
	if !ci {
		askpass = ""
	}
	return append(git.Quiet(env, sshSet), "GIT_ASKPASS="+askpass, "SSH_ASKPASS=", "GIT_HTTP_LOW_SPEED_LIMIT=100", "GIT_HTTP_LOW_SPEED_TIME=60")
}

// run runs git and returns what it prints, up to limit bytes. Error: one line without secrets.
func (g *gitRunner) run(ctx context.Context, input []byte, limit int, args ...string) ([]byte, error) {
	command := g.Command
	command.Input, command.Limit = input, limit
	out, err := command.Run(ctx, args...)
	if failed, ok := errors.AsType[*git.Error](err); ok {
		complaint := failed.Complaint
		for _, secret := range g.secrets {
			if len(secret) > 3 {
				complaint = strings.ReplaceAll(complaint, secret, "***")
			}
		}
		return nil, errors.New(complaint)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return out, err
}
