package hostile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/internal/charttest"
	"github.com/pintle-ci/pintle/test/long"
)

// What a hostile chart may cost the process that reads it.
const (
	hostileTime   = 90 * time.Second // of the processors, the collection of garbage too
	hostileHang   = 4 * hostileTime  // on a busy machine
	hostileMemory = 2 << 30          // bytes resident, at the peak
	hostileText   = 8 << 10          // bytes of a message
	hostileLines  = 20               // of details below its first line
)

// hostile is a chart that wants to hurt who reads it.
type hostile struct {
	files map[string]string                     // beside Chart.yaml and templates/a.yaml, which may be replaced
	make  func(t *testing.T, dir string) string // or: makes the chart below dir and says where
	args  []string                              // more arguments
	verbs []string                              // of pintle chart; template if nil
	ok    bool                                  // the chart is only heavy: it may come out well
	want  string                                // part of the message
}

// TestHostileCharts runs pintle as a process of its own on each hostile chart: it must end with one clear line, within
// time and memory.
func TestHostileCharts(t *testing.T) {
	for group, cases := range map[string]func() map[string]hostile{
		"templates": hostileTemplates, "files": hostileFiles, "values": hostileValues, "archives": hostileArchives,
	} {
		t.Run(group, func(t *testing.T) {
			all := cases()
			names := slices.Sorted(maps.Keys(all))
			step := max(1, len(names)/long.Rounds(t, "PINTLE_HOSTILE", 2, len(names)))
			for i, name := range names {
				if i%step != 0 {
					continue
				}
				for _, verb := range all[name].verbsOr("template") {
					t.Run(name+"/"+verb, func(t *testing.T) { all[name].run(t, verb) })
				}
			}
		})
	}
}

func (h hostile) verbsOr(verb string) []string {
	if h.verbs == nil {
		return []string{verb}
	}
	if !long.On() { // they share how a chart is read
		return h.verbs[:1]
	}
	return h.verbs
}

func (h hostile) run(t *testing.T, verb string) {
	dir := t.TempDir()
	chart := filepath.Join(dir, "chart")
	if h.make != nil {
		chart = h.make(t, dir)
	} else {
		writeChart(t, chart, h.files)
	}
	args := append(append([]string{"chart"}, strings.Fields(verb)...), chart)
	code, message, took := runBounded(t, dir, append(args, h.args...))
	line, rest, _ := strings.Cut(message, "\n")
	t.Logf("%4.1f s %5d MiB exit %d: %.300s", took.Seconds, took.Memory>>20, code, line)
	switch {
	case took.CPU > hostileTime.Seconds():
		t.Errorf("took %.1f s of the processors, in %.1f", took.CPU, took.Seconds)
	case took.Memory > hostileMemory:
		t.Errorf("took %d MiB", took.Memory>>20)
	case h.ok && code == 0:
	case code != 3 && code != 4:
		t.Errorf("exit code %d: %.2000s", code, message)
	case verb == "lint" && message == "":
	case !strings.HasPrefix(line, "pintle: ") || strings.Count(rest, "\n") > hostileLines || len(message) > hostileText:
		t.Errorf("want one line and a few below it, got %d bytes: %.2000s", len(message), message)
	case !strings.Contains(message, h.want):
		t.Errorf("the message lacks %q: %s", h.want, message)
	}
}

// spent is what a process took.
type spent struct {
	Seconds float64
	CPU     float64 // seconds of all processors
	Memory  int64   // bytes resident, at the peak
}

// measure runs a command and writes what it took into a file. It is a process of its own, because Linux counts the
// memory of the process that starts another one as the other's.
func measure(file string, args []string) int {
	command := exec.Command(args[0], args[1:]...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	start := time.Now()
	err := command.Run()
	state := command.ProcessState
	if exit, ok := errors.AsType[*exec.ExitError](err); state == nil || err != nil && !ok || ok && !exit.Exited() {
		fmt.Fprintln(os.Stderr, "measure:", err)
		return 99
	}
	took := spent{time.Since(start).Seconds(), (state.UserTime() + state.SystemTime()).Seconds(), state.SysUsage().(*syscall.Rusage).Maxrss << 10}
	data, err := json.Marshal(took)
	if err == nil {
		err = os.WriteFile(file, data, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		return 99
	}
	return state.ExitCode()
}

// runBounded runs pintle until it ends or its time is up.
func runBounded(t *testing.T, dir string, args []string) (code int, stderr string, took spent) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hostileHang)
	defer cancel()
	file := filepath.Join(dir, "usage.json")
	command := exec.CommandContext(ctx, "measure", append([]string{file, "pintle"}, args...)...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.Dir = dir
	var out bytes.Buffer
	command.Stderr = &out
	err := command.Run()
	if ctx.Err() != nil {
		t.Fatalf("not done after %v: %.2000s", hostileHang, out.String())
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok || ok && (!exit.Exited() || exit.ExitCode() == 99) {
		t.Fatalf("%v: %.2000s", err, out.String())
	}
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &took)
	}
	if err != nil {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), out.String(), took
}

const hostileChartYAML = "apiVersion: v2\nname: web\nversion: 1.0.0\n"

// writeChart writes a chart's folder.
func writeChart(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	all := map[string]string{"Chart.yaml": hostileChartYAML, "templates/a.yaml": "kind: A\n"}
	maps.Copy(all, files)
	charttest.Write(t, dir, all)
}
