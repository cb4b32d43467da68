package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/versioning"
)

// failed is the result of a step that err has stopped.
func failed(err error) event.Result {
	result := event.Result{Status: event.Failed, Message: oneLine(err.Error())}
	var explained interface{ Details() []string } // a chart's errors show the place
	if errors.As(err, &explained) {
		result.Details = strings.Join(explained.Details(), "\n")
	}
	if text := strings.TrimSpace(err.Error()); text != result.Message { // of many lines, as charts' authors write
		result.Details = strings.TrimSpace(text + "\n" + result.Details)
	}
	return result
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
	own := versions[j.unit.Name]
	if own.err != nil {
		return failed(own.err)
	}
	j.version = own.version
	for _, line := range j.version.Explain {
		span.Output("", line)
	}
	if len(own.modified) > 0 {
		span.Warn("modified files go into the build, and its version does not show it: " + strings.Join(own.modified, ", "))
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

// decided is the version of one service, or why it has none.
type decided struct {
	version  versioning.Version
	modified []string // files of the service that are not as HEAD has them, quoted
	err      error
}

// readVersions decides the versions of all services in one walk of the history.
func (r *shared) readVersions(ctx context.Context, units []config.Unit) (map[string]decided, error) {
	r.siblings = r.findSiblings()
	var services []config.Unit
	var queries []versioning.Query
	for _, u := range r.withSiblings(units) {
		if !u.Service {
			continue
		}
		q, err := r.query(u)
		if err != nil {
			return nil, err
		}
		services, queries = append(services, u), append(queries, q)
	}
	rules := r.rules()
	facts, err := r.readHistory(ctx, queries, rules)
	if err != nil {
		return nil, fmt.Errorf("read the git history: %w", err)
	}
	own, err := r.bumped(ctx, facts)
	if err != nil {
		return nil, err
	}
	versions := make(map[string]decided, len(services))
	for i, u := range services {
		facts[i].Dirty = slices.DeleteFunc(facts[i].Dirty, func(file string) bool { return own[file] })
		var d decided
		d.version, d.err = r.decideVersion(u, facts[i], rules)
		for _, file := range facts[i].Dirty {
			d.modified = append(d.modified, strconv.Quote(file))
		}
		versions[u.Name] = d
	}
	return versions, r.checkTags(ctx, versions, facts)
}

// checkTags makes sure that what is released is what the remote has tagged; builds between releases ask nothing.
func (r *shared) checkTags(ctx context.Context, versions map[string]decided, facts []versioning.Facts) error {
	if !r.rules().RequireClean || r.Config.Version.Fetch == config.FetchNever {
		return nil
	}
	names := map[string]bool{}
	release := false
	for _, d := range versions {
		names[d.version.Tag] = d.err == nil && (d.version.Exact || d.version.Unchanged)
		release = release || d.err == nil && d.version.Exact
	}
	var tags []versioning.Tag
	for _, f := range facts {
		at := f.Tags
		if f.Base != nil {
			at = append(slices.Clone(at), *f.Base)
		}
		for _, tag := range at {
			if release && names[tag.Name] {
				tags, names[tag.Name] = append(tags, tag), false
			}
		}
	}
	return r.Repository.CheckTags(ctx, tags, r.Fetch)
}

// Versions decides the versions of the chosen services and does nothing else; of Options it takes Goal, Config, Resolved,
// Ref, Repository and Services. Where one version for all meets no services at all, it comes without a name.
// Errors: those of versioning, with the service's name; of several the first, in the order of the file.
func Versions(ctx context.Context, o Options) ([]ServiceVersion, error) {
	units, err := o.Resolved.Choose(o.Services)
	if err != nil {
		return nil, err
	}
	r := &shared{Options: o}
	if len(units) == 0 && !r.perService() {
		units = []config.Unit{{Service: true, TagPrefix: o.Config.TagPrefixes()[0]}}
	}
	decided, err := r.readVersions(ctx, units)
	if err != nil {
		return nil, err
	}
	var versions []ServiceVersion
	for _, u := range units {
		d := decided[u.Name]
		switch {
		case d.err != nil && r.perService():
			return nil, fmt.Errorf("version of %s: %w", u.Name, d.err)
		case d.err != nil:
			return nil, d.err
		}
		versions = append(versions, ServiceVersion{u.Name, d.version})
	}
	return versions, nil
}

// readHistory fetches what the clone lacks, where pintle.yaml lets it.
func (r *shared) readHistory(ctx context.Context, queries []versioning.Query, rules versioning.Rules) ([]versioning.Facts, error) {
	if r.Config.Version.Fetch == config.FetchNever {
		return r.Repository.ReadAll(ctx, queries)
	}
	return r.Repository.ReadWhole(ctx, queries, rules, r.Fetch)
}

func (r *shared) rules() versioning.Rules {
	v := r.Config.Version
	rules := versioning.Rules{Initial: v.Initial, Next: v.Next, Trunks: v.Trunk, RequireClean: r.Goal != GoalVersion && r.Goal != GoalPlan}
	if label := r.Config.Label(r.Ref.Branch); label != "" {
		rules.Labels = map[string]string{r.Ref.Branch: label}
	}
	return rules
}

// query asks for the history of one service. With one version for all, every
// service has the whole repository's.
func (r *shared) query(u config.Unit) (versioning.Query, error) {
	q := versioning.Query{Ref: r.Ref, Prefix: u.TagPrefix, Dirty: true}
	q.TrackReleases, q.Trunks = r.Config.TracksReleases() && r.Ref.TracksReleases(r.Config.Version.Trunk), r.Config.Version.Trunk
	if !r.perService() {
		return q, nil
	}
	for _, p := range r.folders(u) {
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
