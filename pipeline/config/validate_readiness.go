package config

import (
	"maps"
	"slices"

	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// kindKey is a kind with its group: example.com/Widget; Pod is of the core group.
var kindKey = lazyregexp.New(`^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Z][A-Za-z0-9]*$`)

// readiness checks the keys and compiles the expressions, so that a mistake is
// found before anything is deployed.
func (v *validator) readiness() {
	for _, kind := range v.inOrder("readiness", slices.Collect(maps.Keys(v.c.Readiness))) {
		at, r := child("readiness", kind), v.c.Readiness[kind]
		if r == nil {
			continue
		}
		if !kindKey.MatchString(kind) {
			v.add(v.key(at), "write it as example.com/Widget or apps/Deployment, without a version; core kinds as Pod", "readiness: %q is no kind", kind)
		}
		if r.Ready == "" && r.Failed == "" && len(r.Tolerate) == 0 && !v.doubtful(at) {
			v.add(v.key(at), `add ready: "status.phase == 'Running'"`, "%s: says nothing", at)
		}
		v.expression(at+".ready", r.Ready)
		v.expression(at+".failed", r.Failed)
	}
}

func (v *validator) expression(at, text string) {
	if !v.says(at) || v.doubtful(at) {
		return
	}
	if _, err := readiness.Compile(text); err != nil {
		v.bad(at, "docs/waiting.md has examples", "the expression does not compile: %v", err)
	}
}
