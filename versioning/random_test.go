package versioning

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
	"github.com/pintle-ci/pintle/git/gittest"
)

// randomHistory feeds git fast-import a history of branches, merges (some throw a side away), tags and clocks that jump
// back: branches b0, b1, ... with files a, b/c and b/d.
func randomHistory(t testing.TB, seed uint64) *gittest.Repo {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 1))
	r := gittest.New(t)
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
			maps.Copy(files, commits[from-1].files)
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
	r.GitIn(r.Dir, script.String(), "fast-import", "--quiet", "--force")
	return r
}

// Along every edge of a history with one base, a version rises, or stays where the content did; and one version is one
// content. Edges across tags are another matter: people choose those numbers.
func TestOrderAlongHistory(t *testing.T) {
	for seed := range 5 {
		r := randomHistory(t, uint64(100+seed))
		repository := openAt(t, r.Dir)
		contents := contentsOf(r)
		for _, path := range []string{"", "a", "b"} {
			query := Query{Prefix: "v", Ref: Ref{Branch: "main"}}
			if path != "" {
				query.Paths = []string{path}
			}
			versions, bases, meaning := map[string]*semver.Version{}, map[string]string{}, map[string]string{}
			for commit := range contents {
				r.Write(".git/HEAD", commit)
				facts, err := repository.Read(t.Context(), query)
				if err != nil {
					t.Fatal(err)
				}
				v, err := Next(facts, Rules{})
				if err != nil {
					t.Fatal(err)
				}
				versions[commit] = semver.MustParse(v.Number)
				bases[commit] = commit // its own: no edge to it is looked at
				if !v.Exact && contents[commit][path] != "" {
					bases[commit] = "none"
					if facts.Base != nil {
						bases[commit] = facts.Base.Name
					}
				}
				content := contents[commit][path]
				if other, seen := meaning[v.Number]; seen && other != content && content != "" {
					t.Errorf("seed %d, %q: version %s is two contents", seed, path, v)
				}
				meaning[v.Number] = content
			}
			for line := range strings.SplitSeq(r.Git("rev-list", "--parents", "--all"), "\n") {
				child := strings.Fields(line)[0]
				for _, parent := range strings.Fields(line)[1:] {
					order := versions[child].Compare(versions[parent])
					same := contents[child][path] == contents[parent][path]
					if bases[child] == bases[parent] && (order < 0 || order == 0 && !same) {
						t.Errorf("seed %d, %q: %s is %s after %s, same content: %t", seed, path, child[:8], versions[child], versions[parent], same)
					}
				}
			}
		}
	}
}

// contentsOf tells for every commit what is at each path; at "" it is the commit itself.
func contentsOf(r *gittest.Repo) map[string]map[string]string {
	contents := map[string]map[string]string{}
	var ask strings.Builder
	commits := strings.Fields(r.Git("rev-list", "--all"))
	for _, commit := range commits {
		fmt.Fprintf(&ask, "%s:a\n%s:b\n", commit, commit)
	}
	answers := strings.Split(r.GitIn(r.Dir, ask.String(), "cat-file", "--batch-check=%(objectname)"), "\n")
	for i, commit := range commits {
		contents[commit] = map[string]string{"": commit}
		for j, path := range []string{"a", "b"} {
			if answer := answers[2*i+j]; !strings.HasSuffix(answer, "missing") {
				contents[commit][path] = answer
			}
		}
	}
	return contents
}
