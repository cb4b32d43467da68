// Package chart is the chart model: it loads charts from folders and archives,
// merges values, resolves which dependencies are enabled, edits chart files in
// place and packages charts reproducibly. It refuses to know a network, a
// cluster or a clock.
package chart

// Chart is a loaded chart with its subcharts.
type Chart struct {
	Metadata     *Metadata
	Lock         *Lock
	Templates    []*File        // templates/**, in the order they were read
	Values       map[string]any // values.yaml, all documents merged
	Schema       []byte         // values.schema.json
	Files        []*File        // everything that has no other role: crds/, README.md, ...
	Raw          []*File        // every file as it was read, for packaging
	Dependencies []*Chart       // charts/**, by folder or file name; after Resolve in Chart.yaml's order
	Ignored      []Ignored      // entries of charts/ that .helmignore leaves out; of a folder only
}

// Ignored is an entry of a chart's folder that .helmignore leaves out.
type Ignored struct {
	Name    string // charts/lib-1.0.0.tgz
	Pattern string // as .helmignore has it
	Line    int    // of .helmignore; 0 for the rule that always holds
}

// File is one file of a chart: a slash path relative to the chart and its bytes.
type File struct {
	Name string
	Data []byte
}

// Metadata is Chart.yaml. Keys and omissions are Helm's, because the same
// structure stands in release records and OCI configs (facts/helm-format.md 4.2, 4.21).
type Metadata struct {
	Name         string            `json:"name,omitempty"`
	Home         string            `json:"home,omitempty"`
	Sources      []string          `json:"sources,omitempty"`
	Version      string            `json:"version,omitempty"`
	Description  string            `json:"description,omitempty"`
	Keywords     []string          `json:"keywords,omitempty"`
	Maintainers  []*Maintainer     `json:"maintainers,omitempty"`
	Icon         string            `json:"icon,omitempty"`
	APIVersion   string            `json:"apiVersion,omitempty"`
	Condition    string            `json:"condition,omitempty"`
	Tags         string            `json:"tags,omitempty"`
	AppVersion   string            `json:"appVersion,omitempty"`
	Deprecated   bool              `json:"deprecated,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	KubeVersion  string            `json:"kubeVersion,omitempty"`
	Dependencies []*Dependency     `json:"dependencies,omitempty"`
	Type         string            `json:"type,omitempty"`
}

// Maintainer is one of Chart.yaml's maintainers.
type Maintainer struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	URL   string `json:"url,omitempty"`
}

// Dependency is one of Chart.yaml's dependencies.
type Dependency struct {
	Name         string   `json:"name"`
	Version      string   `json:"version,omitempty"`
	Repository   string   `json:"repository"`
	Condition    string   `json:"condition,omitempty"`
	Tags         []string `json:"tags,omitempty"`
	Enabled      bool     `json:"enabled,omitempty"`
	ImportValues []any    `json:"import-values,omitempty"`
	Alias        string   `json:"alias,omitempty"`
	DependsOn    []string `json:"depends-on,omitempty"` // dependencies, by name or alias, that must be ready before (HIP-0025)
}

// Lock is Chart.lock.
type Lock struct {
	Generated    string        `json:"generated"`
	Digest       string        `json:"digest"`
	Dependencies []*Dependency `json:"dependencies"`
}
