package unittest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The Kubernetes that suites are written for if they do not say so:
// helm-unittest's default, which is older than that of a real render.
const (
	defaultMajor = "1"
	defaultMinor = "20"
)

// kubeVersion is v<major>.<minor>.0.
func kubeVersion(major, minor string) (string, error) {
	if strings.ContainsAny(major+minor, ". ") {
		return "", fmt.Errorf("capabilities: majorVersion %q and minorVersion %q must be numbers", major, minor)
	}
	return fmt.Sprintf("v%s.%s.0", cmp.Or(major, defaultMajor), cmp.Or(minor, defaultMinor)), nil
}

// apiVersions are those of the test and of the suite; only they are there. A
// test that gives something else than a list has none.
func apiVersions(t *Test, s *Suite) []string {
	if node := t.Capabilities.APIVersions; node.Kind != 0 && resolve(&node).Kind != yaml.SequenceNode {
		return nil
	}
	return slices.Concat(stringList(t.Capabilities.APIVersions), stringList(s.Capabilities.APIVersions))
}

func stringList(node yaml.Node) []string {
	var out []string
	for _, e := range resolve(&node).Content {
		if e = resolve(e); e.Kind == yaml.ScalarNode {
			out = append(out, e.Value)
		}
	}
	return out
}
