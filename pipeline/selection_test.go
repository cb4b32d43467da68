package pipeline

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/pipeline/config"
	"github.com/pintle-ci/pintle/versioning"
)

// shop is a project at a commit that carries catalog/v1.1.0 and web/v2.0.0: cart is unchanged since its tag, pay since
// a candidate, mail has changed.
func shop(tag string, deployed ...string) selecting {
	there := map[string]bool{}
	for _, name := range deployed {
		there[name] = true
	}
	version := func(number, tag string, exact, unchanged bool) decided {
		return decided{version: versioning.Version{Number: number, Tag: tag, Exact: exact, Unchanged: unchanged}}
	}
	return selecting{
		ref: config.Ref{Tag: tag}, environment: "prod", versionTag: true, perService: true,
		units: []config.Unit{
			{Name: "cart", Service: true, TagPrefix: "cart/v", Needs: []string{"redis"}},
			{Name: "catalog", Service: true, TagPrefix: "catalog/v", Needs: []string{"search"}},
			{Name: "web", Service: true, TagPrefix: "web/v", Needs: []string{"cart", "mail"}},
			{Name: "pay", Service: true, TagPrefix: "pay/v"},
			{Name: "mail", Service: true, TagPrefix: "mail/v"},
			{Name: "redis"},
			{Name: "search", Needs: []string{"disks"}},
			{Name: "disks"},
		},
		versions: map[string]decided{
			"cart":    version("1.0.0", "cart/v1.0.0", false, true),
			"catalog": version("1.1.0", "catalog/v1.1.0", true, false),
			"web":     version("2.0.0", "web/v2.0.0", true, false),
			"pay":     version("1.0.0-rc.1", "pay/v1.0.0-rc.1", false, true),
			"mail":    version("1.1.0-dev.3.g12345678", "", false, false),
		},
		takesTag: func(tag string) bool { return !strings.Contains(tag, "-rc.") },
		deployed: func(u config.Unit) (bool, error) { return there[u.Name], nil },
	}
}

// fates are the choices in short: "cart left, web taken".
func fates(s selection) string {
	var all []string
	for _, u := range s.units {
		all = append(all, u.Unit+" "+string(u.Fate))
	}
	return strings.Join(all, ", ")
}

func TestSelection(t *testing.T) {
	all := []string{"cart", "catalog", "web", "pay", "mail", "redis", "search", "disks"}
	for name, test := range map[string]struct {
		s        selecting
		change   func(*selecting)
		want     string
		problems []string
	}{
		"a tag takes its own": {
			s:    shop("catalog/v1.1.0", all...),
			want: "cart left, catalog taken, web left, pay left, mail left, redis left, search left, disks left",
		},
		"a service whose version failed is left": {
			s:      shop("catalog/v1.1.0", all...),
			change: func(s *selecting) { s.versions["catalog"] = decided{err: errors.New("the tag is not at HEAD")} },
			want:   "cart left, catalog left, web left, pay left, mail left, redis left, search left, disks left",
		},
		"what is needed and absent is installed, with what that needs": {
			s:    shop("catalog/v1.1.0", "cart"),
			want: "cart left, catalog taken, web missing, pay missing, mail missing, redis missing, search taken, disks taken",
		},
		"a needed release that is there needs nothing": {
			s:    shop("catalog/v1.1.0", "search"),
			want: "cart missing, catalog taken, web missing, pay missing, mail missing, redis missing, search left, disks missing",
		},
		"services that are needed and absent": {
			s:    shop("web/v2.0.0"),
			want: "cart missing, catalog missing, web taken, pay missing, mail missing, redis missing, search missing, disks missing",
			problems: []string{
				"web needs cart, which is not deployed in prod and not in this run: pass --with-missing to install it at 1.0.0, or deploy the tag cart/v1.0.0 first",
				"web needs mail, which is not deployed in prod and not in this run: it has changed: tag it mail/vX.Y.Z, and deploy that first",
			},
		},
		"with missing ones, but no candidate where releases go": {
			s: shop("catalog/v1.1.0", "mail", "search"), change: func(s *selecting) { s.withMissing = true },
			want: "cart taken, catalog taken, web taken, pay missing, mail left, redis taken, search left, disks missing",
		},
		"with missing ones, where candidates go": {
			s: shop("catalog/v1.1.0", "mail", "search"), change: func(s *selecting) {
				s.withMissing = true
				s.takesTag = func(tag string) bool { return strings.Contains(tag, "-rc.") }
			},
			want: "cart taken, catalog taken, web taken, pay taken, mail left, redis taken, search left, disks missing",
		},
		"a tag that is no version": {
			s: shop("nightly", all...), change: func(s *selecting) { s.versionTag = false },
			want: "cart left, catalog left, web left, pay left, mail left, redis left, search left, disks left",
		},
		"a release by name": {
			s: shop("catalog/v1.1.0", all...), change: func(s *selecting) { s.named = []string{"redis", "cart"} },
			want: "cart left, catalog left, web left, pay left, mail left, redis taken, search left, disks left",
		},
		"a branch takes all, and asks nobody": {
			s: shop(""), change: func(s *selecting) {
				s.ref, s.deployed = config.Ref{Branch: "main"}, func(u config.Unit) (bool, error) { return false, errors.New("asked for " + u.Name) }
			},
			want: "cart taken, catalog taken, web taken, pay taken, mail taken, redis taken, search taken, disks taken",
		},
		"a branch by name": {
			s: shop("", "redis"), change: func(s *selecting) { s.ref, s.named = config.Ref{Branch: "main"}, []string{"web"} },
			want: "cart left, catalog left, web taken, pay left, mail left, redis left, search left, disks left",
			problems: []string{
				"web needs cart, which is not deployed in prod and not in this run: name it too",
				"web needs mail, which is not deployed in prod and not in this run: name it too",
			},
		},
		"one version for all": {
			s: shop("v1.0.0"), change: func(s *selecting) {
				s.perService = false
				for name := range s.versions {
					s.versions[name] = decided{version: versioning.Version{Number: "1.0.0", Tag: "v1.0.0", Exact: true}}
				}
			},
			want: "cart taken, catalog taken, web taken, pay taken, mail taken, redis taken, search taken, disks taken",
		},
		"where nothing is deployed": {
			s: shop("catalog/v1.1.0"), change: func(s *selecting) { s.deployed = nil },
			want: "cart left, catalog taken, web left, pay left, mail left, redis left, search left, disks left",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if test.change != nil {
				test.change(&test.s)
			}
			got, err := test.s.choose()
			if err != nil {
				t.Fatal(err)
			}
			if fates(got) != test.want {
				t.Errorf("got  %s\nwant %s", fates(got), test.want)
			}
			if diff := cmp.Diff(test.problems, got.problems); diff != "" {
				t.Error(diff)
			}
			for _, u := range got.units {
				if u.Reason == "" || (got.reason(u.Unit) == "") != (u.Fate == plan.Taken) {
					t.Errorf("%s is %s by %q", u.Unit, u.Fate, u.Reason)
				}
			}
		})
	}
}

// TestSelectionForbidden: who may not ask what is deployed is told where it matters, and only there.
func TestSelectionForbidden(t *testing.T) {
	forbidden := errors.New("forbidden")
	ask := func(allowed ...string) func(config.Unit) (bool, error) {
		return func(u config.Unit) (bool, error) {
			if slices.Contains(allowed, u.Name) {
				return true, nil
			}
			return false, forbidden
		}
	}
	s := shop("catalog/v1.1.0")
	s.deployed = ask("search")
	got, err := s.choose()
	if want := "cart left, catalog taken, web left, pay left, mail left, redis left, search left, disks left"; err != nil || fates(got) != want {
		t.Errorf("%v: %s", err, fates(got))
	}
	s = shop("catalog/v1.1.0")
	s.deployed = ask("cart")
	if _, err := s.choose(); !errors.Is(err, forbidden) {
		t.Errorf("a need that nobody may ask for: %v", err)
	}
	s = shop("catalog/v1.1.0")
	s.deployed, s.withMissing = ask("search"), true
	if _, err := s.choose(); !errors.Is(err, forbidden) {
		t.Errorf("missing services that nobody may ask for: %v", err)
	}
}
