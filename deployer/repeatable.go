package deployer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/yaml"
)

// ErrRandom is a chart that renders otherwise each time.
var ErrRandom = errors.New("it renders otherwise each time, by random values or the time")

// maxTemplates bounds how many templates an error names.
const maxTemplates = 3

// Repeatable reports, by rendering once more, whether the chart of a plan renders the same again, as a plan that is
// saved must. The error names the templates and is ErrRandom.
func (e *Engine) Repeatable(ctx context.Context, p *Prepared) error {
	result, _, err := e.render(ctx, p.request, p.lineage)
	if err != nil {
		return err
	}
	again := newRecord(p.request, p.lineage, result)
	sources := differingTemplates(p.record.Record, again)
	if len(sources) == 0 {
		return nil
	}
	if more := len(sources) - maxTemplates; more > 0 {
		sources = append(sources[:maxTemplates], fmt.Sprintf("and %d more", more))
	}
	return fmt.Errorf("save the plan of release %s: %s: %w; take such values from a values file or an existing Secret "+
		"(lookup), or deploy without a saved plan",
		p.Release, strings.Join(sources, ", "), ErrRandom)
}

// differingTemplates are the templates whose output differs between two records.
func differingTemplates(a, b *release.Record) []string {
	var out []string
	add := func(source string) {
		if !slices.Contains(out, source) {
			out = append(out, source)
		}
	}
	if a.Manifest != b.Manifest {
		before := map[string]bool{}
		for doc := range yaml.Documents(a.Manifest) {
			before[doc.Text] = true
		}
		for doc := range yaml.Documents(b.Manifest) {
			if !before[doc.Text] {
				add(release.SourceOf(doc.Text))
			}
		}
		if len(out) == 0 {
			add("the manifest")
		}
	}
	for i, h := range b.Hooks {
		if i >= len(a.Hooks) || a.Hooks[i].Manifest != h.Manifest {
			add(h.Path)
		}
	}
	return out
}
