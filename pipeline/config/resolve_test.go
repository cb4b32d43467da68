package config

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart"
)

func mustLoad(t *testing.T, file string) *Config {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := loadText(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEffective(t *testing.T) {
	for _, test := range []struct {
		file string
		name string
		ref  Ref
	}{
		{"sketch", "dev", Ref{Branch: "develop"}},
		{"sketch", "preview", Ref{Branch: "feature/login"}},
		{"sketch", "prod", Ref{Tag: "cart/v1.0.0"}},
		{"everything", "dev", Ref{Branch: "develop"}},
		{"everything", "preview", Ref{Branch: "feature/a/b"}},
		{"everything", "prod", Ref{Tag: "catalog/v1.0.0"}},
		{"anchors", "dev", Ref{Branch: "develop"}},
		{"least", "", Ref{}},
	} {
		t.Run(test.file+"-"+test.name, func(t *testing.T) {
			c := mustLoad(t, "testdata/good/"+test.file+".yaml")
			name, err := c.EnvironmentFor("", test.ref)
			if test.name == "" {
				if err == nil {
					t.Error("an environment out of nothing:", name)
				}
				return
			}
			if err != nil || name != test.name {
				t.Fatalf("EnvironmentFor(%v) = %q, %v", test.ref, name, err)
			}
			r, err := c.Resolve(name, test.ref)
			if err != nil {
				t.Fatal(err)
			}
			text, err := c.Effective(r)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/good/"+test.file+"-"+test.name+".effective", string(text))
		})
	}
}

func TestEnvironmentFor(t *testing.T) {
	c, err := loadText(`apiVersion: pintle/v1
project: shop
environments:
  any: {branches: ["**"], tags: false}
  feature: {branches: ["feature/*", "fix?"]}
  dev: {branches: [develop]}
  hand: {branches: []}
  prod: {tags: true}
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		ref  Ref
		want string
	}{
		{"", Ref{Branch: "develop"}, "dev"}, // a name before a pattern
		{"", Ref{Branch: "feature/x"}, "any"},
		{"", Ref{Tag: "v1.0.0"}, "prod"},
		{"hand", Ref{Branch: "develop"}, "hand"},
		{"hand", Ref{}, "hand"},
	} {
		if got, err := c.EnvironmentFor(test.name, test.ref); got != test.want || err != nil {
			t.Errorf("EnvironmentFor(%q, %v) = %q, %v; want %q", test.name, test.ref, got, err, test.want)
		}
	}
	for _, test := range []struct {
		name string
		ref  Ref
		want string
	}{
		{"", Ref{Tag: "nightly", Branch: "develop"}, `no environment takes tag nightly: pintle.yaml has any (**), feature (feature/*, fix?), dev (develop), hand (only by name), prod (release tags); name one with --environment`},
		{"", Ref{Tag: "v1.0"}, `no environment takes tag v1.0: pintle.yaml has any (**), feature (feature/*, fix?), dev (develop), hand (only by name), prod (release tags); name one with --environment`},
		{"", Ref{Tag: "v1.0.0-rc.1", Branch: "develop"}, `no environment takes tag v1.0.0-rc.1: pintle.yaml has any (**), feature (feature/*, fix?), dev (develop), hand (only by name), prod (release tags); name one with --environment`},
		{"", Ref{}, `no environment takes a commit without a branch or tag: pintle.yaml has any (**), feature (feature/*, fix?), dev (develop), hand (only by name), prod (release tags); name one with --environment`},
		{"live", Ref{}, `no environment "live": pintle.yaml has any (**), feature (feature/*, fix?), dev (develop), hand (only by name), prod (release tags)`},
	} {
		_, err := c.EnvironmentFor(test.name, test.ref)
		var none *NoEnvironmentError
		if !errors.As(err, &none) || !errors.Is(err, ErrConfig) || err.Error() != test.want {
			t.Errorf("EnvironmentFor(%q, %v): %v", test.name, test.ref, err)
		}
	}
}

func TestResolveNeedsABranch(t *testing.T) {
	c := mustLoad(t, "testdata/good/sketch.yaml")
	_, err := c.Resolve("preview", Ref{Tag: "v1.0.0"})
	want := `pintle.yaml:12:49: environments.preview.namespace: "shop-{branch}" needs a branch, and this is tag v1.0.0
    12 |   preview: {branches: ["feature/*"], namespace: "shop-{branch}", ttl: 72h}
       |                                                 ^ pass --branch, or deploy a branch to this environment`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestResolveClash(t *testing.T) {
	c, err := loadText(`apiVersion: pintle/v1
project: shop
services:
  cart: {release: "{environment}"}
  catalog: {release: "dev"}
environments:
  dev: {branches: [develop]}
  test: {tags: true}
`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Resolve("dev", Ref{Branch: "develop"}); err == nil || !strings.Contains(err.Error(), "catalog is the release dev in namespace shop-dev, and so is cart") {
		t.Errorf("dev: %v", err)
	}
	if _, err := c.Resolve("test", Ref{Tag: "v1"}); err != nil {
		t.Errorf("test: %v", err)
	}
}

func TestPositionAndProblem(t *testing.T) {
	c := mustLoad(t, "testdata/good/sketch.yaml")
	p, ok := c.Position("services.catalog.needs[0]")
	if !ok || p.String() != "pintle.yaml:6:45" {
		t.Errorf("needs[0] stands at %v, %v", p, ok)
	}
	if p, ok := c.Position("deploy.timeout"); ok {
		t.Errorf("a default stands at %v", p)
	}
	got := c.Problem("registry.charts", "the registry does not answer", "is it up?").Error()
	want := `pintle.yaml:4:20: the registry does not answer
     4 | registry: {charts: "oci://registry.example.com/shop/charts", images: registry.example.com/shop}
       |                    ^ is it up?`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestWarnings(t *testing.T) {
	c := mustLoad(t, "testdata/good/everything.yaml")
	var got []string
	for _, w := range c.Warnings {
		got = append(got, w.Position.String()+": "+w.Message)
	}
	golden(t, "testdata/good/everything.warnings", strings.Join(got, "\n")+"\n")
}

func TestConvention(t *testing.T) {
	tree := fstest.MapFS{
		"services/b/chart/Chart.yaml": {}, "services/a/Chart.yaml": {}, "services/lib/main.go": {},
		"services/.x/chart/Chart.yaml": {}, "services/file": {},
	}
	if diff := cmp.Diff([]string{"a", "b"}, Discover(tree)); diff != "" {
		t.Error(diff)
	}
}

func TestResolveBuild(t *testing.T) {
	c, err := loadText(`apiVersion: pintle/v1
project: shop
version: {tag: "{service}/v{version}"}
services:
  cart: {values: ["values-{environment}.yaml", values-dev.yaml], set: {host: "{branch}.example.com"}}
  catalog: {needs: [cart]}
releases:
  mysql: {chart: charts/mysql}
`)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.ResolveBuild(Ref{Tag: "cart/v1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Units) != 2 || r.Environment != "" {
		t.Fatalf("%d units in %q", len(r.Units), r.Environment)
	}
	if diff := cmp.Diff([]string{"services/cart/values-dev.yaml"}, r.Units[0].Values); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"cart/v", "catalog/v"}, c.TagPrefixes()); diff != "" {
		t.Error(diff)
	}
}

// TestResolveErrors resolves files that are fine until it is known what is
// built.
func TestResolveErrors(t *testing.T) {
	for _, test := range []struct{ service, ref, want string }{
		{`{set: {a: ["{branch}"]}}`, "", "services.cart.set: {branch} needs a branch, and this is tag v1"},
		{`{release: "x-{branch}"}`, "", `services.cart.release: "x-{branch}" needs a branch`},
		{`{namespace: "x-{branch}"}`, "", `services.cart.namespace: "x-{branch}" needs a branch`},
	} {
		c, err := loadText("apiVersion: pintle/v1\nproject: shop\nservices:\n  cart: " + test.service + "\nenvironments: {prod: {tags: true}}\n")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Resolve("prod", Ref{Tag: "v1"}); err == nil || !strings.Contains(err.Error(), test.want) || !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", test.service, err)
		}
		if _, err := c.Resolve("prod", Ref{Branch: "main"}); err != nil {
			t.Errorf("%s: %v", test.service, err)
		}
		if _, err := c.Resolve("other", Ref{}); !errors.Is(err, ErrConfig) {
			t.Errorf("an unknown environment: %v", err)
		}
	}
}

// TestALiteralValuesFileThatWentAway: what Load saw may be gone at Resolve.
func TestALiteralValuesFileThatWentAway(t *testing.T) {
	tree := repository()
	tree[FileName] = &fstest.MapFile{Data: []byte("apiVersion: pintle/v1\nproject: shop\nservices: {cart: {values: [values-dev.yaml]}}\nenvironments: {dev: {branches: [main]}}\n")}
	c, err := Load(tree, FileName)
	if err != nil {
		t.Fatal(err)
	}
	delete(tree, "services/cart/values-dev.yaml")
	if _, err := c.Resolve("dev", Ref{Branch: "main"}); err == nil || !strings.Contains(err.Error(), "there is no values file services/cart/values-dev.yaml") {
		t.Errorf("%v", err)
	}
}

func TestLongNamesAreCut(t *testing.T) {
	c, err := loadText("apiVersion: pintle/v1\nproject: " + strings.Repeat("p", 60) + "\nservices: {cart: {release: \"{project}-{branch}\"}, catalog: {}}\nenvironments: {dev: {branches: [\"**\"]}}\n")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, branch := range []string{"a", "b", "feature/x", "feature-x", "Feature/X", "功能/购物车", "功能/支付", "123", "b123", strings.Repeat("x", 300)} {
		r, err := c.Resolve("dev", Ref{Branch: branch})
		if err != nil {
			t.Fatal(err)
		}
		u := r.Units[0]
		if !label.MatchString(u.Namespace) || !chart.IsReleaseName(u.Release) {
			t.Errorf("%s: release %q in namespace %q", branch, u.Release, u.Namespace)
		}
		if other, ok := seen[u.Release]; ok {
			t.Errorf("%s and %s are both %s", branch, other, u.Release)
		}
		seen[u.Release] = branch
	}
}

func TestMatchBranch(t *testing.T) {
	for _, test := range []struct {
		pattern, branch string
		want            bool
	}{
		{"develop", "develop", true},
		{"develop", "develop2", false},
		{"feature/*", "feature/x", true},
		{"feature/*", "feature/x/y", false},
		{"feature/**", "feature/x/y", true},
		{"**", "a/b/c", true},
		{"**/x", "x", true},
		{"release/[0-9].*", "release/1.x", true},
		{"release/[0-9].*", "release/x.1", false},
		{"*", strings.Repeat("x", maxGlob+1), false},
	} {
		if got, err := MatchBranch(test.pattern, test.branch); got != test.want || err != nil {
			t.Errorf("%q on %q: %v, %v", test.pattern, test.branch, got, err)
		}
	}
	for _, pattern := range []string{"", "[", "a//b", "/a", "a**", "**/**/**/**/x", strings.Repeat("x", maxGlob+1)} {
		if _, err := MatchBranch(pattern, "x"); err == nil {
			t.Errorf("%q is taken", pattern)
		}
	}
}
