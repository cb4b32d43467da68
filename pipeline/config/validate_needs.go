package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// units returns the names of all services and releases, in the order of the
// file, and the path of each.
func (v *validator) units() ([]string, map[string]string) {
	paths := map[string]string{}
	services := v.inOrder("services", slices.Collect(maps.Keys(v.c.Services)))
	releases := v.inOrder("releases", slices.Collect(maps.Keys(v.c.Releases)))
	for _, name := range releases {
		paths[name] = child("releases", name)
	}
	for _, name := range services {
		paths[name] = child("services", name)
	}
	return append(services, releases...), paths
}

// needs checks that needs name what there is, and lead nowhere in a circle.
func (v *validator) needs() {
	names, paths := v.units()
	edges := map[string][]string{}
	for _, name := range names {
		var list []string
		if s := v.c.Services[name]; s != nil {
			list = s.Needs
		} else if r := v.c.Releases[name]; r != nil {
			list = r.Needs
		}
		seen := map[string]bool{}
		for i, need := range list {
			if v.full() {
				return
			}
			at, twice := fmt.Sprintf("%s.needs[%d]", paths[name], i), seen[need]
			seen[need] = true
			switch {
			case need == name:
				v.bad(at, "leave it out", "%s needs itself", name)
			case twice:
				v.bad(at, "keep one", "%q stands twice", need)
			case paths[need] == "" && !v.doubtful(at):
				v.bad(at, suggest(need, others(names, name)), "there is no service and no release %q", need)
			default:
				edges[name] = append(edges[name], need)
			}
		}
	}
	v.cycles(names, paths, edges)
}

func others(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}

// cycles reports each circle that a walk over the needs runs into, whole.
func (v *validator) cycles(names []string, paths map[string]string, edges map[string][]string) {
	const open, done = 1, 2
	state := map[string]int{}
	var trail []string
	var visit func(name string)
	visit = func(name string) {
		state[name] = open
		trail = append(trail, name)
		for _, need := range edges[name] {
			switch state[need] {
			case open:
				circle := append(slices.Clone(trail[slices.Index(trail, need):]), need)
				v.bad(paths[name]+".needs", "take one of these needs out", "a cycle: %s", strings.Join(circle, " -> "))
			case 0:
				visit(need)
			}
		}
		trail = trail[:len(trail)-1]
		state[name] = done
	}
	for _, name := range names {
		if state[name] == 0 {
			visit(name)
		}
	}
}

// collisions finds names that two things would share: a name in services and
// in releases, a release in one namespace, a chart that two services version.
func (v *validator) collisions() {
	releases, charts := map[string]string{}, map[string]string{}
	claim := func(at, release, namespace string) {
		key := namespace + "/" + release
		if other, ok := releases[key]; ok {
			v.add(v.key(at), "give one of them another name or namespace", "%s: has the release name %q of %s", at, release, other)
			return
		}
		releases[key] = at
	}
	for _, name := range v.inOrder("services", slices.Collect(maps.Keys(v.c.Services))) {
		s, at := v.c.Services[name], child("services", name)
		if v.doubtful(at) {
			continue
		}
		claim(at, fill(s.Release, map[string]string{"service": name}), fill(s.Namespace, map[string]string{"service": name}))
		if other, ok := charts[s.Chart]; ok && s.Chart != "" {
			v.bad(at, "give each service a chart of its own: its version is the service's", "has the chart of %s, %s", other, s.Chart)
		}
		charts[s.Chart] = at
	}
	for _, name := range v.inOrder("releases", slices.Collect(maps.Keys(v.c.Releases))) {
		at := child("releases", name)
		if v.c.Services[name] != nil {
			v.add(v.key(at), "rename one of them", "%s: there is a service of that name already", at)
			continue
		}
		if !v.doubtful(at) {
			claim(at, name, v.c.Releases[name].Namespace)
		}
	}
}
