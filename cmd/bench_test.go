package cmd_test

import (
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"
)

// BenchmarkStart measures whole processes, ours and Helm's in turn, and reports
// the medians of their ratios. It needs bin/pintle and Helm on PATH: make bench.
func BenchmarkStart(b *testing.B) {
	helm, err := exec.LookPath("helm")
	if err != nil {
		b.Skip("no helm on PATH: make bench builds it")
	}
	const pintle = "../bin/pintle"
	var wall, memory []float64
	for b.Loop() {
		ourTime, ourMemory := process(b, pintle, "--version")
		theirTime, theirMemory := process(b, helm, "version")
		wall = append(wall, ourTime.Seconds()/theirTime.Seconds())
		memory = append(memory, ourMemory/theirMemory)
	}
	b.ReportMetric(median(wall), "wall/helm")
	b.ReportMetric(median(memory), "memory/helm")
}

// process runs a command and returns its wall time and its peak memory in KiB.
func process(b *testing.B, name string, args ...string) (time.Duration, float64) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), name, args...)
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", name, err, out)
	}
	took := time.Since(began)
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		b.Fatal("no resource usage on this system")
	}
	return took, float64(usage.Maxrss)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
