package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
)

// crowd is a chart with many templates, all of the same text, and a last one.
func crowd(text, last string) *chart.Chart {
	c := &chart.Chart{
		Metadata: &chart.Metadata{APIVersion: "v2", Name: "crowd", Version: "1.0.0"},
		Values:   map[string]any{"seen": map[string]any{}, "text": `{{ set .Values.seen "tpl" "yes" | len }}`},
	}
	for i := range 200 {
		c.Templates = append(c.Templates, &chart.File{Name: fmt.Sprintf("templates/%03d.yaml", i), Data: []byte(text)})
	}
	c.Templates = append(c.Templates, &chart.File{Name: "templates/zz.yaml", Data: []byte(last)})
	return c
}

const crowded = "kind: A\nmetadata: {name: {{ .Template.Name | base | trimSuffix \".yaml\" | quote }}, " +
	"labels: {parts: \"{{ len .Values.seen }}{{ .Values.seen.tpl }}\"}}\n"

// TestOrderDoesNotShow holds what several goroutines render against what one does: a template that calls set, here to
// no effect, keeps the order.
func TestOrderDoesNotShow(t *testing.T) {
	manifests := func(last string) []render.Manifest {
		r, err := render.Render(t.Context(), crowd(crowded, last), nil, render.Options{ReleaseName: "rel", Namespace: "ns"})
		if err != nil {
			t.Fatal(err)
		}
		return r.Manifests
	}
	parallel, inOrder := manifests(""), manifests(`{{ $_ := set dict "a" 1 }}`)
	if len(parallel) != 200 {
		t.Fatalf("%d manifests, want 200", len(parallel))
	}
	if diff := cmp.Diff(inOrder, parallel); diff != "" {
		t.Error(diff)
	}
}

// TestOrderOfTPL: that a text given to tpl changes values is found out while others are being executed. In Helm's
// order, backwards by name, all but the first template see the change.
func TestOrderOfTPL(t *testing.T) {
	r, err := render.Render(t.Context(), crowd(crowded, `# {{ tpl .Values.text . }}`), nil, render.Options{ReleaseName: "rel", Namespace: "ns"})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range r.Manifests {
		if m.Kind != "" && !strings.Contains(m.Content, `parts: "1yes"`) {
			t.Errorf("%s does not see the change:\n%s", m.Source, m.Content)
		}
	}
}

// TestFirstFailure: whichever template fails first, the error is that of the first in order.
func TestFirstFailure(t *testing.T) {
	_, err := render.Render(t.Context(), crowd(`{{ if lt (.Template.Name | base | trimSuffix ".yaml" | atoi) 150 }}{{ fail .Template.Name }}{{ end }}`, ""),
		nil, render.Options{ReleaseName: "rel", Namespace: "ns"})
	if err == nil || !strings.Contains(err.Error(), "templates/149.yaml") {
		t.Errorf("got %v, want the failure of templates/149.yaml", err)
	}
}
