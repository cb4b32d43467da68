package unittest

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
)

// hint says what to do about a render that failed because the suite does not
// select a template which another one includes.
func (j *job) hint(err error) string {
	failed, ok := errors.AsType[*render.Error](err)
	if !ok || failed.Missing == "" {
		return ""
	}
	defines := fmt.Sprintf("define %q", failed.Missing)
	for _, t := range j.plan.templates {
		if (t.name == failed.Missing || strings.Contains(t.text, defines)) && !j.selects(t.name) {
			return fmt.Sprintf("%s is in the chart, but the suite does not select it: %s", t.name, j.selecting(t.name))
		}
	}
	return ""
}

// unselected says why a template that an assertion is about was not rendered;
// empty if that cannot be said.
func (j *job) unselected(name string) string {
	var names []string
	for _, t := range j.plan.templates {
		if t.name == name {
			if j.selects(name) {
				return ""
			}
			return "the suite does not select this template: " + j.selecting(name)
		}
		names = append(names, t.name)
	}
	if strings.HasPrefix(name, path.Join(j.suite.Route, "crds")+"/") {
		return ""
	}
	return "the chart has no template " + name + suggest(name, names)
}

// selects reports whether a template takes part in the renders of the suite.
func (j *job) selects(name string) bool {
	return strings.HasPrefix(path.Base(name), "_") || j.selected(name)
}

// selecting is how to make the suite select a template.
func (j *job) selecting(name string) string {
	if matchesAny(j.suite.patterns(j.suite.ExcludeTemplates), name) {
		return "its excludeTemplates name it"
	}
	return "add " + strings.TrimPrefix(name, j.suite.Route+"/") + " to its templates"
}

// templateText is a template of a chart or a subchart.
type templateText struct {
	name string // <chart>/templates/x, <chart>/charts/<sub>/templates/x
	text string
}

// templatesBelow lists the templates of a chart and its subcharts.
func templatesBelow(c *chart.Chart, place string) []templateText {
	var out []templateText
	for _, t := range c.Templates {
		out = append(out, templateText{path.Join(place, t.Name), string(t.Data)})
	}
	for _, d := range c.Dependencies {
		out = append(out, templatesBelow(d, path.Join(place, "charts", d.Name()))...)
	}
	return out
}
