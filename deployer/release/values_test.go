package release_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/deployer/release"
)

func TestRenew(t *testing.T) {
	type m = map[string]any
	current := &release.Record{
		Name: "web", Version: 1, Config: m{"a": "old", "gone": nil, "t": m{"x": 1, "y": 2}},
		Chart: &release.Chart{Metadata: &chart.Metadata{Name: "web"}, Values: m{"d": "old default", "gone": 1}},
	}
	next := &chart.Chart{Metadata: &chart.Metadata{Name: "web"}, Values: m{"d": "new default"}}
	given := m{"t": m{"x": nil, "z": 3}, "new": nil}
	for _, c := range []struct {
		how              release.Reuse
		given            m
		config, defaults m
	}{
		{"", nil, current.Config, next.Values},
		{"", given, given, next.Values},
		{release.ReuseNone, nil, nil, next.Values},
		{release.ReuseGiven, given, m{"a": "old", "gone": nil, "t": m{"y": 2, "z": 3}, "new": nil}, next.Values},
		{release.ReuseAll, given, m{"a": "old", "gone": nil, "t": m{"y": 2, "z": 3}, "new": nil}, m{"a": "old", "d": "old default", "t": m{"x": 1, "y": 2}}},
	} {
		got, config, err := release.Renew(current, next, c.given, c.how)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.config, config); diff != "" {
			t.Errorf("%q config:\n%s", c.how, diff)
		}
		if diff := cmp.Diff(c.defaults, got.Values); diff != "" {
			t.Errorf("%q defaults:\n%s", c.how, diff)
		}
	}
	if got, config, err := release.Renew(nil, next, given, release.ReuseAll); err != nil || got != next || !cmp.Equal(config, given) {
		t.Errorf("without a revision: %v %v %v", got, config, err)
	}
}
