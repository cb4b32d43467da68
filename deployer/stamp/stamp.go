// Package stamp is what a record of a release says about who deployed it: the repository, the project, the environment,
// and the version of the unit. From it follows what may be deployed over it.
//
// A stamp is labels of the record. Helm drops the annotations of a record as soon as it writes it again, and keeps its
// labels; a side object would cost a read and a write for each release. Helm carries labels on to the next revision
// too, so a stamp names its revision: where that is not the record's, Helm deployed since (facts/helm-format.md 4.1).
//
// The package is pure: it reads labels and decides, and knows no cluster.
package stamp

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

const prefix = "pintle.dev/"

// The labels of a stamp, without their prefix.
const (
	repositoryLabel  = "repository"
	projectLabel     = "project"
	environmentLabel = "environment"
	clusterLabel     = "cluster"
	versionLabel     = "version"
	builtLabel       = "built"
	branchLabel      = "branch"
	chartLabel       = "chart"
	revisionLabel    = "revision"
)

var allLabels = []string{
	repositoryLabel, projectLabel, environmentLabel, clusterLabel, versionLabel, builtLabel, branchLabel, chartLabel, revisionLabel,
}

// Owner is whose a release is. An empty part is not known, and fits every other.
type Owner struct {
	Repository  string // as Repository makes it
	Project     string
	Environment string
	Cluster     string // the UID of its namespace kube-system
}

// Kind is what was built.
type Kind string

// The kinds. The zero Kind is a commit without a branch or tag.
const (
	Tag     Kind = "tag"
	Branch  Kind = "branch"  // trunk, or a release or hotfix branch
	Feature Kind = "feature" // any other branch
	Change  Kind = "change"  // a pull or merge request
	Pin     Kind = "pin"     // a third-party chart
)

// Build is the version of a unit and where it comes from.
type Build struct {
	Version string // of the service, or of the third-party chart; empty where it is not known
	Kind    Kind
	Branch  string // of Branch and Feature, as Name makes it
	Chart   string // of Pin: the chart's name, as Name makes it
}

// Stamp is what a record says.
type Stamp struct {
	Owner
	Build
	Revision int // that the stamp was made for
}

// Of reads the stamp of a record's labels; false when there is none.
func Of(labels map[string]string) (Stamp, bool) {
	get := func(label string) string { return labels[prefix+label] }
	revision, err := strconv.Atoi(get(revisionLabel))
	if err != nil {
		return Stamp{}, false
	}
	return Stamp{
		Owner: Owner{
			Repository: get(repositoryLabel), Project: get(projectLabel), Environment: get(environmentLabel), Cluster: get(clusterLabel),
		},
		Build: Build{
			Version: strings.Replace(get(versionLabel), "_", "+", 1), Kind: Kind(get(builtLabel)), Branch: get(branchLabel), Chart: get(chartLabel),
		},
		Revision: revision,
	}, true
}

// On returns the labels of a record with s in the place of the stamp that they have.
func (s Stamp) On(labels map[string]string) map[string]string {
	out := Without(labels)
	for label, text := range map[string]string{
		repositoryLabel: s.Repository, projectLabel: s.Project, environmentLabel: s.Environment, clusterLabel: s.Cluster,
		versionLabel: Name(strings.Replace(s.Version, "+", "_", 1)), builtLabel: string(s.Kind), branchLabel: s.Branch, chartLabel: s.Chart,
		revisionLabel: strconv.Itoa(s.Revision),
	} {
		if text != "" {
			out[prefix+label] = text
		}
	}
	return out
}

// Without returns the labels of a record that are no stamp.
func Without(labels map[string]string) map[string]string {
	out := maps.Clone(labels)
	if out == nil {
		out = map[string]string{}
	}
	for _, label := range allLabels {
		delete(out, prefix+label)
	}
	return out
}

// Over is o with the parts that it does not know taken from what was there.
func (o Owner) Over(was Owner) Owner {
	fill := func(mine *string, theirs string) {
		if *mine == "" {
			*mine = theirs
		}
	}
	fill(&o.Repository, was.Repository)
	fill(&o.Project, was.Project)
	fill(&o.Environment, was.Environment)
	fill(&o.Cluster, was.Cluster)
	return o
}

// Fits reports whether two owners are one. The cluster is not asked: a record that was restored into another one is
// still its owner's.
func (o Owner) Fits(other Owner) bool { return o.unlike(other) == Owner{} }

// unlike is o with the parts alone in which the other differs.
func (o Owner) unlike(other Owner) Owner {
	only := func(mine, theirs string) string {
		if mine == theirs || theirs == "" {
			return ""
		}
		return mine
	}
	return Owner{
		Repository: only(o.Repository, other.Repository), Project: only(o.Project, other.Project), Environment: only(o.Environment, other.Environment),
	}
}

// String names the parts that are known: "environment prod of project shop of repository host_path".
func (o Owner) String() string {
	var parts []string
	for _, p := range []struct{ what, value string }{
		{"environment", o.Environment}, {"project", o.Project}, {"repository", o.Repository},
	} {
		if p.value != "" {
			parts = append(parts, p.what+" "+p.value)
		}
	}
	if len(parts) == 0 {
		return "nobody"
	}
	return strings.Join(parts, " of ")
}

var (
	labelValue = lazyregexp.New(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)
	notInLabel = lazyregexp.New(`[^A-Za-z0-9._-]+`)
)

// nameStem is how much of a text that is no label value is kept before its hash.
const nameStem = 50

// Name is text as a label value: as it is where it can be one, else what can be kept of it and a hash of the whole, so
// that two texts never have one name.
func Name(text string) string {
	if text == "" || labelValue.MatchString(text) {
		return text
	}
	stem := notInLabel.ReplaceAllString(text, "_")
	stem = strings.Trim(stem[:min(len(stem), nameStem)], "._-")
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:8]
	if stem == "" {
		return hash
	}
	return stem + "." + hash
}
