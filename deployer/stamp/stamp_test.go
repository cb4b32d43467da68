package stamp

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer/release"
)

func TestGoesBack(t *testing.T) {
	branch := func(version, name string) Build { return Build{Version: version, Kind: Branch, Branch: name} }
	tag := func(version string) Build { return Build{Version: version, Kind: Tag} }
	feature := func(version string) Build { return Build{Version: version, Kind: Feature, Branch: "x"} }
	pin := func(version, chart string) Build { return Build{Version: version, Kind: Pin, Chart: chart} }
	for _, c := range []struct {
		deployed, next Build
		back           bool
	}{
		{tag("1.1.0"), tag("1.0.9"), true},
		{tag("1.1.0"), tag("1.1.0"), false},
		{tag("1.1.0"), tag("1.1.1"), false},
		{tag("1.1.0"), tag("1.1.0-rc.1"), true},
		{tag("1.1.0"), branch("1.1.0-dev.9.g0a1b2c3d", "main"), true},
		{tag("1.1.0"), branch("1.2.0-dev.1.g0a1b2c3d", "main"), false},
		{tag("1.1.0"), feature("1.0.0-0.x.1.g0a1b2c3d"), false},
		{tag("1.1.0"), Build{Version: "1.0.0-0.pr-7.1.g0a1b2c3d", Kind: Change}, false},
		{feature("1.2.0-0.x.1.g0a1b2c3d"), tag("1.0.0"), false},
		{feature("1.1.0"), tag("1.0.0"), false}, // unchanged since a tag, and a feature build all the same
		{tag("1.1.0"), feature("1.0.0"), false},

		{branch("1.2.0-dev.7.g0a1b2c3d", "main"), branch("1.2.0-dev.6.gffffffff", "main"), true},
		{branch("1.2.0-dev.7.g0a1b2c3d", "main"), branch("1.2.0-dev.7.gffffffff", "main"), false},
		{branch("1.2.0-dev.7.g0a1b2c3d", "main"), branch("1.2.0-dev.10.gffffffff", "main"), false},
		{branch("1.2.0-dev.7.g0a1b2c3d", "main"), branch("1.1.0-dev.90.gffffffff", "main"), true},
		{branch("1.2.0-dev.7.g0a1b2c3d", "main"), branch("1.1.0-dev.90.gffffffff", "develop"), false},
		{branch("1.2.0-dev.7.g0a1b2c3d", "main"), branch("1.1.0", "main"), true}, // unchanged since a tag in the older build
		{branch("1.2.0-dev.7.g0a1b2c3d", "main"), tag("1.1.5"), false},
		{branch("1.2.0-dev.7.g0a1b2c3d", "main"), branch("1.2.0", "main"), false},
		{branch("1.2.0-dev.7.g0a1b2c3d", "main"), branch("1.2.0-alpha.8.gffffffff", "main"), false}, // another label
		{branch("1.2.0-alpha.8.g0a1b2c3d", "main"), branch("1.2.0-dev.7.gffffffff", "main"), true},
		{branch("1.2.0-snapshot.50.g0a1b2c3d", "main"), branch("1.2.0-rc.1.snapshot.1.gffffffff", "main"), false}, // after the candidate
		{branch("1.2.0-rc.1.dev.1.g0a1b2c3d", "main"), branch("1.2.0-dev.50.gffffffff", "main"), true},
		{branch("1.2.0-rc.2.dev.1.g0a1b2c3d", "main"), branch("1.2.0-rc.10.dev.1.gffffffff", "main"), false},
		{branch("1.1.0", "main"), branch("1.0.0-dev.3.g0a1b2c3d", "main"), true},

		{pin("20.1.4", "redis"), pin("19.0.0", "redis"), true},
		{pin("20.1.4", "redis"), pin("20.1.4", "redis"), false},
		{pin("20.1.4", "redis"), pin("20.1.10", "redis"), false},
		{pin("20.1.4", "redis"), pin("4.0.0", "redis-ha"), false},
		{pin("20.1.4", "redis"), tag("1.0.0"), false},
		{pin("1.2.3+up2", "redis"), pin("1.2.3+up1", "redis"), false},

		{Build{}, tag("1.0.0"), false},
		{tag("1.0.0"), Build{}, false},
		{tag("latest"), tag("1.0.0"), false},
	} {
		if got := c.deployed.GoesBack(c.next); got != c.back {
			t.Errorf("%+v deployed, then %+v: goes back is %v, want %v", c.deployed, c.next, got, c.back)
		}
	}
}

func TestRepository(t *testing.T) {
	for name, remotes := range map[string][]string{
		"git.example.com/acme/shop": {
			"git@git.example.com:acme/shop.git", "git.example.com:acme/shop", "https://git.example.com/acme/shop", "http://git.example.com/acme/shop.git/",
			"https://ci-token:s3cret@git.example.com:8443/Acme/shop.git", "ssh://git@GIT.example.com:2222/acme/shop.git", "git://git.example.com/acme/shop",
			"https://git.example.com/scm/acme/shop.git",
		},
		"dev.azure.com/org/project/repo": {"git@ssh.dev.azure.com:v3/org/project/repo", "https://org@dev.azure.com/org/project/_git/repo"},
		"github.com/acme/shop":           {"ssh://git@ssh.github.com:443/acme/shop.git", "git@github.com:acme/shop.git"},
		"":                               {"", "/srv/git/shop.git", "file:///srv/git/shop.git", "../shop", "C:/git/shop", `C:\git\shop`, "https://git.example.com"},
	} {
		for _, remote := range remotes {
			if got, want := Repository(remote), Name(name); got != want {
				t.Errorf("Repository(%q) = %q, want %q", remote, got, want)
			}
		}
	}
	if a, b := Repository("git@h.example.com:a_b/c"), Repository("git@h.example.com:a/b_c"); a == b {
		t.Errorf("two repositories have one name: %s", a)
	}
}

func TestNamesAreLabelValues(t *testing.T) {
	for _, text := range []string{"main", "release/1.5", "-", "/", strings.Repeat("a", 64), strings.Repeat("/x", 300), "ünïcode", "a.", "1.2.3", strings.Repeat("a", 49) + "/b"} {
		if got := Name(text); !labelValue.MatchString(got) {
			t.Errorf("Name(%q) = %q, which is no label value", text, got)
		}
	}
}

func TestAStampComesBackFromItsLabels(t *testing.T) {
	for _, s := range []Stamp{
		{Owner{"r", "shop", "prod", "uid"}, Build{"1.2.0-dev.3.g0a1b2c3d", Branch, "main", ""}, 7},
		{Owner{Project: "shop", Environment: "prod"}, Build{Version: "1.2.3+up1", Kind: Pin, Chart: "redis"}, 1},
		{Owner{}, Build{}, 2},
	} {
		labels := s.On(map[string]string{"team": "buy", "pintle.dev/branch": "old"})
		got, ok := Of(labels)
		if diff := cmp.Diff(s, got); !ok || diff != "" {
			t.Errorf("%v: %s", labels, diff)
		}
		if diff := cmp.Diff(map[string]string{"team": "buy"}, Without(labels)); diff != "" {
			t.Error(diff)
		}
		for _, value := range labels {
			if !labelValue.MatchString(value) {
				t.Errorf("%q is no label value", value)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	prod := Owner{Repository: "host_shop.1", Project: "shop", Environment: "prod"}
	head := func(version int, status release.Status, s Stamp) release.Head {
		return release.Head{Name: "cart", Version: version, Status: status, Labels: s.On(nil)}
	}
	by := func(o Owner, version string, revision int) Stamp {
		return Stamp{Owner: o, Build: Build{Version: version, Kind: Tag}, Revision: revision}
	}
	staging := Owner{Repository: "host_shop.1", Project: "shop", Environment: "staging"}
	other := Owner{Repository: "host_other.2", Project: "shop", Environment: "prod"}
	asked := Request{Owner: prod, Build: Build{Version: "1.1.0", Kind: Tag}}
	for name, c := range map[string]struct {
		records []release.Head
		change  func(*Request)
		want    string // in the error, or in what is told
		refused bool
	}{
		"nothing there":             {nil, nil, "", false},
		"its own":                   {[]release.Head{head(3, release.Deployed, by(prod, "1.0.0", 3))}, nil, "", false},
		"another environment's":     {[]release.Head{head(3, release.Deployed, by(staging, "1.0.0", 3))}, nil, "revision 3 is stamped by environment staging of project shop of repository host_shop.1; this is environment prod; choose another namespace or release name, or pass --take-over", true},
		"another repository's":      {[]release.Head{head(3, release.Deployed, by(other, "1.0.0", 3))}, nil, "this is repository host_shop.1;", true},
		"another project's":         {[]release.Head{head(3, release.Deployed, by(Owner{Project: "mail", Environment: "prod"}, "1.0.0", 3))}, nil, "this is project shop;", true},
		"taken over":                {[]release.Head{head(3, release.Deployed, by(staging, "1.0.0", 3))}, func(r *Request) { r.TakeOver = true }, "taken over: revision 3 is stamped by environment staging", false},
		"taken over, but lower":     {[]release.Head{head(3, release.Deployed, by(staging, "1.2.0", 3))}, func(r *Request) { r.TakeOver = true }, "would go back from 1.2.0", true},
		"no remote here":            {[]release.Head{head(3, release.Deployed, by(other, "1.0.0", 3))}, func(r *Request) { r.Repository = "" }, "", false},
		"a failed one by another":   {[]release.Head{head(3, release.Deployed, by(prod, "1.0.0", 3)), head(4, release.Failed, by(staging, "1.0.0", 4))}, nil, "revision 4 is stamped by environment staging", true},
		"uninstalled by another":    {[]release.Head{head(3, release.Uninstalled, by(staging, "2.0.0", 3))}, nil, "", false},
		"superseded ones only":      {[]release.Head{head(2, release.Superseded, by(staging, "2.0.0", 2))}, nil, "", false},
		"lower":                     {[]release.Head{head(3, release.Deployed, by(prod, "1.2.0", 3))}, nil, "release cart in shop would go back from 1.2.0, which is deployed as revision 3, to 1.1.0; pass --allow-downgrade", true},
		"lower, as is allowed":      {[]release.Head{head(3, release.Deployed, by(prod, "1.2.0", 3))}, func(r *Request) { r.AllowDowngrade = true }, "goes back from 1.2.0 to 1.1.0", false},
		"a failed one was higher":   {[]release.Head{head(3, release.Deployed, by(prod, "1.0.0", 3)), head(4, release.Failed, by(prod, "1.2.0", 4))}, nil, "", false},
		"lower, but Helm deployed":  {[]release.Head{head(4, release.Deployed, by(prod, "1.2.0", 3))}, nil, "revision 4 was deployed by Helm", false},
		"another's, Helm deployed":  {[]release.Head{head(4, release.Deployed, by(staging, "1.2.0", 3))}, nil, "and Helm or \"pintle release\" deployed revision 4 since", true},
		"Helm's own":                {[]release.Head{{Name: "cart", Version: 1, Status: release.Deployed}}, nil, "revision 1 has no stamp", false},
		"a rollback, whatever came": {[]release.Head{head(3, release.Deployed, by(prod, "9.0.0", 3))}, func(r *Request) { r.Build = Build{} }, "", false},
	} {
		r := asked
		if c.change != nil {
			c.change(&r)
		}
		told, err := r.Check("cart", "shop", c.records)
		got := strings.Join(told, "\n")
		if err != nil {
			got = err.Error()
		}
		_, refused := errors.AsType[*Error](err)
		if refused != c.refused || (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, refused %v; want %q, refused %v", name, got, refused, c.want, c.refused)
		}
	}
}
