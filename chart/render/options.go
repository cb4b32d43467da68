package render

import "context"

// Options say for which release, in which cluster, a chart is rendered.
type Options struct {
	ReleaseName string
	Namespace   string
	Revision    int  // 1 for an install
	IsUpgrade   bool // sets .Release.IsUpgrade and IsInstall

	KubeVersion string   // empty means the built-in default, Helm's
	KubeMinor   string   // with Discovered: the minor version as the cluster writes it, such as 29+; if empty, of KubeVersion
	APIVersions []string // added to the built-in set; or, with Discovered, the whole set
	Discovered  bool     // KubeVersion and APIVersions come from a live cluster

	// Lookup answers the template function of that name; nil means offline: an empty map.
	Lookup func(ctx context.Context, apiVersion, kind, namespace, name string) (map[string]any, error)

	// Origin says where the user gave the value at a path of keys from the root chart down; for messages only. Nil
	// means that nobody knows. chart.ValueSources.Origin answers it.
	Origin func(path []string) string

	// Path says where a file of the chart is, for messages only: web/values.yaml may be services/api/chart/values.yaml.
	// What it does not know it returns as it is. Nil means that files are called by the chart's name.
	Path func(name string) string

	// Limits are shared by the renders that may run at the same time; nil means the defaults, for a render that is
	// alone.
	Limits *Limits
	share  *share // of this render in them

	IncludeCRDs          bool
	SubchartNotes        bool
	SkipSchemaValidation bool
	EnableDNS            bool
	Lint                 bool // required and fail do not stop the render; missing values are findings
}
