package deployer

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer/release"
)

func TestRepeatableNamesTemplates(t *testing.T) {
	doc := func(name, text string) string { return "---\n# Source: web/templates/" + name + "\n" + text + "\n" }
	a, b := record(1, ""), record(1, "")
	a.Manifest, b.Manifest = doc("a.yaml", "x: 1")+doc("b.yaml", "y: 1"), doc("a.yaml", "x: 1")+doc("b.yaml", "y: 2")
	b.Hooks = []*release.Hook{{Path: "web/templates/h.yaml", Manifest: "h"}}
	if d := cmp.Diff([]string{"web/templates/b.yaml", "web/templates/h.yaml"}, differingTemplates(a, b)); d != "" {
		t.Error(d)
	}
	if got := differingTemplates(a, a); got != nil {
		t.Error(got)
	}
}
