// Package sequence reads in which order a release's objects ask to be applied: groups and subcharts that need others
// (HIP-0025). It refuses to apply anything; objects without an order have none.
package sequence

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/installorder"
	"github.com/pintle-ci/pintle/internal/text"
)

// Annotations of HIP-0025, "Better Support for Resource Creation Sequencing". The second has too many slashes for
// Kubernetes: it stands in manifests and never in the cluster, and Helm 4.3.1, which does not know it, can apply no
// such manifest; the third says the same and passes there. The last stands in Chart.yaml. Lists are JSON: ["a", "b"].
const (
	groupNote       = "helm.sh/resource-group"
	NeedsAnnotation = "helm.sh/depends-on/resource-groups"
	plainNote       = "pintle.dev/depends-on"
	subchartsNote   = "helm.sh/depends-on/subcharts"
)

// supporting are the waves whose kinds only hold what others need: without a group they come first even where groups
// are, for these may mount them.
const supporting = 2

// group is a resource group: its name counts within its own chart.
type group struct{ chart, name string }

// sequencer puts the objects of a revision into stages.
type sequencer struct {
	namespace string
	root      string // the folder of the release's own chart: "web"
	members   []member
	needs     map[group][]string
	depth     map[group]int
	subcharts map[string][]string // what each direct subchart needs, those it needs among them
	ends      map[string]int      // the first stage after all of a direct subchart
}

// member is one object with the chart it comes from.
type member struct {
	object *unstructured.Unstructured
	group  group
}

// Of says at which stage each object of a revision is applied, by its key: all of a stage must be ready before the next
// begins. It is nil where the chart asks for no order. A cycle and a group that does not exist are errors; a subchart
// that is not there is not waited for, as it may be switched off (see UnknownSubcharts).
func Of(r *release.Revision) (map[string]int, error) {
	before, subcharts, err := subchartNeeds(r.Record)
	if err != nil {
		return nil, err
	}
	if len(before) == 0 && len(subcharts) == 0 && !strings.Contains(r.Manifest, groupNote) &&
		!strings.Contains(r.Manifest, NeedsAnnotation) && !strings.Contains(r.Manifest, plainNote) {
		return nil, nil // spares the parsing
	}
	s := &sequencer{
		namespace: r.Namespace, needs: map[group][]string{}, depth: map[group]int{}, subcharts: subcharts, ends: map[string]int{},
	}
	if err := s.read(r); err != nil {
		return nil, err
	}
	for _, g := range slices.SortedFunc(maps.Keys(s.needs), compareGroups) {
		if err := s.visit(g, nil); err != nil {
			return nil, err
		}
	}
	return s.stages(before)
}

func compareGroups(a, b group) int {
	return strings.Compare(a.chart+"\x00"+a.name, b.chart+"\x00"+b.name)
}

// nameList reads a list of names; empty text is none.
func nameList(note, list string) ([]string, error) {
	if list == "" {
		return nil, nil
	}
	var out []string
	if err := json.Unmarshal([]byte(list), &out); err != nil {
		return nil, fmt.Errorf(`annotation %s: %q is no list of names; write ["a", "b"]`, note, text.Clip(list, 100))
	}
	return out, nil
}

func (s *sequencer) read(r *release.Revision) error {
	for _, doc := range r.Documents() {
		objects, err := doc.Objects()
		if err != nil {
			return err
		}
		for _, o := range objects {
			g := group{chartOf(doc.Source), o.GetAnnotations()[groupNote]}
			for _, note := range []string{NeedsAnnotation, plainNote} {
				needs, err := nameList(note, o.GetAnnotations()[note])
				if err == nil && len(needs) > 0 && g.name == "" {
					err = fmt.Errorf("it has %s and no %s", note, groupNote)
				}
				if err != nil {
					return fmt.Errorf("%s/%s: %w", o.GetKind(), o.GetName(), err)
				}
				if g.name != "" {
					s.needs[g] = append(s.needs[g], needs...)
				}
			}
			s.members = append(s.members, member{o, g})
			if top, _, _ := strings.Cut(g.chart, "/"); s.root == "" {
				s.root = top
			}
		}
	}
	return nil
}

// chartOf is the folder of the chart that a template belongs to: "web/charts/db".
func chartOf(source string) string {
	if i := strings.LastIndex(source, "/templates/"); i >= 0 {
		return source[:i]
	}
	return ""
}

// visit finds how many groups must come before a group, one after another.
func (s *sequencer) visit(g group, path []string) error {
	if _, known := s.depth[g]; known {
		return nil
	}
	if slices.Contains(path, g.name) {
		return fmt.Errorf("resource groups of chart %s need each other: %s",
			g.chart, strings.Join(append(path, g.name), " -> "))
	}
	depth := 0
	for _, name := range s.needs[g] {
		other := group{g.chart, name}
		if _, exists := s.needs[other]; !exists {
			return fmt.Errorf("resource group %q of chart %s needs group %q, which no object is in", g.name, g.chart, name)
		}
		if err := s.visit(other, append(slices.Clone(path), g.name)); err != nil {
			return err
		}
		depth = max(depth, s.depth[other]+1)
	}
	s.depth[g] = depth
	return nil
}

// stages numbers the stages. Those of a chart begin after those of the subcharts that it needs, which may need others
// themselves.
func (s *sequencer) stages(before []string) (map[string]int, error) {
	for _, name := range slices.Sorted(maps.Keys(s.subcharts)) {
		if _, err := s.end(name, nil); err != nil {
			return nil, err
		}
	}
	start, err := s.after(before, nil)
	if err != nil {
		return nil, err
	}
	starts := map[string]int{"": start}
	out := map[string]int{}
	for _, m := range s.members {
		of := s.direct(m.group.chart)
		if _, known := starts[of]; !known {
			if starts[of], err = s.after(s.subcharts[of], nil); err != nil {
				return nil, err
			}
		}
		stage := s.stage(m)
		if m.group.name != "" || installorder.Wave(m.object.GetKind()) > supporting {
			stage += starts[of]
		}
		out[kube.RefIn(m.object, s.namespace).Key()] = stage
		ref := kube.RefOf(m.object)
		ref.Namespace = "" // how objects of the cluster are known
		out[ref.Key()] = stage
	}
	return out, nil
}

// stage is that of an object within its chart. Without a group it comes last, as HIP-0025 says, unless it only supports
// others.
func (s *sequencer) stage(m member) int {
	if m.group.name != "" {
		return s.depth[m.group]
	}
	if installorder.Wave(m.object.GetKind()) <= supporting {
		return 0
	}
	last := 0
	for g, depth := range s.depth {
		if g.chart == m.group.chart {
			last = max(last, depth+1)
		}
	}
	return last
}
