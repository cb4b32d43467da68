package deployer

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer/release"
)

func TestHooksForOrder(t *testing.T) {
	hooks := []*release.Hook{
		{Name: "c", Events: []string{"pre-install"}, Weight: 5}, {Name: "b", Events: []string{"pre-install", "test"}},
		{Name: "a", Events: []string{"pre-install"}}, {Name: "z", Events: []string{"pre-install"}, Weight: -1}, {Name: "x", Events: []string{"post-install"}},
	}
	var got []string
	for _, h := range hooksFor(hooks, "pre-install") {
		got = append(got, h.Name)
	}
	if d := cmp.Diff([]string{"z", "a", "b", "c"}, got); d != "" {
		t.Error(d)
	}
}
