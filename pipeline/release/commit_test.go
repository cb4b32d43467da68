package release

import (
	"errors"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/pipeline"
	"github.com/pintle-ci/pintle/versioning"
)

// What bump has written is committed, and nothing beside it.
func TestCommitBump(t *testing.T) {
	r, _ := cart(t)
	r.Write("notes", "mine\n")
	p, g := open(t, r)
	if err := CheckIndex(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	out := bumped(t, p)
	hash, err := CommitBump(t.Context(), p, out, g, "chore(release): {services} {version}", true)
	if err != nil || hash != r.Git("rev-parse", "HEAD") {
		t.Fatalf("%q, %v", hash, err)
	}
	if got := r.Git("log", "-1", "--format=%s"); got != "chore(release): cart 0.1.0" {
		t.Error(got)
	}
	if got := r.Git("show", "--format=", "--name-only"); got != "services/cart/chart/Chart.yaml\nservices/cart/chart/values.yaml" {
		t.Errorf("committed %s", got)
	}
	p, g = open(t, r)
	if again, err := CommitBump(t.Context(), p, bumped(t, p), g, "x", true); again != "" || err != nil {
		t.Errorf("%q, %v", again, err)
	}
}

// A person's edit in a file that bump writes is not committed with it, and a foreign index is left alone.
func TestCommitBumpOverAnEdit(t *testing.T) {
	r, _ := cart(t)
	r.Write("services/cart/chart/values.yaml", "image: {repository: cart, tag: \"0.0.0\"}\nmine: true\n")
	p, g := open(t, r)
	_, err := CommitBump(t.Context(), p, bumped(t, p), g, "x", true)
	if err == nil || !strings.Contains(err.Error(), "other changes than the version too") {
		t.Error(err)
	}
	r.Git("add", "-A")
	if err := CheckIndex(t.Context(), g); !errors.Is(err, ErrStaged) {
		t.Error(err)
	}
}

func TestCommitMessage(t *testing.T) {
	of := func(service, number string) pipeline.ServiceVersion {
		return pipeline.ServiceVersion{Service: service, Version: versioning.Version{Number: number}}
	}
	for want, versions := range map[string][]pipeline.ServiceVersion{
		"cart, web: 1.0.0":                 {of("cart", "1.0.0"), of("web", "1.0.0")},
		"cart, web: cart 1.0.0, web 2.0.0": {of("cart", "1.0.0"), of("web", "2.0.0")},
	} {
		if got := commitMessage("{services}: {version}", versions, ""); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
