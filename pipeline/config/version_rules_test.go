package config

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestLabel(t *testing.T) {
	c := loaded(t, `version: {labels: {"release/*": beta, "r*/*": never, develop: alpha, "dev*": never}}`)
	for branch, want := range map[string]string{"develop": "alpha", "release/1.5": "beta", "develop2": "never", "main": "", "release": "", "": ""} {
		if got := c.Label(branch); got != want {
			t.Errorf("%q: got %q, want %q", branch, got, want)
		}
	}
	for _, label := range []string{"'01'", "a.b", "a_b", "-a", "''", "sixteen-letters-", "阿尔法"} {
		text := "apiVersion: pintle/v1\nproject: shop\nversion: {labels: {develop: " + label + "}}\n"
		_, err := Load(fstest.MapFS{FileName: {Data: []byte(text)}}, FileName)
		if err == nil || !strings.Contains(err.Error(), "is no prerelease label") {
			t.Errorf("%s: got error %v", label, err)
		}
	}
}

// A file without services has a version; one with a version a service has none to give.
func TestEmpty(t *testing.T) {
	if c := loaded(t, ""); !c.Empty() || !c.TracksReleases() || len(c.TagPrefixes()) != 1 {
		t.Errorf("got %+v, prefixes %q", c.Version, c.TagPrefixes())
	}
	if c := loaded(t, "version: {trackReleases: false}"); c.TracksReleases() {
		t.Error("trackReleases: false is not taken")
	}
	text := "apiVersion: pintle/v1\nproject: shop\nversion: {tag: \"{service}/v{version}\"}\n"
	if _, err := Load(fstest.MapFS{FileName: {Data: []byte(text)}}, FileName); err == nil || !strings.Contains(err.Error(), "no services") {
		t.Errorf("got error %v", err)
	}
	if c, err := Default(t.TempDir()); err != nil || c.Version.Tag != "v{version}" || c.Version.Initial != "0.1.0" || !c.Empty() {
		t.Errorf("got %+v, %v", c.Version, err)
	}
}

func loaded(t *testing.T, more string) *Config {
	t.Helper()
	c, err := Load(fstest.MapFS{FileName: {Data: []byte("apiVersion: pintle/v1\nproject: shop\n" + more + "\n")}}, FileName)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
