package cmd

import "fmt"

// releasePages are the commands that work with one release.
func releasePages() map[string]page {
	all := map[string]page{
		"release": {
			about: "Helm goes on with these releases where this stopped, and the other way round.\n" +
				"What is different: docs/engineering/helm-differences.md. The result is on stdout, as Helm prints it. How it goes is on stderr.",
			examples: []string{"pintle release upgrade web ./chart --install --wait -n shop", "pintle release list -n shop"},
		},
		"release install": {
			about: "CHART is a folder, an archive (.tgz) or oci://HOST/PATH/NAME.\n" +
				"The cluster is asked about every object first. Where it would refuse one, nothing is touched.",
			examples: []string{"pintle release install web ./chart --wait -n shop --create-namespace", "pintle release install web ./chart --dry-run=server -n shop"},
			fails:    refused, deploys: true,
		},
		"release upgrade": {
			about: "CHART is a folder, an archive (.tgz) or oci://HOST/PATH/NAME. With --install a release that is not there is installed.\n" +
				"The cluster is asked about every object first. Where it would refuse one, nothing is touched.",
			examples: []string{"pintle release upgrade web ./chart --install --wait -n shop", "pintle release upgrade web ./chart --reuse-values --set image.tag=1.2.3 -n shop"},
			fails:    refused, deploys: true,
		},
		"release rollback": {
			about:    "Goes back to the revision that is named, else to the last good one before the newest.",
			examples: []string{"pintle release rollback web -n shop", "pintle release rollback web 3 --wait -n shop"},
			fails:    refused, deploys: true,
		},
		"release uninstall": {
			about:    "Deletes the objects of releases and their history. --keep-history keeps the records, so that a rollback can bring them back.",
			examples: []string{"pintle release uninstall web -n shop", "pintle release uninstall web --keep-history --wait -n shop"},
			fails:    refused, deploys: true,
		},
		"release list": {
			about:    "Prints a line for each release of a namespace.",
			examples: []string{"pintle release list -n shop", "pintle release list --failed -o json -n shop"},
			fails:    asked,
		},
		"release history": {
			about:    "Prints a line for each revision that is kept, the oldest first.",
			examples: []string{"pintle release history web -n shop"},
			fails:    asked,
		},
		"release status": {
			about:    "Prints what is known of a release: its revision, its objects in the cluster, and its notes.",
			examples: []string{"pintle release status web -n shop", "pintle release status web -o json -n shop"},
			fails:    asked,
		},
		"release test": {
			about:    "Runs the test hooks of a release in the cluster and waits for them.",
			examples: []string{"pintle release test web -n shop --logs"},
			fails:    refused, deploys: true,
		},
		"release get": {
			about:    "Reads the record of a release. --revision takes an older one.",
			examples: []string{"pintle release get values web -n shop", "pintle release get manifest web --revision 2 -n shop"},
		},
	}
	for name, what := range map[string]string{
		"all": "all that the record holds", "hooks": "the manifests of the hooks", "manifest": "the manifest, without hooks",
		"metadata": "what is known of the chart and the revision", "notes": "the notes of the chart", "values": "the values that were given; --all prints the chart's too",
	} {
		all["release get "+name] = page{
			about:    fmt.Sprintf("Prints %s. --revision takes an older revision.", what),
			examples: []string{"pintle release get " + name + " web -n shop"},
			fails:    asked,
		}
	}
	return all
}
