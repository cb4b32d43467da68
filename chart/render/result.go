package render

import "github.com/pintle-ci/pintle/chart"

// Result is what a chart renders to.
type Result struct {
	Chart     *chart.Chart   // the root as rendered: disabled dependencies removed, imported values in
	Config    map[string]any // the user-supplied values, before chart defaults
	Values    map[string]any // what the templates saw
	Manifests []Manifest     // in install order, without hooks
	Hooks     []Hook         // in install order
	CRDs      []CRD          // crds/ of the chart and of its enabled dependencies
	Notes     string         // templates/NOTES.txt, or all of them by path if Options asked
	Findings  []Finding      // warnings about values and dependencies

	shared      *Shared // with other renders; may be nil
	includeCRDs bool    // as Options asked, for TemplateOutput
}

// Manifest is one rendered document.
type Manifest struct {
	Source     string // <chart>/templates/<file>
	APIVersion string
	Kind       string
	Name       string
	Namespace  string // as written; empty means the release's, or cluster-scoped
	Content    string // the document, without the leading "---"
}

// Hook is a rendered document with a helm.sh/hook annotation.
type Hook struct {
	Manifest
	Events            []string
	Weight            int
	DeletePolicies    []string
	OutputLogPolicies []string
}

// CRD is a file of a crds/ folder, never templated.
type CRD struct {
	Source string // <chart>/crds/<file>
	Data   []byte
}

// Finding is something a user should look at; it does not stop a render.
type Finding struct {
	ID      string // stable, documented
	Message string // one line
}
