package chart

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Parts are what Show can show of a chart.
var Parts = []string{"chart", "values", "readme", "crds", "schema", "all"}

// Show is a part of c as "helm show" prints it: Chart.yaml as Helm understands
// it, values.yaml as it was written, the README, the files of crds/ with those
// of subcharts, or all of these. The schema is not in Helm's all. What the chart
// does not have is empty.
func Show(c *Chart, part string) ([]byte, error) {
	var out bytes.Buffer
	all := part == "all"
	separate := func() {
		if all {
			out.WriteString("---\n")
		}
	}
	if part == "chart" || all {
		text, err := yaml.Marshal(c.Metadata)
		if err != nil {
			return nil, fmt.Errorf("show %s: %w", c.Name(), err)
		}
		fmt.Fprintf(&out, "%s\n", text)
	}
	if (part == "values" || all) && c.Values != nil {
		separate()
		for _, f := range c.Raw {
			if f.Name == "values.yaml" {
				fmt.Fprintf(&out, "%s\n", f.Data)
			}
		}
	}
	if f := c.readme(); f != nil && (part == "readme" || all) {
		separate()
		fmt.Fprintf(&out, "%s\n", f.Data)
	}
	if part == "crds" || all {
		c.showCRDs(&out)
	}
	if part == "schema" {
		out.Write(c.Schema)
	}
	return out.Bytes(), nil
}

// readme is the first file that is called so.
func (c *Chart) readme() *File {
	for _, f := range c.Files {
		if slices.Contains([]string{"readme.md", "readme.txt", "readme"}, strings.ToLower(f.Name)) {
			return f
		}
	}
	return nil
}

func (c *Chart) showCRDs(out *bytes.Buffer) {
	for _, f := range c.Files {
		ext := strings.ToLower(path.Ext(f.Name))
		if !strings.HasPrefix(f.Name, "crds/") || ext != ".yaml" && ext != ".yml" && ext != ".json" {
			continue
		}
		if !bytes.HasPrefix(f.Data, []byte("---")) {
			out.WriteString("---\n")
		}
		fmt.Fprintf(out, "%s\n", f.Data)
	}
	for _, sub := range c.Dependencies {
		sub.showCRDs(out)
	}
}
