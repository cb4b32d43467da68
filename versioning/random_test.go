package versioning

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// randomHistory feeds git fast-import a history of branches, merges (some throw a side away), tags and clocks that jump
// back: branches b0, b1, ... with files a, b/c and b/d.
func randomHistory(t testing.TB, seed uint64) *testRepo {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 1))
	r := newTestRepo(t)
	var script strings.Builder
	type made struct{ files map[string]int }
	commits := []made{}
	tips := []int{}
	version := 0
	for mark := 1; mark <= 60; mark++ {
		date := 1_700_000_000 + 100*mark - rnd.IntN(2)*rnd.IntN(900)
		fmt.Fprintf(&script, "commit refs/heads/tmp\nmark :%d\ncommitter A <a@x> %d +0000\ndata 1\nx\n", mark, date)
		files := map[string]int{}
		if len(tips) > 0 {
			parent := rnd.IntN(len(tips))
			from := tips[parent]
			fmt.Fprintf(&script, "from :%d\n", from)
			for name, v := range commits[from-1].files {
				files[name] = v
			}
			if len(tips) > 1 && rnd.IntN(4) == 0 {
				other := tips[(parent+1+rnd.IntN(len(tips)-1))%len(tips)]
				fmt.Fprintf(&script, "merge :%d\n", other)
				for name, v := range commits[other-1].files {
					if rnd.IntN(2) == 0 {
						files[name] = v
					}
				}
			}
			if rnd.IntN(5) == 0 && len(tips) < 5 {
				tips = append(tips, mark)
			} else {
				tips[parent] = mark
			}
		} else {
			tips = append(tips, mark)
		}
		if name := []string{"a", "b/c", "b/d", ""}[rnd.IntN(4)]; name != "" {
			files[name] = mark
		}
		script.WriteString("deleteall\n")
		for name, v := range files {
			fmt.Fprintf(&script, "M 100644 inline %s\ndata <<E\n%d\nE\n", name, v)
		}
		commits = append(commits, made{files})
		if rnd.IntN(6) == 0 {
			version += 1 + rnd.IntN(3)
			fmt.Fprintf(&script, "reset refs/tags/v1.%d.0\nfrom :%d\n\n", (version*7)%50, mark)
		}
	}
	for i, tip := range tips {
		fmt.Fprintf(&script, "reset refs/heads/b%d\nfrom :%d\n\n", i, tip)
	}
	script.WriteString("reset refs/heads/tmp\nfrom 0000000000000000000000000000000000000000\n\n")
	r.gitIn(r.dir, script.String(), "fast-import", "--quiet", "--force")
	return r
}
