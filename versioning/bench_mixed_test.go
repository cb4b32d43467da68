//go:build unix

package versioning

import (
	"bufio"
	"fmt"
	"strings"
)

// mixedHistory writes a history as a large public project has it: a tag of two numbers each week on main (rel-2.578),
// which is no version, and support lines that leave main and have versions (rel-2.568.1); messages of some lines, a
// merge every fifth commit.
func mixedHistory(w *bufio.Writer) {
	const commits, every, lines = 38_600, 25, 130
	footer := strings.Repeat("It was found by somebody who tried it on a machine of another kind.\n", 5)
	main, side, mark := 0, 0, 1
	fmt.Fprintf(w, "blob\nmark :1\ndata <<E\nproject: bench\napiVersion: pintle/v1\nversion: {tag: \"rel-{version}\"}\nE\n")
	commit := func(branch string, parents ...int) int {
		mark++
		fmt.Fprintf(w, "commit refs/heads/%s\nmark :%d\ncommitter Some Body <some.body%d@example.com> %d +0000\ndata <<E\n[JENKINS-%d] Change number %d\n\n%s\nE\n",
			branch, mark, mark%211, 1_300_000_000+600*mark, mark, mark, footer[:mark*37%len(footer)])
		for i, parent := range parents {
			fmt.Fprintf(w, "%s :%d\n", []string{"from", "merge"}[min(i, 1)], parent)
		}
		fmt.Fprintf(w, "M 100644 inline dir%d/%d/file\ndata <<E\n%d\nE\n", mark%10, mark%97, mark)
		return mark
	}
	main = commit("main")
	fmt.Fprint(w, "M 100644 :1 pintle.yaml\n")
	for i, weeks := 1, 0; i < commits; i++ {
		switch {
		case i%5 == 3:
			side = commit("side", main)
		case i%5 == 0 && side > 0:
			main, side = commit("main", main, side), 0
		default:
			main = commit("main", main)
		}
		if i%every > 0 {
			continue
		}
		weeks++
		fmt.Fprintf(w, "reset refs/tags/rel-2.%d\nfrom :%d\n\n", weeks, main)
		if weeks%(commits/every/lines) > 0 {
			continue
		}
		line := main
		for n := 1; n <= 3; n++ {
			line = commit(fmt.Sprintf("stable-2.%d", weeks), line)
			fmt.Fprintf(w, "reset refs/tags/rel-2.%d.%d\nfrom :%d\n\n", weeks, n, line)
		}
	}
	fmt.Fprint(w, "reset refs/heads/side\nfrom 0000000000000000000000000000000000000000\n\n")
}
