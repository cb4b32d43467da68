// Package unittest runs unit tests of a chart's templates: suites of tests in
// YAML files, in the format of helm-unittest, each of which renders templates
// with values of its own and asserts what comes out. It refuses to run programs,
// so post-renderers are errors, and to know a cluster: lookup answers from the
// objects that a suite lists.
package unittest

import (
	"go.yaml.in/yaml/v3"
)

// Suite is one document of a suite file.
type Suite struct {
	Name             string         `yaml:"suite"`
	Values           []string       `yaml:"values"` // files, from the suite's folder
	Set              map[string]any `yaml:"set"`
	Templates        []string       `yaml:"templates"`
	ExcludeTemplates []string       `yaml:"excludeTemplates"`
	IncludeCRDs      bool           `yaml:"includeCrds"`
	Release          Release        `yaml:"release"`
	Chart            Versions       `yaml:"chart"`
	Capabilities     Capabilities   `yaml:"capabilities"`
	Cluster          Cluster        `yaml:"kubernetesProvider"`
	PostRenderer     yaml.Node      `yaml:"postRenderer"`
	Skip             Skip           `yaml:"skip"`
	SnapshotID       string         `yaml:"snapshotId"`
	Tests            []*Test        `yaml:"tests"`

	File  string `yaml:"-"` // where it stands
	Route string `yaml:"-"` // of the chart that it tests: web, web/charts/db

	first   int        // the line of the file in which its text begins
	setNode *yaml.Node // nil without set
}

// Test is one test of a suite: a render, and what must hold for it.
type Test struct {
	Name         string         `yaml:"it"`
	Values       []string       `yaml:"values"`
	Set          map[string]any `yaml:"set"`
	Template     string         `yaml:"template"`
	Templates    []string       `yaml:"templates"`
	Index        *int           `yaml:"documentIndex"`
	Selector     *Selector      `yaml:"documentSelector"`
	Release      Release        `yaml:"release"`
	Chart        Versions       `yaml:"chart"`
	Capabilities Capabilities   `yaml:"capabilities"`
	Cluster      Cluster        `yaml:"kubernetesProvider"`
	PostRenderer yaml.Node      `yaml:"postRenderer"`
	Skip         Skip           `yaml:"skip"`
	Assertions   []*Assertion   `yaml:"asserts"`

	Line int `yaml:"-"` // in the suite file, from 1

	setNode *yaml.Node // nil without set
	wrong   error      // what of it has the wrong type
}

// Release is what templates see as .Release.
type Release struct {
	Name      string `yaml:"name"`      // RELEASE-NAME if empty
	Namespace string `yaml:"namespace"` // NAMESPACE if empty
	Revision  int    `yaml:"revision"`
	Upgrade   bool   `yaml:"upgrade"`
}

// Versions stand in for those of the chart.
type Versions struct {
	Version    string `yaml:"version"`
	AppVersion string `yaml:"appVersion"`
}

// Capabilities is what templates see as .Capabilities.
type Capabilities struct {
	Major       string    `yaml:"majorVersion"`
	Minor       string    `yaml:"minorVersion"`
	APIVersions yaml.Node `yaml:"apiVersions"` // a list; anything else in a test means none, not even the suite's
}

// Cluster is what the template function lookup finds.
type Cluster struct {
	Scheme  map[string]Kind  `yaml:"scheme"` // apiVersion/kind
	Objects []map[string]any `yaml:"objects"`
}

// Kind says of a kind of objects whether they live in namespaces.
type Kind struct {
	Namespaced bool      `yaml:"namespaced"`
	GVR        yaml.Node `yaml:"gvr"` // not needed: objects are found by kind
}

// Skip says why a suite or a test is not run.
type Skip struct {
	Reason         string `yaml:"reason"`
	MinimumVersion string `yaml:"minimumVersion"` // of the format; see FormatVersion
}

// FormatVersion is the version of helm-unittest whose format this package
// reads. A suite that asks for a later one is skipped.
const FormatVersion = "1.1.2"

// Selector chooses documents by what is at a path in them.
type Selector struct {
	Path               string `yaml:"path"`
	Value              any    `yaml:"value"` // nil: the path must exist
	MatchMany          bool   `yaml:"matchMany"`
	SkipEmptyTemplates bool   `yaml:"skipEmptyTemplates"`

	path *Path
}

// Assertion is one thing that must hold.
type Assertion struct {
	Type     string // equal, isKind, ...
	Not      bool
	Template string
	Index    int // of the document; allDocuments for all
	Selector *Selector
	Line     int // in the suite file, from 1

	kind   assertionType
	check  check
	unread []unreadKey
	wrong  []string // line 3: what is wrong with it
}

const allDocuments = -1

// negative says that the opposite must hold.
func (a *Assertion) negative() bool { return a.Not != a.kind.antonym }
