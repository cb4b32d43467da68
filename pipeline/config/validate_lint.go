package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pintle-ci/pintle/chart/lint"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

var kubeVersion = lazyregexp.New(`^v?1\.[0-9]{1,3}([.+-].*)?$`)

// lint checks the keys about findings, for all services and for each.
func (v *validator) lint() {
	v.findings("lint", v.c.Lint.Disable, v.c.Lint.Severity)
	if version := v.c.Lint.KubeVersion; version != "" && !kubeVersion.MatchString(version) {
		v.bad("lint.kubeVersion", `write it in quotes, as "1.33"`, "%q is no version of Kubernetes", version)
	}
	for _, name := range v.inOrder("services", slices.Collect(maps.Keys(v.c.Services))) {
		s := v.c.Services[name].Lint
		v.findings(child(child("services", name), "lint"), s.Disable, s.Severity)
	}
}

func (v *validator) findings(at string, disable []string, severity map[string]string) {
	for i, id := range disable {
		v.finding(fmt.Sprintf("%s.disable[%d]", at, i), id)
	}
	for _, id := range v.inOrder(at+".severity", slices.Collect(maps.Keys(severity))) {
		place := child(at+".severity", id)
		if v.doubtful(place) {
			continue
		}
		v.finding(place, id)
		if s := lint.Severity(severity[id]); s != lint.Error && s != lint.Warning && s != lint.Info {
			v.bad(place, "write error, warning or info; to leave a finding out, list it in disable", "%q is no severity", severity[id])
		}
	}
}

func (v *validator) finding(place, id string) {
	if len(lint.UnknownIDs([]string{id})) == 0 {
		return
	}
	hint := "docs/lint.md lists them"
	if near := lint.NearestID(id); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	v.bad(place, hint, "%q is no finding of the chart linter", id)
}
