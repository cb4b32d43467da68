//go:build unix

package versioning

import (
	"bufio"
	"bytes"
	"fmt"
	"github.com/pintle-ci/pintle/git/gittest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The repositories that whole processes are measured on. A history ends at least since commits after its last tag, and
// how many is logged; every fifth commit is a merge.
const (
	largeCommits, largeTags, largeSince = 100_000, 5_000, 200
	monoCommits, monoServices, monoTags = 60_000, 120, 30_000
)

// generated is a repository that fast-import makes of a script, the same each time. PINTLE_BENCH_REPOSITORIES names a
// folder that keeps it for the next run.
func generated(b *testing.B, name string, script func(w *bufio.Writer)) string {
	b.Helper()
	dir := filepath.Join(b.TempDir(), name)
	if kept := os.Getenv("PINTLE_BENCH_REPOSITORIES"); kept != "" {
		dir = filepath.Join(kept, name)
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
	}
	r := &gittest.Repo{T: b, Dir: b.TempDir()}
	making := dir + ".making"
	r.Git("init", "-q", "-b", "main", making)
	r.GitIn(making, "", "config", "uploadpack.allowFilter", "true")
	cmd := exec.Command("git", "fast-import", "--quiet")
	cmd.Dir = making
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(in, 1<<20)
	script(w)
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := in.Close(); err != nil {
		b.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	r.GitIn(making, "", "pack-refs", "--all") // fast-import makes one pack of deltas, so nothing is packed again
	r.GitIn(making, "", "reset", "-q", "--hard", "main")
	if err := os.Rename(making, dir); err != nil {
		b.Fatal(err)
	}
	return dir
}

// largeHistory writes n commits with tags v1.0.0 and on at even distances.
func largeHistory(n, tags, since int) func(w *bufio.Writer) {
	return func(w *bufio.Writer) {
		main, side := 0, 0
		made := 0
		fmt.Fprintf(w, "blob\nmark :1\ndata <<E\nproject: bench\napiVersion: pintle/v1\nE\n")
		for i := 2; i <= n+1; i++ {
			branch, merge := "main", 0
			switch {
			case i%5 == 3 && main > 0: // a commit on the side, merged by the next but one
				branch = "side"
			case i%5 == 0 && side > 0:
				merge, side = side, 0
			}
			fmt.Fprintf(w, "commit refs/heads/%s\nmark :%d\ncommitter A <a@x> %d +0000\ndata <<E\nfix: change number %d\n\nAnd why.\nE\n", branch, i, 1_500_000_000+60*i, i)
			if main > 0 {
				fmt.Fprintf(w, "from :%d\n", main)
			}
			if merge > 0 {
				fmt.Fprintf(w, "merge :%d\n", merge)
			}
			fmt.Fprintf(w, "M 100644 inline dir%d/%d/file\ndata <<E\n%d\nE\n", i%10, i%97, i)
			if main == 0 {
				fmt.Fprint(w, "M 100644 :1 pintle.yaml\n")
			}
			if branch == "side" {
				side = i
			} else {
				main = i
			}
			if every := (n - since) / tags; branch == "main" && made < tags && i/every > made {
				fmt.Fprintf(w, "reset refs/tags/v1.%d.%d\nfrom :%d\n\n", made/10, made%10, i)
				made++
			}
		}
		fmt.Fprint(w, "reset refs/heads/side\nfrom 0000000000000000000000000000000000000000\n\n")
	}
}

// monoHistory writes a monorepo: each commit changes a service, every other one is tagged for its service, until some
// thousand commits before the end.
func monoHistory(w *bufio.Writer) {
	var yaml strings.Builder
	yaml.WriteString("apiVersion: pintle/v1\nproject: bench\nversion: {tag: \"{service}/v{version}\"}\nservices:\n")
	for s := range monoServices {
		fmt.Fprintf(&yaml, "  s%d: {path: services/s%d}\n", s, s)
	}
	count := make([]int, monoServices)
	for i := 1; i <= monoCommits; i++ {
		s := i * 7 % monoServices
		fmt.Fprintf(w, "commit refs/heads/main\nmark :%d\ncommitter A <a@x> %d +0000\ndata <<E\nfeat: change number %d\nE\n", i, 1_500_000_000+60*i, i)
		fmt.Fprintf(w, "M 100644 inline services/s%d/src/file%d\ndata <<E\n%d\nE\n", s, i%5, i)
		if i == 1 {
			fmt.Fprintf(w, "M 100644 inline pintle.yaml\ndata <<EOF\n%sEOF\n", yaml.String())
			for s := range monoServices {
				fmt.Fprintf(w, "M 100644 inline services/s%d/chart/Chart.yaml\ndata <<E\napiVersion: v2\nname: s%d\nversion: 0.1.0\nE\n", s, s)
			}
		}
		for count[s] < (i*monoTags/(monoCommits-5000-40*s))/monoServices && count[s] < monoTags/monoServices {
			fmt.Fprintf(w, "reset refs/tags/s%d/v1.%d.0\nfrom :%d\n\n", s, count[s], i)
			count[s]++
		}
	}
}

// process is what one run of a program took.
type process struct {
	wall, cpu time.Duration
	memory    float64 // MiB
	out       string
}

func run(b *testing.B, dir string, argv ...string) process {
	b.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "CI=") }), "GIT_CONFIG_GLOBAL=/dev/null")
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	began := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatalf("%v: %v\n%s", argv, err, problem.String())
	}
	p := process{wall: time.Since(began), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), out: out.String()}
	p.memory = float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
	return p
}

// inTurn runs two programs by turns and reports the medians of ours, and what they are of the other's.
func inTurn(b *testing.B, dir string, ours, other []string) {
	b.Helper()
	const rounds = 9
	var a, o []process
	for b.Loop() {
		for range rounds {
			a = append(a, run(b, dir, ours...))
			if other != nil {
				o = append(o, run(b, dir, other...))
			}
		}
	}
	wall := func(p process) float64 { return p.wall.Seconds() * 1000 }
	cpu := func(p process) float64 { return p.cpu.Seconds() * 1000 }
	memory := func(p process) float64 { return p.memory }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(a, wall), "wall-ms")
	b.ReportMetric(median(a, cpu), "cpu-ms")
	b.ReportMetric(median(a, memory), "peak-MiB")
	if other != nil {
		b.ReportMetric(median(a, wall)/median(o, wall), "wall-ratio")
		b.ReportMetric(median(a, cpu)/median(o, cpu), "cpu-ratio")
	}
}

func median(of []process, value func(process) float64) float64 {
	values := make([]float64, len(of))
	for i, p := range of {
		values[i] = value(p)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// BenchmarkProcess is pintle version as a process, beside git for the same: go test -run '^$' -bench Process -benchtime
// 1x.
func BenchmarkProcess(b *testing.B) {
	pintle := filepath.Join(b.TempDir(), "pintle")
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", pintle, "../cmd/pintle").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	version := []string{pintle, "version"}
	b.Run("large history", func(b *testing.B) {
		dir := generated(b, "large", largeHistory(largeCommits, largeTags, largeSince))
		r := &gittest.Repo{T: b, Dir: dir}
		b.Logf("%s commits since the base", r.Git("rev-list", "--count", r.Git("describe", "--tags", "--abbrev=0")+"..HEAD"))
		inTurn(b, dir, version, []string{"git", "describe", "--tags"})
	})
	b.Run("monorepo", func(b *testing.B) {
		dir := generated(b, "monorepo", monoHistory)
		r := &gittest.Repo{T: b, Dir: dir}
		oldest, most := "", 0
		for s := range monoServices {
			tag := fmt.Sprintf("s%d/v1.%d.0", s, monoTags/monoServices-1)
			var n int
			if _, err := fmt.Sscan(r.Git("rev-list", "--count", tag+"..HEAD"), &n); err != nil {
				b.Fatal(err)
			}
			if n > most {
				oldest, most = tag, n
			}
		}
		b.Logf("%d commits since the oldest base", most)
		inTurn(b, dir, version, []string{"git", "log", "--format=%H", "--name-only", oldest + "..HEAD"})
	})
	for _, graph := range []string{"", ", commit-graph"} {
		b.Run("tags that are no versions"+graph, func(b *testing.B) {
			dir := generated(b, "mixed"+strings.Trim(graph, ", "), mixedHistory)
			r := &gittest.Repo{T: b, Dir: dir}
			r.Git("repack", "-q", "-a", "-d", "-f")
			if graph != "" {
				r.Git("commit-graph", "write", "--reachable")
			}
			inTurn(b, dir, version, []string{"git", "log", "--format=%H %P %ct %B"})
		})
	}
	b.Run("25 services", func(b *testing.B) {
		dir := generated(b, "fleet", fleetHistory)
		r := &gittest.Repo{T: b, Dir: dir}
		r.Git("repack", "-q", "-a", "-d", "-f")
		inTurn(b, dir, version, []string{"git", "log", "--format=%H", "--name-only", "s0/v1.0.0..HEAD"})
	})
	for _, n := range []int{10_000, 100_000, 400_000} {
		b.Run(fmt.Sprintf("%d commits", n), func(b *testing.B) {
			dir := generated(b, fmt.Sprintf("length%d", n), largeHistory(n, 500, largeSince))
			r := &gittest.Repo{T: b, Dir: dir}
			b.Logf("%s commits since the base", r.Git("rev-list", "--count", r.Git("describe", "--tags", "--abbrev=0")+"..HEAD"))
			inTurn(b, dir, version, nil)
		})
	}
}
