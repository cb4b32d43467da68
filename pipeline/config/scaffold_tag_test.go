package config

import (
	"errors"
	"testing"
	"testing/fstest"
)

// Every name that git takes for a tag may be a layout, and no other: "cart@1.0.0" is one, "@{" of the template is not
// in it.
func TestTagLayouts(t *testing.T) {
	for tag, legal := range map[string]bool{
		"v{version}": true, "{version}": true, "{service}/v{version}": true, "{service}-v{version}": true, "{service}-{version}": true,
		"{service}@{version}": true, "{service}@v{version}": true, "@shop/{service}@{version}": true, "release/{service}/{version}": true,
		"helm-chart-{version}": true, "{service}+{version}": true,
		"v@{{version}": false, "-{version}": false, "a..{version}": false, "a//{version}": false, "/{version}": false,
		".{version}": false, "a/.{version}": false, "a.lock/{version}": false, "a b{version}": false, "a:{version}": false,
		"v{version}x": false, "{version}{version}": false, "v": false, "{name}/{version}": false, "$(x)-{version}": false,
	} {
		_, err := Load(fstest.MapFS{
			FileName:                         {Data: []byte("apiVersion: pintle/v1\nproject: shop\nversion: {tag: \"" + tag + "\"}\n")},
			"services/cart/chart/Chart.yaml": {Data: []byte("apiVersion: v2\nname: cart\nversion: 0.1.0\n")},
		}, FileName)
		if legal != (err == nil) || err != nil && !errors.Is(err, ErrConfig) {
			t.Errorf("%s: legal %t, got %v", tag, legal, err)
		}
	}
}

// init finds the layout that the tags have: those of public repositories (facts/git-ci-canary.md 1.1), newest first as
// git lists them.
func TestInitRecognisesTags(t *testing.T) {
	for _, tt := range []struct {
		want string
		tags []string
	}{
		{"v{version}", nil},
		{"v{version}", []string{"v1.2.0", "v1.1.0"}},
		{"{version}", []string{"1.2.0", "1.2.0-rc.1"}},
		{"{service}/v{version}", []string{"cart/v1.0.0", "web/v1.1.0"}},
		{"{service}-v{version}", []string{"cart-v1.0.0"}},                                   // release-please
		{"{service}-{version}", []string{"cart-1.0.0", "web-2.0.0"}},                        // chart-releaser
		{"{service}@{version}", []string{"cart@1.0.0"}},                                     // lerna, changesets, nx
		{"@shop/{service}@{version}", []string{"@shop/cart@1.0.0", "@shop/web@1.1.0-rc.1"}}, // of scoped packages
		{"{service}@v{version}", []string{"cart@v1.0.0"}},
		{"{service}/{version}", []string{"cart/1.0.0"}},
		{"{service}_v{version}", []string{"cart_v1.0.0"}},
		{"charts/{service}/v{version}", []string{"charts/cart/v1.0.0"}},
		{"helm-chart-{service}-{version}", []string{"helm-chart-cart-1.0.0"}},
		{"{service}-{version}", []string{"cart-web-1.0.0", "web-1.0.0"}}, // the longest name that fits
		{"{service}-{version}", []string{"cart-1.0.1", "v1.0.0", "v0.9.0"}},
		{"{service}-{version}", []string{"cart/v1.0.0", "cart-1.0.2", "web-1.0.1"}}, // what most have
		{"release-{version}", []string{"release-1.2.0", "release-1.1.0"}},
		{"v{version}", []string{"cartoon-1.0.0", "v1.0.0"}},                       // of something else
		{"v{version}", []string{"other-1.0.0", "another/v1.0.0"}},                 // of two other things
		{"v{version}", []string{"cart-1.0", "cart-2.578", "1.2.3.4", "20240101"}}, // no versions
		{"{version}", []string{"1.2.0", "1.1.0", "v0.1.0"}},
	} {
		if got := tagOf(tt.tags, []draftService{{Name: "cart"}, {Name: "web"}, {Name: "cart-web"}}); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.tags, got, tt.want)
		}
	}
}
