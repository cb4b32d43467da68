package config

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
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
		{"everything", "prod", Ref{Tag: "v1.0.0"}},
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
		{"", Ref{Tag: "v1"}, "prod"},
		{"", Ref{Tag: "v1", Branch: "develop"}, "prod"},
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
		{"", Ref{}, `no environment takes a commit without a branch or tag: pintle.yaml has any (**), feature (feature/*, fix?), dev (develop), hand (only by name), prod (tags); name one with --environment`},
		{"live", Ref{}, `no environment "live": pintle.yaml has any (**), feature (feature/*, fix?), dev (develop), hand (only by name), prod (tags)`},
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
