package config

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestReadiness(t *testing.T) {
	const head = "apiVersion: pintle/v1\nproject: shop\nreleases: {web: {chart: chart}}\n"
	for _, tt := range []struct{ name, text, want string }{
		{"good", "readiness:\n  example.com/Widget: {ready: \"status.phase == 'Running'\", failed: \"status.phase == 'Broken'\"}\n  Pod: {tolerate: [CrashLoopBackOff]}\n", ""},
		{"kind with a version", "readiness:\n  example.com/v1/Widget: {ready: \"true\"}\n", `pintle.yaml:5:3: readiness: "example.com/v1/Widget" is no kind`},
		{"nothing", "readiness:\n  example.com/Widget: {}\n", "pintle.yaml:5:3: readiness.example.com/Widget: says nothing"},
		{"no CEL", "readiness:\n  example.com/Widget:\n    ready: status.phase ==\n", "pintle.yaml:6:12: readiness.example.com/Widget.ready: the expression does not compile: at character 16 of line 1"},
		{"unknown name", "readiness:\n  example.com/Widget:\n    failed: stats.phase == 'x'\n", "undeclared reference to 'stats'"},
		{"not true or false", "readiness:\n  example.com/Widget: {ready: \"size(status)\"}\n", "it gives int, and must give true or false"},
		{"empty", "readiness:\n  example.com/Widget: {ready: \"\"}\n", "the expression is empty"},
		{"unknown key", "readiness:\n  example.com/Widget: {redy: \"true\"}\n", `unknown key "redy"`},
		{"no mapping", "readiness:\n  example.com/Widget:\n", "must be a mapping"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Load(fstest.MapFS{
				"pintle.yaml":      {Data: []byte(head + tt.text)},
				"chart/Chart.yaml": {Data: []byte("apiVersion: v2\nname: web\nversion: 1.0.0\n")},
			}, "pintle.yaml")
			if tt.want == "" {
				if err != nil || c.Readiness["example.com/Widget"].Failed == "" || c.Readiness["Pod"].Tolerate[0] != "CrashLoopBackOff" {
					t.Errorf("%v %+v", err, c)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
}
