package project

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/pipeline"
)

func outFlag() urfave.Flag {
	return &urfave.StringFlag{Name: "out", Usage: "save the plan into `FILE`, for \"pintle deploy --plan\""}
}

func savedPlanFlag() urfave.Flag {
	return &urfave.StringFlag{Name: "plan", Usage: "carry out the plan that \"pintle plan --out\" saved in `FILE`, and nothing else; refuse when the cluster, the repository or the values have moved since"}
}

// loadSaved reads the plan that --plan names, nil without one, and makes the
// flags say what it was made for.
func loadSaved(c *urfave.Context) (*plan.Saved, error) {
	path := c.String("plan")
	if path == "" {
		return nil, nil
	}
	data, err := readBounded(path, plan.MaxSaved+2)
	if err != nil {
		return nil, cli.Usagef("--plan: %v", err)
	}
	s, err := plan.ReadSaved(data)
	if err != nil {
		return nil, cli.Usagef("--plan %s: %v", path, err)
	}
	for _, flag := range []struct{ name, saved string }{
		{"environment", s.Origin.Environment}, {"branch", s.Origin.Branch}, {"tag", s.Origin.Tag},
	} {
		said := c.String(flag.name)
		switch {
		case said == flag.saved:
		case said != "" && (flag.saved != "" || flag.name == "environment"):
			return nil, cli.Usagef("--%s %s: the plan in %s was made for %s; leave the flag out", flag.name, said, path, flag.saved)
		case said == "":
			if err := c.Set(flag.name, flag.saved); err != nil {
				return nil, fmt.Errorf("--plan %s: %w", path, err)
			}
		}
	}
	for _, name := range []string{"adopt", "take-ownership", "on-conflict", "force-conflicts", "allow-crd-changes", "take-over", "allow-downgrade", "with-missing"} {
		if c.IsSet(name) {
			return nil, cli.Usagef("--%s: the plan in %s was made with policies of its own; leave the flag out, or make another plan", name, path)
		}
	}
	if args := c.Args().Slice(); len(args) > 0 && !slices.Equal(args, s.Origin.Services) {
		return nil, cli.Usagef("the plan in %s says which services are deployed; name none", path)
	}
	return s, nil
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// applySavedPlan puts a saved plan into the options of a run.
func applySavedPlan(ctx context.Context, e cli.Env, s *plan.Saved, p *project, o *pipeline.Options) error {
	if s.Origin.Project != p.config.Project {
		return cli.Usagef("--plan: it was made for project %q, and this is %q", s.Origin.Project, p.config.Project)
	}
	here, err := deployer.New(o.Cluster.Client, deployer.Options{}).Cluster(ctx)
	if err != nil {
		return cli.WithCode(exitcode.Failed, err)
	}
	if !here.Same(s.Origin.Cluster) {
		return cli.WithCode(exitcode.Failed, fmt.Errorf("the saved plan was made on the cluster at %s, and %s is another one", s.Origin.Cluster.Server, here.Server))
	}
	if head, err := p.repository.Head(); err == nil && head.Commit.Hash != s.Origin.Commit {
		e.Log.Warnf("the plan was made at commit %.10s, and this is %.10s", s.Origin.Commit, head.Commit.Hash)
	}
	o.Deploy.Saved, o.Services, o.Plan.Policies = s, s.Origin.Services, s.Origin.Policies
	return nil
}

// savePlan writes the plans of a run into the file that --out names.
func savePlan(e cli.Env, c *urfave.Context, o pipeline.Options, plans []*plan.Plan) error {
	path := c.String("out")
	if path == "" || o.Cluster.Client == nil {
		return nil
	}
	cluster, err := deployer.New(o.Cluster.Client, deployer.Options{}).Cluster(c.Context)
	if err != nil {
		return cli.WithCode(exitcode.Failed, err)
	}
	origin := plan.SavedOrigin{
		Pintle: cli.Version(), Project: o.Config.Project, Environment: o.Resolved.Environment, Branch: c.String("branch"), Tag: c.String("tag"),
		Services: o.Services, Cluster: cluster, Policies: o.Plan.Policies,
	}
	if head, err := o.Repository.Head(); err == nil {
		origin.Commit = head.Commit.Hash
	}
	data, err := plan.Save(plans, origin)
	if err == nil {
		err = files.WritePrivate(path, data)
	}
	if err != nil {
		return cli.WithCode(exitcode.Failed, err)
	}
	_, err = fmt.Fprintf(e.StderrText, "the plan is saved; carry it out with: pintle deploy --plan %s\n", path)
	return err
}
