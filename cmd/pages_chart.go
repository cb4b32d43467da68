package cmd

// chartPages are the commands that work with one chart.
func chartPages() map[string]page {
	const sources = "CHART is a folder, an archive (.tgz) or oci://HOST/PATH/NAME."
	const repositories = "Repositories are https:// (an index), oci://, file:// (a folder beside the chart), or @NAME of Helm's repositories.yaml.\n" +
		"A dependency without one is a chart that is in charts/. Nothing changes before every archive has arrived."
	return map[string]page{
		"chart": {
			about:    "Works with a chart alone: no pintle.yaml is needed. \"pintle chart COMMAND --help\" tells more.",
			examples: []string{"pintle chart create services/web/chart", "pintle chart lint services/web/chart"},
		},
		"chart create": {
			about: "NAME is the folder to make. Its last part is the chart's name, and the part above in services/web/chart.\n" +
				"What exists is never written over.",
			examples: []string{"pintle chart create services/web/chart", "pintle chart create web --starter ./starters/java"},
			fails:    "the starter is no chart, or the folder cannot be written",
		},
		"chart template": {
			about:    sources + " Without NAME the release is called release-name.\nThe manifests are on stdout, in the order in which they are installed.",
			examples: []string{"pintle chart template web ./chart -f values.yaml -n shop", "pintle chart template ./chart --show-only templates/service.yaml"},
			fails:    "the chart cannot be loaded or rendered, or the cluster refuses an object",
		},
		"chart lint": {
			about: sources + " Each object is held against the schemas of Kubernetes and against the others.\n" +
				"docs/lint.md has the rules, and how to silence one.",
			examples: []string{"pintle chart lint ./chart", "pintle chart lint ./chart --strict -f values-prod.yaml"},
			fails:    "there is an error; with --strict, a warning",
		},
		"chart package": {
			about:    "Writes an archive. Its files carry the time of $SOURCE_DATE_EPOCH (seconds), 1970 without it, so that equal charts give equal bytes.",
			examples: []string{"pintle chart package ./chart", "pintle chart package ./chart --version 1.2.3 -d build"},
			fails:    "the chart cannot be packaged",
		},
		"chart push": {
			about:    "Pushes an archive under its chart's name and version. A version that is there with other content is not replaced.",
			examples: []string{"pintle chart push web-1.2.3.tgz oci://registry.example.com/shop"},
			fails:    "the registry refused, or cannot be reached",
		},
		"chart pull": {
			about:    "Downloads an archive, of the newest version or of one that fits --version. With --repo the argument is the name of a chart there.",
			examples: []string{"pintle chart pull oci://registry.example.com/shop/web --version 1.2.3", "pintle chart pull redis --repo https://charts.example.com"},
			fails:    "the registry or repository refused, or cannot be reached",
		},
		"chart show": {
			about:    sources + "\nWith --repo it is the name of a chart there.",
			examples: []string{"pintle chart show values ./chart", "pintle chart show chart oci://registry.example.com/shop/web"},
			fails:    "the chart cannot be loaded",
		},
		"chart deps": {
			about:    repositories,
			examples: []string{"pintle chart deps update ./chart", "pintle chart deps list ./chart"},
		},
		"chart deps update": {
			about:    "Finds the newest versions that Chart.yaml allows, fetches them and writes Chart.lock.\n" + repositories,
			examples: []string{"pintle chart deps update ./chart"},
			fails:    "a dependency cannot be had",
		},
		"chart deps build": {
			about:    "Fetches the versions that Chart.lock names.\n" + repositories,
			examples: []string{"pintle chart deps build ./chart"},
			fails:    "a dependency cannot be had, or Chart.lock is out of date",
		},
		"chart deps list": {
			about:    "Prints each dependency of Chart.yaml, and whether charts/ has it.",
			examples: []string{"pintle chart deps list ./chart", "pintle chart deps list ./chart -o json"},
			fails:    "the chart cannot be loaded",
		},
		"chart test": {
			about: "Suites are YAML files in helm-unittest's format: docs/unittest.md has what they may say.\n" +
				"Test hooks run in a cluster and are another thing: \"pintle test\" runs those.",
			examples: []string{"pintle chart test ./chart", "pintle chart test ./chart --update-snapshot"},
			fails:    "a test failed",
		},
	}
}
