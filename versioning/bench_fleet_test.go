//go:build unix

package versioning

import (
	"bufio"
	"fmt"
	"strings"
)

const fleetCommits, fleetServices = 250_000, 25

// fleetHistory writes services that were all tagged within the first thousand commits and have changed ever since,
// 249,000 commits: every other commit changes a service, the rest what belongs to none; every fifth is a merge.
func fleetHistory(w *bufio.Writer) {
	var yaml strings.Builder
	yaml.WriteString("apiVersion: pintle/v1\nproject: bench\nversion: {tag: \"{service}/v{version}\"}\nservices:\n")
	for s := range fleetServices {
		fmt.Fprintf(&yaml, "  s%d: {path: services/s%d}\n", s, s)
	}
	main, side := 0, 0
	for i := 1; i <= fleetCommits; i++ {
		branch, merge := "main", 0
		switch i % 5 {
		case 3: // a commit on the side, merged by the next but one
			branch = "side"
		case 0:
			merge, side = side, 0
		}
		fmt.Fprintf(w, "commit refs/heads/%s\nmark :%d\ncommitter Some Body <some.body%d@example.com> %d +0000\ndata <<E\nfix: change number %d\n\nAnd why.\nE\n",
			branch, i, i%211, 1_300_000_000+600*i, i)
		if main > 0 {
			fmt.Fprintf(w, "from :%d\n", main)
		}
		if merge > 0 {
			fmt.Fprintf(w, "merge :%d\nM 100644 inline %s\ndata <<E\n%d\nE\n", merge, fleetFile(merge), merge)
		}
		fmt.Fprintf(w, "M 100644 inline %s\ndata <<E\n%d\nE\n", fleetFile(i), i)
		if i == 1 {
			fmt.Fprintf(w, "M 100644 inline pintle.yaml\ndata <<EOF\n%sEOF\n", yaml.String())
			for s := range fleetServices {
				fmt.Fprintf(w, "M 100644 inline services/s%d/chart/Chart.yaml\ndata <<E\napiVersion: v2\nname: s%d\nversion: 0.1.0\nE\n", s, s)
			}
		}
		if branch == "side" {
			side = i
		} else {
			main = i
		}
		if i <= 40*fleetServices && i%40 == 2 {
			fmt.Fprintf(w, "reset refs/tags/s%d/v1.0.0\nfrom :%d\n\n", i/40, i)
		}
	}
	fmt.Fprint(w, "reset refs/heads/side\nfrom 0000000000000000000000000000000000000000\n\n")
}

// fleetFile is the file that a commit changes: every other time one of a service.
func fleetFile(i int) string {
	if i%2 == 0 {
		return fmt.Sprintf("docs/part%d/page%d", i%20, i%30)
	}
	return fmt.Sprintf("services/s%d/src/file%d", i*7%fleetServices, i%50)
}
