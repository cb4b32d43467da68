package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/pipeline/event"
	"github.com/pintle-ci/pintle/versioning"
)

// failed is the result of a step that err has stopped.
func failed(err error) event.Result {
	return event.Result{Status: event.Failed, Message: oneLine(err.Error())}
}

// oneLine is the first line of a text; the rest belongs into details.
func oneLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

func (j *job) computeVersion(_ context.Context, span event.Span) event.Result {
	versions, err := j.versions()
	if err != nil {
		return failed(err)
	}
	j.version = versions[j.unit.Name]
	for _, line := range j.version.Explain {
		span.Output("", line)
	}
	message := "between releases"
	switch {
	case j.version.Exact:
		message = "tag " + j.version.Tag
	case j.version.Unchanged:
		message = "unchanged since " + j.version.Tag
	}
	return event.Result{Status: event.Passed, Message: message, Version: j.version.Number}
}

// readVersions decides the versions of all services in one walk of the history.
func (r *shared) readVersions(ctx context.Context, units []config.Unit) (map[string]versioning.Version, error) {
	var services []config.Unit
	var queries []versioning.Query
	for _, u := range units {
		if !u.Service {
			continue
		}
		q, err := r.query(u)
		if err != nil {
			return nil, err
		}
		services, queries = append(services, u), append(queries, q)
	}
	facts, err := r.Repository.ReadAll(ctx, queries)
	if err != nil {
		return nil, fmt.Errorf("read the git history: %w", err)
	}
	rules := r.rules()
	versions := make(map[string]versioning.Version, len(services))
	for i, u := range services {
		v, err := versioning.Next(facts[i], rules)
		if err != nil {
			return nil, fmt.Errorf("version of %s: %w", u.Name, err)
		}
		versions[u.Name] = v
	}
	return versions, nil
}

func (r *shared) rules() versioning.Rules {
	v := r.Config.Version
	return versioning.Rules{Initial: v.Initial, Next: v.Next, Trunks: v.Trunk, RequireClean: r.Goal != GoalVersion && r.Goal != GoalPlan}
}

// query asks for the history of one service. With one version for all, every
// service has the whole repository's.
func (r *shared) query(u config.Unit) (versioning.Query, error) {
	q := versioning.Query{Ref: r.Ref, Prefix: u.TagPrefix, Dirty: true}
	chartDir, err := r.Repository.Rel(r.path(u.Chart))
	if err != nil {
		return q, fmt.Errorf("chart of %s: %w", u.Name, err)
	}
	for _, name := range []string{"Chart.yaml", "values.yaml"} {
		q.Ignored = append(q.Ignored, chartDir+"/"+name) // what bump writes
	}
	if !r.perService() {
		return q, nil
	}
	for _, p := range append([]string{u.Path, u.Chart}, u.Watch...) {
		rel, err := r.Repository.Rel(r.path(p))
		if err != nil {
			return q, fmt.Errorf("folder of %s: %w", u.Name, err)
		}
		q.Paths = append(q.Paths, rel)
	}
	return q, nil
}

func (r *shared) perService() bool {
	return strings.Contains(r.Config.Version.Tag, "{service}")
}

// bump writes the version and the image into the chart's files, and loads the
// chart. A run that only asks loads it as it would be.
func (j *job) bump(ctx context.Context, _ event.Span) event.Result {
	dir := j.path(j.unit.Chart)
	changes, err := chart.Bump(os.DirFS(dir), j.bumpOptions())
	if errors.Is(err, chart.ErrNoSuchKey) {
		return failed(fmt.Errorf("%w; name the place with services.%s.image, or write \"image: none\"", err, j.unit.Name))
	}
	if err != nil {
		return failed(err)
	}
	if j.Goal.writesTree() {
		if err := chart.WriteChanges(dir, changes); err != nil {
			return failed(fmt.Errorf("bump %s: %w", j.unit.Name, err))
		}
	}
	if j.chart, err = chart.LoadWith(ctx, dir, changes); err != nil {
		return failed(err)
	}
	if len(changes) == 0 {
		return event.Result{Status: event.Unchanged, Message: "Chart.yaml and values.yaml say so already", Version: j.version.Number}
	}
	var names []string
	for _, c := range changes {
		names = append(names, c.Name)
	}
	return event.Result{Status: event.Passed, Message: "wrote " + strings.Join(names, " and "), Version: j.version.Number}
}

func (j *job) bumpOptions() chart.BumpOptions {
	o := chart.BumpOptions{Version: j.version.Number, AppVersion: j.version.Number}
	if image := j.unit.Image; !image.None {
		o.Image = &chart.BumpImage{
			Repository: image.Repository, Tag: j.version.Number,
			RepositoryPath: splitPath(image.RepositoryPath), TagPath: splitPath(image.TagPath),
		}
	}
	return o
}

func splitPath(dotted string) []string {
	if dotted == "" {
		return nil
	}
	return strings.Split(dotted, ".")
}
