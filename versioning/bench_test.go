package versioning

import (
	"fmt"
	"github.com/pintle-ci/pintle/git/gittest"
	"strings"
	"testing"
)

// benchRepo is a history of n commits over some services, one file each time, with a tag for a service every so often.
func benchRepo(b *testing.B, n, services, every int) *gittest.Repo {
	b.Helper()
	r := gittest.New(b)
	var script strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&script, "commit refs/heads/main\nmark :%d\ncommitter A <a@x> %d +0000\ndata <<E\nfix: change number %d\n\nAnd why.\nE\n", i, 1_600_000_000+60*i, i)
		fmt.Fprintf(&script, "M 100644 inline services/s%d/file\ndata <<E\n%d\nE\n", i%services, i)
		if every > 0 && i%every == 0 && i < n-20 {
			fmt.Fprintf(&script, "reset refs/tags/s%d/v1.%d.0\nfrom :%d\n\n", i/every%services, i, i)
			fmt.Fprintf(&script, "reset refs/tags/v1.%d.0\nfrom :%d\n\n", i, i)
		}
	}
	r.GitIn(r.Dir, script.String(), "fast-import", "--quiet")
	r.Git("pack-refs", "--all")
	return r
}

func benchRead(b *testing.B, dir string, queries []Query) {
	b.ReportAllocs()
	for b.Loop() {
		repository, err := Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		facts, err := repository.ReadAll(b.Context(), queries)
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range facts {
			if _, err := Next(f, Rules{}); err != nil {
				b.Fatal(err)
			}
		}
		if err := repository.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead is one run of pintle version, beside what git itself takes for the same facts.
func BenchmarkRead(b *testing.B) {
	tagged := benchRepo(b, 20_000, 100, 40)
	untagged := benchRepo(b, 20_000, 100, 0)
	all := make([]Query, 100)
	for i := range all {
		all[i] = Query{Ref: Ref{Branch: "main"}, Prefix: fmt.Sprintf("s%d/v", i), Paths: []string{fmt.Sprintf("services/s%d", i)}}
	}
	one := []Query{{Ref: Ref{Branch: "main"}, Prefix: "v"}}
	b.Run("one version", func(b *testing.B) { benchRead(b, tagged.Dir, one) })
	b.Run("one version, git describe", func(b *testing.B) {
		for b.Loop() {
			tagged.Git("describe", "--tags", "--match", "v*", "main")
		}
	})
	b.Run("no tag", func(b *testing.B) { benchRead(b, untagged.Dir, one) })
	b.Run("no tag, git log", func(b *testing.B) {
		for b.Loop() {
			untagged.Git("log", "--format=%B", "main")
		}
	})
	b.Run("100 services", func(b *testing.B) { benchRead(b, tagged.Dir, all) })
	b.Run("100 services, git log", func(b *testing.B) {
		for b.Loop() {
			tagged.Git("log", "--format=%H", "--name-only", "s0/v1.16000.0..main")
		}
	})
}
