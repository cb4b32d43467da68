package config

import (
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// tagOf returns how tags are named, from the tags that there are, newest first. Where tags name services, the layout
// that most of those have; else "v1.2.3" or "1.2.3", or the one prefix that all have.
func tagOf(tags []string, services []draftService) string {
	named, plain := &tally{}, &tally{}
	for _, tag := range tags {
		prefix, ok := tagPrefix(tag)
		if !ok {
			continue
		}
		if layout := serviceLayout(prefix, services); layout != "" {
			named.add(layout + "{version}")
		} else {
			plain.add(prefix + "{version}")
		}
	}
	usual := plain.only(defaultTag, "{version}")
	switch {
	case len(named.layouts) > 0:
		return named.most()
	case len(usual.layouts) > 0:
		return usual.most()
	case len(plain.layouts) == 1:
		return plain.layouts[0]
	}
	return defaultTag
}

// tagPrefix cuts a tag in front of its strict version; ok is false for a tag without one, or one that version.tag would
// refuse.
func tagPrefix(tag string) (prefix string, ok bool) {
	for at := range len(tag) {
		if at > 0 && strings.ContainsAny(tag[at-1:at], ".0123456789") {
			continue // within a number
		}
		if _, err := semver.StrictNewVersion(tag[at:]); err == nil {
			return tag[:at], !strings.ContainsAny(tag, "{}+") && tagText.MatchString(tag)
		}
	}
	return "", false
}

// serviceLayout puts {service} in the place of a service's name in a prefix, where it stands as a word; of several the
// longest name. Empty when there is none.
func serviceLayout(prefix string, services []draftService) string {
	best, layout := "", ""
	for _, s := range services {
		before, after, ok := strings.Cut(prefix, s.Name)
		if !ok || len(s.Name) <= len(best) || after == "" || strings.Trim(after, "v") != after[:1] {
			continue
		}
		if wordEnds(before) && strings.ContainsAny(after[:1], separators) {
			best, layout = s.Name, before+"{service}"+after
		}
	}
	return layout
}

// separators stand between the words of a tag.
const separators = "/-@_"

func wordEnds(before string) bool {
	return before == "" || strings.ContainsAny(before[len(before)-1:], separators)
}

// tally counts layouts, in the order in which they were met.
type tally struct {
	layouts []string
	counts  []int
}

func (t *tally) add(layout string) {
	at := slices.Index(t.layouts, layout)
	if at < 0 {
		t.layouts, t.counts, at = append(t.layouts, layout), append(t.counts, 0), len(t.layouts)
	}
	t.counts[at]++
}

// most is the layout that was met most often, of equals the first.
func (t *tally) most() string { return t.layouts[slices.Index(t.counts, slices.Max(t.counts))] }

// only keeps some layouts.
func (t *tally) only(layouts ...string) *tally {
	kept := &tally{}
	for i, layout := range t.layouts {
		if slices.Contains(layouts, layout) {
			kept.layouts, kept.counts = append(kept.layouts, layout), append(kept.counts, t.counts[i])
		}
	}
	return kept
}
