// Package project is the commands that work with a pintle.yaml: what is built, where it goes, what is deployed there.
// It refuses to hold a rule of its own: it turns flags into a project, and pipeline, versioning and deployer do the
// work.
package project

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/ci"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/versioning"
)

// project is a pintle.yaml with the repository it stands in and what is built.
type project struct {
	config     *config.Config
	repository *versioning.Repository
	ci         ci.CI
	ref        versioning.Ref
	fetch      versioning.Fetch // of what the clone lacks
	tagged     []string         // the version tags at a detached HEAD that nothing names, one a service
}

// at is the project where everything has come down to r.
func (p *project) at(r *config.Resolved) *pipeline.Project {
	return &pipeline.Project{Config: p.config, Resolved: r, Ref: p.ref, Repository: p.repository, Fetch: p.fetch}
}

func projectFlags() []urfave.Flag { return []urfave.Flag{fileFlag(), branchFlag(), tagFlag()} }

func fileFlag() urfave.Flag {
	return &urfave.StringFlag{Name: "file", Usage: "read this `FILE` instead of the pintle.yaml found here or above", EnvVars: []string{"PINTLE_FILE"}}
}

func branchFlag() urfave.Flag {
	return &urfave.StringFlag{Name: "branch", Usage: "build this `BRANCH`, where the CI or a detached HEAD does not say"}
}

func tagFlag() urfave.Flag { return &urfave.StringFlag{Name: "tag", Usage: "build this `TAG`"} }

func environmentFlag() urfave.Flag {
	return &urfave.StringFlag{
		Name: "environment", Aliases: []string{"e"}, EnvVars: []string{"PINTLE_ENVIRONMENT"},
		Usage: "deploy to this environment of pintle.yaml (`NAME`) instead of the one that takes the branch or tag",
	}
}

func clusterFlags() []urfave.Flag {
	return []urfave.Flag{
		&urfave.StringFlag{Name: "kubeconfig", Usage: "kubeconfig `FILE`; $KUBECONFIG, ~/.kube/config and the pod's service account otherwise"},
		&urfave.StringFlag{Name: "kube-context", Usage: "`CONTEXT` of the kubeconfig; the environment's or the current one otherwise"},
	}
}

// loadConfig reads the pintle.yaml that --file names or that is found upwards.
func loadConfig(e cli.Env, c *urfave.Context) (*config.Config, error) {
	load, path := config.LoadFile, c.String("file")
	if path == "" {
		dir, err := os.Getwd()
		if err != nil {
			return nil, fmt.Errorf("find pintle.yaml: %w", err)
		}
		load, path = config.LoadNearest, dir
	}
	cfg, err := load(path)
	if err != nil {
		return nil, cli.WithCode(exitcode.Usage, err)
	}
	for _, w := range cfg.Warnings {
		e.Log.Warn(w)
	}
	return cfg, nil
}

// openProject loads the configuration and finds out what is built: by flag, by the CI's word, else by HEAD. close ends
// it.
func openProject(e cli.Env, c *urfave.Context) (p *project, close func(), err error) {
	cfg, err := loadConfig(e, c)
	if err != nil {
		return nil, nil, err
	}
	return openConfig(e, c, cfg)
}

// openConfig opens the repository around a configuration.
func openConfig(e cli.Env, c *urfave.Context, cfg *config.Config) (p *project, close func(), err error) {
	repo, err := versioning.Open(cfg.Dir)
	if err != nil {
		return nil, nil, cli.WithCode(exitcode.Usage, err)
	}
	closeProject := func() {
		if err := repo.Close(); err != nil {
			e.Log.Debugf("close the repository: %v", err)
		}
	}
	p = &project{config: cfg, repository: repo, ci: ci.Detect(e.Getenv)}
	p.readEvent(e)
	p.fetch = versioning.Fetch{
		CI:  p.ci.Name != ci.None,
		Log: func(line string) { e.Log.Info("git: " + line) }, Warn: func(line string) { e.Log.Warn(line) },
	}
	if err := p.resolveRef(c); err != nil {
		closeProject()
		return nil, nil, cli.WithCode(exitcode.Usage, err)
	}
	return p, closeProject, nil
}

// maxEvent bounds the payload of an event: GitHub's own bound is 25 MB.
const maxEvent = 32 << 20

// readEvent reads what the CI system says of the event, where the ref says nothing about it. A file that cannot be read
// says nothing more.
func (p *project) readEvent(e cli.Env) {
	if p.ci.EventFile == "" {
		return
	}
	data, err := readBounded(p.ci.EventFile, maxEvent)
	if err != nil {
		e.Log.Debugf("read the event: %v", err)
		return
	}
	if head, err := p.repository.Head(); err == nil {
		p.ci = p.ci.WithEvent(data, head.Commit.Hash)
	}
}

func (p *project) resolveRef(c *urfave.Context) error {
	head, err := p.repository.Head()
	if err != nil {
		return err
	}
	flags := versioning.Ref{Branch: c.String("branch"), Tag: c.String("tag"), Origin: "flag"}
	if len(p.ci.Refused) > 0 && cmp.Or(flags.Branch, flags.Tag) == "" {
		return fmt.Errorf("%s of %s holds no ref name that is safe to use; pass --branch NAME or --tag NAME", strings.Join(p.ci.Refused, ", "), p.ci.Name)
	}
	told := versioning.Ref{
		Branch: p.ci.Branch, Tag: p.ci.Tag, ChangeID: p.ci.ChangeID,
		ChangeBranch: p.ci.ChangeBranch, ChangeTarget: p.ci.ChangeTarget,
		HeadSHA: p.ci.HeadSHA, Origin: string(p.ci.Name),
	}
	p.ref, err = versioning.ResolveRef(flags, told, head.Branch)
	return err
}

// builtRef is what the environments choose by: on a detached HEAD with a version tag, that tag, which is then what is
// built. A change request goes by its own name, as in Jenkins, and never by its branch's: whoever names a branch
// "develop" in a fork must not get into the environment of develop.
func (p *project) builtRef(ctx context.Context) (config.Ref, error) {
	ref := config.Ref{Branch: p.ref.Branch, Tag: p.ref.Tag}
	if p.ref.ChangeID != "" {
		ref.Branch = cmp.Or(ref.Branch, "PR-"+p.ref.ChangeID)
	}
	if p.ref.ChangeID != "" || p.ref.Class(nil) != versioning.ClassUnknown {
		return ref, nil
	}
	var queries []versioning.Query
	for _, prefix := range p.config.TagPrefixes() {
		queries = append(queries, versioning.Query{Ref: p.ref, Prefix: prefix})
	}
	facts, err := p.headTags(ctx, queries)
	if err != nil {
		return ref, err
	}
	for _, f := range facts {
		if len(f.Tags) > 0 {
			p.tagged = append(p.tagged, f.Tags[0].Name)
		}
	}
	if len(p.tagged) > 0 {
		ref.Tag = p.tagged[0]
		p.ref = versioning.Ref{Tag: ref.Tag, Origin: "detached HEAD"}
	}
	return ref, nil
}

// oneTag reports that a tag is to be built and nothing says which: each deploys what carries it and nothing else.
func (p *project) oneTag() error {
	if len(p.tagged) < 2 {
		return nil
	}
	return cli.Usagef("HEAD is detached and has the tags %s: pass --tag NAME to say which is built", plan.Listed(p.tagged))
}

// headTags reads what is at HEAD, with the tags that the checkout left out. Where those cannot be fetched, whoever
// needs a version says so; what does not need one gets along.
func (p *project) headTags(ctx context.Context, queries []versioning.Query) ([]versioning.Facts, error) {
	if p.config.Version.Fetch != config.FetchNever {
		rules := versioning.Rules{Initial: p.config.Version.Initial, Trunks: p.config.Version.Trunk}
		facts, err := p.repository.ReadWhole(ctx, queries, rules, p.fetch)
		if _, failed := errors.AsType[*versioning.FetchError](err); !failed {
			return facts, err
		}
	}
	return p.repository.ReadAll(ctx, queries)
}

// resolve finds the environment and what everything comes down to in it. When deploying is not asked for, or nothing
// takes the ref and the goal is a whole run, the environment stays empty and nothing is deployed.
func (p *project) resolve(ctx context.Context, c *urfave.Context, goal pipeline.Goal) (*config.Resolved, error) {
	ref, err := p.builtRef(ctx)
	if err != nil {
		return nil, err
	}
	if p.config.Empty() {
		return nil, config.ErrEmpty
	}
	name, err := p.config.EnvironmentFor(c.String("environment"), ref)
	if err == nil {
		err = p.foreign(c, ref)
	}
	var none *config.NoEnvironmentError
	if errors.As(err, &none) && none.Name == "" && !goal.MustDeploy() {
		if none.Why != "" {
			p.fetch.Warn(none.Error())
		}
		return p.config.ResolveBuild(ref)
	}
	if err != nil {
		return nil, err
	}
	return p.config.Resolve(name, ref)
}

// foreign refuses to choose an environment by a ref that says nothing about HEAD: where the CI system says that it
// builds another commit, HEAD is of a fork or of another repository. A commit that the job has made on top of its own
// is its own. Whoever names the environment, the branch or the tag has said it.
func (p *project) foreign(c *urfave.Context, ref config.Ref) error {
	if p.ci.Commit == "" || cmp.Or(c.String("environment"), c.String("branch"), c.String("tag")) != "" {
		return nil
	}
	head, err := p.repository.Head()
	if err != nil {
		return err
	}
	if head.Commit.Hash == p.ci.Commit || !p.ci.Outside && slices.Contains(head.Parents, p.ci.Commit) {
		return nil
	}
	return &config.NoEnvironmentError{Ref: ref, Why: fmt.Sprintf("%s builds commit %.8s and HEAD is %.8s: nothing says that it is of %s",
		p.ci.Name, p.ci.Commit, head.Commit.Hash, ref)}
}

// reportDir is the folder of the reports: a flag is relative to where the command runs and may name any, the file's
// setting is relative to the file and stays in the repository.
func reportDir(c *urfave.Context, cfg *config.Config, r *config.Resolved) (string, error) {
	if dir := c.String("report-dir"); dir != "" {
		return dir, nil
	}
	dir := filepath.Join(cfg.Dir, filepath.FromSlash(r.ReportDir))
	if err := cfg.Tree().Check(dir); err != nil {
		return "", cli.WithCode(exitcode.Usage, fmt.Errorf("reports cannot be written: %w; or name another folder with --report-dir", err))
	}
	return dir, nil
}
