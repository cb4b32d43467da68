package config

import "testing"

// TestEnvironmentOfTags holds which version tag goes where: true is for releases alone, and a pattern comes before a
// word.
func TestEnvironmentOfTags(t *testing.T) {
	c, err := loadText(`apiVersion: pintle/v1
project: shop
version: {tag: "{service}/v{version}"}
services:
  cart: {}
  catalog: {}
environments:
  staging: {tags: candidates}
  prod: {tags: true}
  legacy: {tags: "cart/v1.*"}
  off: {tags: false, branches: [develop]}
`)
	if err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]string{
		"catalog/v1.0.0":        "prod",
		"catalog/v1.1.0-rc.1":   "staging",
		"catalog/v1.1.0-0.3.7":  "staging",
		"cart/v1.4.0":           "legacy",
		"cart/v1.4.0-rc.1":      "legacy",
		"cart/v2.0.0":           "prod",
		"cart/v2.0.0-rc.1":      "staging",
		"web/v1.0.0":            "",
		"v1.0.0":                "",
		"catalog/nightly":       "",
		"catalog/v1.0":          "",
		"other/catalog/v1.0.0":  "",
		"catalog/v1.0.0/v1.0.0": "",
	} {
		if got, _ := c.EnvironmentFor("", Ref{Tag: tag}); got != want {
			t.Errorf("tag %s goes to %q, want %q", tag, got, want)
		}
	}
}

func TestAllTagsGoToOne(t *testing.T) {
	c, err := loadText("apiVersion: pintle/v1\nproject: shop\nenvironments: {prod: {tags: all}, old: {tags: \"v1.*\"}}\n")
	if err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]string{"v2.0.0": "prod", "v2.0.0-rc.1": "prod", "v1.9.0": "old", "nightly": ""} {
		if got, _ := c.EnvironmentFor("", Ref{Tag: tag}); got != want {
			t.Errorf("tag %s goes to %q, want %q", tag, got, want)
		}
	}
}

func TestTagConditions(t *testing.T) {
	for _, test := range []struct {
		version         string
		tags            Tags
		jenkins, gitlab string
	}{
		{"v{version}", ReleaseTags, `tag pattern: '^v[0-9]+\\.[0-9]+\\.[0-9]+$', comparator: 'REGEXP'`, `'$CI_COMMIT_TAG =~ /^v[0-9]+\.[0-9]+\.[0-9]+$/'`},
		{
			"{service}/v{version}", CandidateTags, `tag pattern: '^[a-z0-9-]+/v[0-9]+\\.[0-9]+\\.[0-9]+-.+$', comparator: 'REGEXP'`,
			`'$CI_COMMIT_TAG =~ /^[a-z0-9-]+\/v[0-9]+\.[0-9]+\.[0-9]+-.+$/'`,
		},
		{"a+b'{version}", ReleaseTags, `tag pattern: '^a.b.[0-9]+\\.[0-9]+\\.[0-9]+$', comparator: 'REGEXP'`, `'$CI_COMMIT_TAG =~ /^a.b.[0-9]+\.[0-9]+\.[0-9]+$/'`},
		{"v{version}", AllTags, "buildingTag()", `'$CI_COMMIT_TAG'`},
		{"{service}/v{version}", "cart/v1.*", `tag pattern: '^cart/v1\\.[^/]*$', comparator: 'REGEXP'`, `'$CI_COMMIT_TAG =~ /^cart\/v1\.[^\/]*$/'`},
	} {
		if got := jenkinsTag(test.version, test.tags); got != test.jenkins {
			t.Errorf("jenkinsTag(%q, %q) = %s", test.version, test.tags, got)
		}
		if got := gitlabTag(test.version, test.tags); got != test.gitlab {
			t.Errorf("gitlabTag(%q, %q) = %s", test.version, test.tags, got)
		}
	}
}
