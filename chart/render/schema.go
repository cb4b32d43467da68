package render

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/jsonschema"
)

// validate checks values against the schema of the chart, and each subchart's section against the subchart's
// (facts/helm-format.md 4.15).
func (r *Result) validate(ctx context.Context, opts Options, c *chart.Chart, values map[string]any) error {
	var problems []SchemaProblem
	r.validateChart(ctx, opts, []*chart.Chart{c}, values, &problems)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if len(problems) > 0 {
		return &SchemaError{problems}
	}
	return nil
}

// validateChart validates the last of charts, which lead from the root to it.
func (r *Result) validateChart(
	ctx context.Context, opts Options, charts []*chart.Chart, values map[string]any, problems *[]SchemaProblem,
) {
	c := charts[len(charts)-1]
	if c.Schema != nil {
		v := &explainer{opts: opts, result: r, charts: charts}
		found, err := r.validateSchema(ctx, c, values)
		if err != nil || len(found) > 0 {
			*problems = append(*problems, v.schemaProblem(found, err))
		}
	}
	for _, sub := range c.Dependencies {
		section, ok := values[sub.Name()].(map[string]any)
		if ok {
			r.validateChart(ctx, opts, append(slices.Clip(charts), sub), section, problems)
		}
	}
}

// schemaURL is where a chart's files stand for its schema.
const schemaURL = "file:///values.schema.json"

func (r *Result) validateSchema(
	ctx context.Context, c *chart.Chart, values map[string]any,
) ([]jsonschema.Violation, error) {
	opts := jsonschema.Options{URL: schemaURL, Load: r.loadSchema, CheckPattern: checkRegex}
	compiled, err := r.shared.compile(ctx, c.Schema, opts)
	if err != nil {
		return nil, fmt.Errorf("values.schema.json: %w", err)
	}
	found, err := compiled.Validate(ctx, values)
	if err != nil {
		return nil, fmt.Errorf("values.schema.json: %w", err)
	}
	return found, nil
}

// loadSchema resolves references from one schema to others: none but urn. It reads neither the disk nor the network,
// and no file of the chart either: Helm looks for those at the root of the disk.
func (r *Result) loadSchema(address string) (any, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	switch u.Scheme {
	case "urn": // Helm lets everything pass that it cannot resolve
		r.Findings = append(r.Findings, Finding{
			"schema/urn", "the schema reference " + address + " is not resolved and allows everything",
		})
		return true, nil
	case "file":
		return nil, fmt.Errorf("a schema cannot refer to the file %s: put it under $defs of values.schema.json",
			strings.TrimPrefix(u.Path, "/"))
	}
	return nil, errors.New("nothing is fetched for a schema: " +
		"put it under $defs of values.schema.json, or pass --skip-schema-validation")
}
