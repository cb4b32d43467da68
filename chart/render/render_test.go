package render_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/chart/render"
	"github.com/pintle-ci/pintle/internal/charttest"
)

// load makes a chart of files; Chart.yaml may be left out.
func load(t testing.TB, files map[string]string) *chart.Chart {
	t.Helper()
	all := map[string]string{"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n"}
	maps.Copy(all, files)
	c, err := chart.Load(t.Context(), charttest.Tree(t, all))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var options = render.Options{ReleaseName: "rel", Namespace: "ns"}

// TestHostile renders what would run for hours or fill the memory.
func TestHostile(t *testing.T) {
	for name, text := range map[string]string{
		"loop over numbers":          `{{ range 1000000000000 }}{{ end }}`,
		"loop that continues":        `{{ range 1000000000000 }}{{ continue }}x{{ end }}`,
		"loop over until":            `{{ range until 1000000000000 }}{{ end }}`,
		"untilStep":                  `{{ range untilStep 0 1000000000000 1 }}{{ end }}`,
		"seq":                        `{{ seq 1000000000000 }}`,
		"nested loops":               `{{ range 100000 }}{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}{{ end }}`,
		"two gigabytes of output":    `{{ range 1000000000 }}0123456789012345678901234567890123456789{{ end }}`,
		"repeat":                     `{{ repeat 1000000000000 "x" }}`,
		"indent":                     `{{ indent 1000000000000 "x" }}`,
		"random":                     `{{ randAlphaNum 1000000000000 }}`,
		"doubling by printf":         `{{ $s := "0123456789" }}{{ range 64 }}{{ $s = printf "%s%s" $s $s }}{{ end }}`,
		"many verbs":                 `{{ $s := repeat 8000000 "x" }}{{ printf (repeat 100000 "%[1]s") $s }}`,
		"doubling by replace":        `{{ $s := "xx" }}{{ range 64 }}{{ $s = replace "x" $s $s }}{{ end }}`,
		"doubling by regex":          `{{ $s := "xx" }}{{ range 64 }}{{ $s = regexReplaceAll "x" $s $s }}{{ end }}`,
		"growing by b64enc":          `{{ $s := "xx" }}{{ range 200 }}{{ $s = b64enc $s }}{{ end }}`,
		"doubling by concat":         `{{ $l := list 1 }}{{ range 64 }}{{ $l = concat $l $l }}{{ end }}`,
		"doubling by cat":            `{{ $s := "xx" }}{{ range 64 }}{{ $s = cat $s $s }}{{ end }}`,
		"value of values":            `{{ $d := dict "a" 1 }}{{ range 64 }}{{ $d = dict "a" $d "b" $d }}{{ end }}{{ toYaml $d }}`,
		"value of values as JSON":    `{{ $d := dict "a" 1 }}{{ range 64 }}{{ $d = dict "a" $d "b" $d }}{{ end }}{{ toJson $d }}`,
		"value that holds itself":    `{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ print $d }}`,
		"include without end":        `{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}`,
		"includes in a circle":       `{{ define "a" }}{{ include "b" . }}{{ end }}{{ define "b" }}{{ include "a" . }}{{ end }}{{ include "a" . }}`,
		"tpl without end":            `{{ define "a" }}{{ tpl "{{ include \"a\" . }}" . }}{{ end }}{{ include "a" . }}`,
		"tpl of itself":              `{{ $t := "{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t) }}`,
		"template without end":       `{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}`,
		"templates in a circle":      `{{ define "a" }}{{ if true }}{{ template "b" . }}{{ end }}{{ end }}{{ define "b" }}{{ with . }}{{ template "a" . }}{{ end }}{{ end }}{{ template "a" . }}`,
		"template and include":       `{{ define "a" }}{{ if lt (len .) 900 }}{{ template "a" (append . 1) }}{{ else }}{{ include "a" list }}{{ end }}{{ end }}{{ template "a" list }}`,
		"a tree of templates":        `{{ define "a" }}{{ if . }}{{ template "a" (rest .) }}{{ template "a" (rest .) }}{{ end }}{{ end }}{{ template "a" (until 64) }}`,
		"a tree of includes":         `{{ define "a" }}{{ if . }}{{ $x := include "a" (rest .) }}{{ $x = include "a" (rest .) }}{{ end }}{{ end }}{{ include "a" (until 64) }}`,
		"output doubled by includes": `{{ define "a" }}{{ if . }}{{ include "a" (rest .) }}{{ include "a" (rest .) }}{{ else }}0123456789{{ end }}{{ end }}{{ include "a" (until 64) }}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := render.Render(t.Context(), load(t, map[string]string{"templates/a.yaml": text}), nil, options)
			if err == nil || (!errors.Is(err, render.ErrLimit) && !strings.Contains(err.Error(), "without end")) {
				t.Errorf("error = %.300v, want a bound", err)
			}
		})
	}
}

func TestHostileSchema(t *testing.T) {
	for ref, want := range map[string]string{
		"file:///etc/passwd":         "cannot refer to the file etc/passwd",
		"../../../etc/passwd":        "cannot refer to the file etc/passwd",
		"schemas/a.json":             "cannot refer to the file schemas/a.json",
		"http://localhost:1/x.json":  "nothing is fetched for a schema",
		"https://example.com/x.json": "nothing is fetched for a schema",
		"#/definitions/none":         "values.schema.json",
		"ftp://example.com/x":        "nothing is fetched for a schema",
	} {
		c := load(t, map[string]string{"values.schema.json": `{"properties": {"a": {"$ref": "` + ref + `"}}}`, "templates/a.yaml": "kind: A\n"})
		_, err := render.Render(t.Context(), c, map[string]any{"a": 1}, options)
		if _, ok := errors.AsType[*render.SchemaError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("$ref %s: error %v, want a *SchemaError with %q", ref, err, want)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	opts := options
	opts.Lookup = func(context.Context, string, string, string, string) (map[string]any, error) {
		cancel(stop)
		return nil, nil
	}
	c := load(t, map[string]string{"templates/a.yaml": `{{ $_ := lookup "v1" "Pod" "" "x" }}{{ range 1000000000000 }}{{ end }}`})
	if _, err := render.Render(ctx, c, nil, opts); !errors.Is(err, stop) {
		t.Errorf("error = %v, want the cause of the cancellation", err)
	}
}

// TestConcurrent renders one chart, whose templates change values, many times at once: every result must be that of the
// first.
func TestConcurrent(t *testing.T) {
	c := load(t, map[string]string{
		"Chart.yaml": `apiVersion: v2
name: c
version: 1.0.0
dependencies:
- {name: sub, version: 1.0.0, import-values: [data]}
- {name: sub, version: 1.0.0, alias: twin, condition: twin.enabled}
`,
		"values.yaml":            "list: []\nnested: {a: {b: 1}}\nsub: {x: 1}\ntwin: {enabled: true, part: {z: null}}\nglobal: {g: {h: 1}}\n",
		"values.schema.json":     `{"properties": {"nested": {"type": "object", "required": ["a"]}}}`,
		"charts/sub/Chart.yaml":  "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
		"charts/sub/values.yaml": "part: {z: 1}\nexports: {data: {imported: {deep: 1}}}\n",
		"charts/sub/templates/s": "kind: S\nv: {{ toJson .Values }}\n{{ $_ := set .Values.part \"seen\" true }}{{ $_ := set .Values.global.g \"seen\" .Chart.Name }}",
		"templates/_h.tpl":       `{{ define "h" }}{{ $_ := set .Values.nested.a "c" 2 }}{{ toJson .Values }}{{ end }}`,
		"templates/a.yaml":       "kind: A\nv: {{ include \"h\" . }}\nt: {{ tpl \"{{ .Values.nested.a.b }}\" . }}\n",
		"templates/b.yaml":       "kind: B\n{{ $_ := set .Values \"list\" (append .Values.list 1) }}l: {{ toJson .Values.list }}\n",
	})
	user := map[string]any{"nested": map[string]any{"u": map[string]any{"v": 1.0}}}
	first, err := render.Render(t.Context(), c, user, options)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			again, err := render.Render(t.Context(), c, user, options)
			if err != nil {
				t.Error(err)
				return
			}
			if diff := cmp.Diff(first.Manifest(), again.Manifest()); diff != "" {
				t.Errorf("differs:\n%s", diff)
			}
		})
	}
	group.Wait()
	if diff := cmp.Diff(map[string]any{"nested": map[string]any{"u": map[string]any{"v": 1.0}}}, user); diff != "" {
		t.Errorf("the user's values were changed:\n%s", diff)
	}
}

func TestResult(t *testing.T) {
	c := load(t, map[string]string{
		"templates/NOTES.txt":          "Thank you, {{ .Release.Name }}",
		"templates/a.yaml":             "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: other\n",
		"templates/hook.yaml":          "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: h\n  annotations:\n    helm.sh/hook: pre-install,POST-upgrade\n    helm.sh/hook-weight: \"-5\"\n    helm.sh/hook-delete-policy: hook-succeeded, Before-Hook-Creation\n    helm.sh/hook-output-log-policy: hook-failed\n",
		"templates/gone.yaml":          "kind: Job\nmetadata: {name: g, annotations: {helm.sh/hook: crd-install}}\n",
		"crds/c.yaml":                  "kind: CustomResourceDefinition\n",
		"charts/s/Chart.yaml":          "apiVersion: v2\nname: s\nversion: 1.0.0\n",
		"charts/s/crds/c.yaml":         "kind: CustomResourceDefinition\n",
		"charts/s/templates/NOTES.txt": "from s",
	})
	opts := options
	opts.SubchartNotes = true
	if _, err := render.Render(t.Context(), c, map[string]any{"s": "text"}, opts); err == nil {
		t.Fatal("a subchart's section that is text was taken")
	}
	r, err := render.Render(t.Context(), c, nil, opts)
	if err != nil {
		t.Fatal(err)
	}
	wantManifests := []render.Manifest{{
		Source: "web/templates/a.yaml", APIVersion: "v1", Kind: "ConfigMap", Name: "a", Namespace: "other",
		Content: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: other\n",
	}}
	if diff := cmp.Diff(wantManifests, r.Manifests); diff != "" {
		t.Errorf("manifests (-want +got):\n%s", diff)
	}
	if len(r.Hooks) != 1 {
		t.Fatalf("hooks = %v, want one", r.Hooks)
	}
	h := r.Hooks[0]
	h.Manifest = render.Manifest{}
	wantHook := render.Hook{
		Events: []string{"pre-install", "post-upgrade"}, Weight: -5,
		DeletePolicies: []string{"hook-succeeded", "before-hook-creation"}, OutputLogPolicies: []string{"hook-failed"},
	}
	if diff := cmp.Diff(wantHook, h); diff != "" {
		t.Errorf("hook (-want +got):\n%s", diff)
	}
	if want := "from s\nThank you, rel"; r.Notes != want {
		t.Errorf("notes = %q, want %q", r.Notes, want)
	}
	var sources []string
	for _, crd := range r.CRDs {
		sources = append(sources, crd.Source)
	}
	if diff := cmp.Diff([]string{"web/crds/c.yaml", "web/charts/s/crds/c.yaml"}, sources); diff != "" {
		t.Errorf("CRDs (-want +got):\n%s", diff)
	}
	if len(r.Findings) != 1 || r.Findings[0].ID != "manifest/unknown-hook" {
		t.Errorf("findings = %v, want one about the unknown hook", r.Findings)
	}
}

func TestLint(t *testing.T) {
	c := load(t, map[string]string{
		"templates/a.yaml": "kind: A\nx: {{ required \"x is needed\" .Values.x }}\n{{ fail \"no\" }}",
	})
	opts := options
	opts.Lint = true
	r, err := render.Render(t.Context(), c, nil, opts)
	if err != nil {
		t.Fatal(err)
	}
	want := []render.Finding{
		{ID: "template/required", Message: "required value is missing: x is needed"},
		{ID: "template/fail", Message: "the chart refuses these values: no"},
	}
	if diff := cmp.Diff(want, r.Findings); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestOptions(t *testing.T) {
	c := load(t, map[string]string{
		"templates/a.yaml": "kind: A\nv: {{ .Capabilities.KubeVersion }} {{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.KubeVersion.Minor }} {{ .Capabilities.APIVersions.Has \"apps/v1\" }} {{ .Capabilities.APIVersions.Has \"x/v1/Y\" }}\nr: {{ .Release.Revision }} {{ .Release.IsUpgrade }} {{ .Release.IsInstall }}\nl: {{ (lookup \"v1\" \"Pod\" \"n\" \"p\").found }}\n",
	})
	opts := options
	opts.Discovered, opts.KubeVersion, opts.KubeMinor, opts.APIVersions = true, "v1.33.4-gke.1", "33+", []string{"x/v1/Y"}
	opts.Revision, opts.IsUpgrade = 7, true
	opts.Lookup = func(_ context.Context, apiVersion, kind, namespace, name string) (map[string]any, error) {
		return map[string]any{"found": strings.Join([]string{apiVersion, kind, namespace, name}, "/")}, nil
	}
	r, err := render.Render(t.Context(), c, nil, opts)
	if err != nil {
		t.Fatal(err)
	}
	want := "kind: A\nv: v1.33.4-gke.1 v1.33.4-gke.1 33+ false true\nr: 7 true false\nl: v1/Pod/n/p\n"
	if diff := cmp.Diff(want, r.Manifests[0].Content); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, bad := range map[string]render.Options{
		"release name":      {ReleaseName: "Bad_Name"},
		"long release name": {ReleaseName: strings.Repeat("a", 54)},
		"kube version":      {ReleaseName: "rel", KubeVersion: "one"},
	} {
		if _, err := render.Render(t.Context(), c, nil, bad); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	opts.Lookup = func(context.Context, string, string, string, string) (map[string]any, error) {
		return nil, fmt.Errorf("no permission: %w", os.ErrPermission)
	}
	if _, err := render.Render(t.Context(), c, nil, opts); !errors.Is(err, os.ErrPermission) {
		t.Errorf("error = %v, want the lookup's", err)
	}
}
