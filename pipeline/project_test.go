package pipeline

import (
	"context"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/versioning"
)

func TestProjectVersions(t *testing.T) {
	r := shopRepo(t, "", nil)
	r.Tag("cart/v1.0.0")
	r.Commit("fix: a price", "services/web/src")
	p := open(t, r, onMain, "")
	versions, err := p.Versions(t.Context(), p.Resolved.Units)
	if err != nil || len(versions) != 3 && len(versions) != 2 {
		t.Fatal(versions, err)
	}
	if v := versions[0]; v.Service != "cart" || v.Version.Number != "1.0.0" || !v.Version.Unchanged {
		t.Errorf("%+v", v)
	}
	if v := versions[1]; v.Service != "web" || !strings.HasPrefix(v.Version.Number, "0.1.0-dev.") {
		t.Errorf("%+v", v)
	}
}

// One version for all is told without a name, and the chart that goes into another's has its commits counted there.
func TestProjectQuery(t *testing.T) {
	r := shopRepo(t, "", nil)
	p := open(t, r, onMain, "")
	if units, err := p.Versioned([]string{"web"}); err != nil || len(units) != 1 || units[0].Name != "web" {
		t.Errorf("%v, %v", units, err)
	}
	if units, err := p.Versioned(nil); err != nil || len(units) != 2 {
		t.Errorf("%v, %v", units, err)
	}
	q, err := p.Query(p.Resolved.Units[1])
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(q.Paths, " "); got != "services/web services/web/chart services/cart services/cart/chart" {
		t.Errorf("web's version counts commits of %s", got)
	}

	p.Config.Version.Tag = "v{version}"
	if units, err := p.Versioned(nil); err != nil || len(units) != 1 || units[0].Name != "" {
		t.Errorf("%v, %v", units, err)
	}
	if versions, err := p.Versions(t.Context(), nil); err != nil || len(versions) != 1 || versions[0].Service != "" {
		t.Errorf("%v, %v", versions, err)
	}
}

func TestProjectFails(t *testing.T) {
	r := shopRepo(t, "", nil)
	p := open(t, r, versioning.Ref{Tag: "cart/v9.0.0"}, "")
	if _, err := p.Versions(t.Context(), p.Resolved.Units); err == nil || !strings.Contains(err.Error(), "version of cart: ") {
		t.Errorf("a tag that is not there: %v", err)
	}
	if _, err := p.Versioned([]string{"nobody"}); err == nil {
		t.Error("a service that is not there has a version")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Versions(ctx, p.Resolved.Units); err == nil {
		t.Error("a run that is over reads on")
	}
}
