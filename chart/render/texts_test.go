package render_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
)

func textsChart() *chart.Chart {
	return &chart.Chart{
		Metadata: &chart.Metadata{
			Name: "web", Version: "1.0.0", APIVersion: "v2", KubeVersion: ">=99",
			Dependencies: []*chart.Dependency{{Name: "absent", Version: "1.0.0"}},
		},
		Templates: []*chart.File{
			{Name: "templates/_helpers.tpl", Data: []byte(`{{ define "name" }}{{ required "a name is needed" .Values.name }}{{ end }}`)},
			{Name: "templates/a.yaml", Data: []byte(`{{ include "name" . }} {{ .Release.Revision }} {{ .Chart.Version }}: [`)},
			{Name: "templates/broken.yaml", Data: []byte(`{{ nothing }}`)},
		},
	}
}

func selectA(name string) bool { return name == "web/templates/a.yaml" }

func TestTexts(t *testing.T) {
	opts := render.Options{ReleaseName: "RELEASE-NAME"}
	got, err := render.Texts(t.Context(), textsChart(), map[string]any{"name": "n"}, opts, render.Unit{Select: selectA, ChartVersion: "2.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]render.Text{{Name: "web/templates/a.yaml", Text: "n 0 2.0.0: ["}}, got); diff != "" {
		t.Error(diff)
	}
	if _, err = render.Texts(t.Context(), textsChart(), map[string]any{"name": "n"}, opts, render.Unit{}); err == nil {
		t.Error("the broken template takes part, but there is no error")
	}
}

func TestErrorByAuthor(t *testing.T) {
	_, err := render.Texts(t.Context(), textsChart(), nil, render.Options{ReleaseName: "r"}, render.Unit{Select: selectA})
	e, ok := errors.AsType[*render.Error](err)
	if !ok {
		t.Fatalf("%v is no *render.Error", err)
	}
	if message, ok := e.ByAuthor(); !ok || message != "a name is needed" {
		t.Errorf("by author: %q, %t", message, ok)
	}
	const want = `template: web/templates/a.yaml:1:3: executing "web/templates/a.yaml" at <include "name" .>: error calling include: ` +
		`template: web/templates/_helpers.tpl:1:22: executing "name" at <required "a name is needed" .Values.name>: error calling required: a name is needed`
	if e.Trace != want {
		t.Errorf("trace\n%s\nwant\n%s", e.Trace, want)
	}
	if strings.Count(e.Error(), "a name is needed") != 1 {
		t.Error(e.Error())
	}
}
