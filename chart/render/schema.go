package render

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pintle-ci/pintle/chart"
)

// validate checks values against the schema of the chart, and each subchart's
// section against the subchart's (facts/helm-format.md 4.15).
func (r *Result) validate(opts Options, c *chart.Chart, values map[string]any) error {
	var problems []SchemaProblem
	r.validateChart(opts, []*chart.Chart{c}, values, &problems)
	if len(problems) > 0 {
		return &SchemaError{problems}
	}
	return nil
}

// validateChart validates the last of charts, which lead from the root to it.
func (r *Result) validateChart(opts Options, charts []*chart.Chart, values map[string]any, problems *[]SchemaProblem) {
	c := charts[len(charts)-1]
	if c.Schema != nil {
		if err := r.validateSchema(c, values); err != nil {
			v := &viewer{opts: opts, result: r, charts: charts}
			*problems = append(*problems, v.schemaProblem(err))
		}
	}
	for _, sub := range c.Dependencies {
		section, ok := values[sub.Name()].(map[string]any)
		if ok {
			r.validateChart(opts, append(slices.Clip(charts), sub), section, problems)
		}
	}
}

// schemaURL is where a chart's files stand for the schema compiler.
const schemaURL = "file:///values.schema.json"

func (r *Result) validateSchema(c *chart.Chart, values map[string]any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the schema cannot be used: %v", p)
		}
	}()
	if err := checkSchemaText(c.Schema); err != nil {
		return fmt.Errorf("values.schema.json: %w", err)
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(c.Schema))
	if err != nil {
		return fmt.Errorf("values.schema.json is no JSON: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseRegexpEngine(newSchemaRegexp)
	compiler.UseLoader(&schemaLoader{r})
	if err := compiler.AddResource(schemaURL, schema); err != nil {
		return fmt.Errorf("values.schema.json: %w", err)
	}
	compiled, err := compiler.Compile(schemaURL)
	if err != nil {
		return fmt.Errorf("values.schema.json: %w", err)
	}
	if err := checkSchemaCost(compiled, values); err != nil {
		return fmt.Errorf("values.schema.json: %w", err)
	}
	return compiled.Validate(values)
}

// schemaLoader resolves references from one schema to others: none but urn. It
// reads neither the disk nor the network, and no file of the chart either: Helm
// looks for those at the root of the disk.
type schemaLoader struct{ result *Result }

// Load returns the schema at an absolute URL.
func (l *schemaLoader) Load(address string) (any, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	switch u.Scheme {
	case "urn": // Helm lets everything pass that it cannot resolve
		l.result.Findings = append(l.result.Findings, Finding{"schema/urn", "the schema reference " + address + " is not resolved and allows everything"})
		return true, nil
	case "file":
		return nil, fmt.Errorf("a schema cannot refer to the file %s: put it under $defs of values.schema.json", strings.TrimPrefix(u.Path, "/"))
	}
	return nil, errors.New("a schema must not refer to the network: put it into the chart, or skip schema validation")
}
