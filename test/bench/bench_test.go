package bench_test

import (
	"fmt"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"
)

const (
	pintleBinary = "bin/pintle" // from the repository's root
	benchRounds  = 5            // at least, for medians
)

// BenchmarkStart measures how long both take to say their version.
func BenchmarkStart(b *testing.B) {
	b.Chdir("../..")
	compare(b, []string{"--version"}, []string{"version"})
}

// compare measures whole processes, ours and Helm's in turn, and reports the medians of their ratios; ours in seconds
// is returned. It needs bin/pintle and Helm on PATH: make bench.
func compare(b *testing.B, ours, theirs []string) float64 {
	b.Helper()
	helm := helmHome(b)
	var wall, cpu, memory, took []float64
	measure := func() {
		our, ourErr := run(b, pintleBinary, ours...)
		their, theirErr := run(b, helm, theirs...)
		if ourErr != nil || theirErr != nil {
			b.Fatal(ourErr, theirErr)
		}
		wall = append(wall, our.wall/their.wall)
		cpu = append(cpu, our.cpu/their.cpu)
		memory = append(memory, our.memory/their.memory)
		took = append(took, our.wall)
	}
	for b.Loop() {
		measure()
	}
	for len(wall) < benchRounds {
		measure()
	}
	b.ReportMetric(median(wall), "wall/helm")
	b.ReportMetric(median(cpu), "cpu/helm")
	b.ReportMetric(median(memory), "memory/helm")
	b.ReportMetric(median(took)*1000, "ms")
	b.ReportMetric(0, "ns/op") // of both together: of no use
	return median(took)
}

// usage is what a process took: seconds, seconds and KiB.
type usage struct {
	wall, cpu, memory float64
}

func (u *usage) add(other usage) {
	u.wall += other.wall
	u.cpu += other.cpu
	u.memory = max(u.memory, other.memory)
}

// run runs a command to its end.
func run(b *testing.B, name string, args ...string) (usage, error) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), name, args...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		err = fmt.Errorf("%s %v: %w\n%s", name, args, err, out)
	}
	if cmd.ProcessState == nil {
		b.Fatal(err)
	}
	used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		b.Fatal("no resource usage on this system")
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return usage{wall: took.Seconds(), cpu: cpu.Seconds(), memory: float64(used.Maxrss)}, err
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
