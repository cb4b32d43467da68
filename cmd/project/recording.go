package project

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pintle-ci/pintle/ci"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/exitcode"
	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/pipeline/report"
	"github.com/pintle-ci/pintle/secret"
)

// recording is the sinks of a run and the files they write.
type recording struct {
	log     *event.Log
	dir     string
	root    string // GitLab's project folder, below which it looks for files
	file    *os.File
	lines   *report.JSONLines
	kept    []event.Event // for a summary when the file could not be written
	console io.Closer
	settle  func() // waits for the reports that an interruption has asked for
}

const eventsFile = "events.jsonl"

func startRecording(ctx context.Context, e cli.Env, dir string, secrets *secret.Set, build ci.CI, color bool) (*recording, error) {
	file, err := createEvents(dir)
	if err != nil {
		return nil, cli.WithCode(exitcode.Usage, fmt.Errorf("reports cannot be written: %w; wait or free the place, or name another with --report-dir", err))
	}
	r := &recording{dir: dir, root: cli.ProjectDir(e, build), file: file, lines: report.NewJSONLines(file)}
	console, sink := cli.NewConsole(e, build, color)
	r.console = console
	r.log = event.NewLog(nil, event.Masked(secrets.Text, r.lines.Event), event.Masked(secrets.Text, r.keep), event.Masked(secrets.Text, sink))
	r.settle = r.reportWhenInterrupted(ctx)
	return r, nil
}

// makeReportDir makes the folder of the reports; a new one is kept out of git.
func makeReportDir(dir string) error {
	_, err := os.Stat(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return files.WriteBelow(dir, ".gitignore", []byte("*\n"))
}

var errLocked = errors.New("another pintle is at work here")

// createEvents begins the events of a run, unless another one is writing there: two runs in one checkout would tell a
// mixture of both.
func createEvents(dir string) (*os.File, error) {
	if err := makeReportDir(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, eventsFile)
	tree, err := files.At(dir)
	if err != nil {
		return nil, err
	}
	file, err := tree.Create(path, 0o644)
	if err != nil {
		return nil, err
	}
	if err = lock(file); err == nil {
		err = file.Truncate(0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return file, nil
}

// keep remembers an event; the log calls its sinks one at a time.
func (r *recording) keep(e event.Event) {
	const most = 100_000
	if e.Kind != event.PodLog && (len(r.kept) < most || e.Kind != event.Output) {
		r.kept = append(r.kept, e)
	}
}

// reportWhenInterrupted writes the reports the moment ctx ends, before the work in progress is brought to its end:
// whoever sent the signal may not wait.
func (r *recording) reportWhenInterrupted(ctx context.Context) (settle func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		_, _ = writeReports(r.dir, r.root) // finish writes them again and tells what is wrong
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}

// finish closes the sinks and writes the reports, as far as it can: the run is what the events tell, also where
// something could not be written.
func (r *recording) finish() (report.Run, error) {
	r.settle()
	_ = r.console.Close() // whoever cannot see it cannot be told
	if err := errors.Join(r.lines.Err(), r.file.Close()); err != nil {
		run := report.Fold(r.kept)
		_ = report.WriteAll(r.dir, run) // where the events found no room, little else does
		return run, fmt.Errorf("write the events: %w", err)
	}
	return writeReports(r.dir, r.root)
}

// abandon ends a recording in which nothing was begun; it leaves no file.
func (r *recording) abandon() {
	r.settle()
	_ = errors.Join(r.console.Close(), r.file.Close(), os.Remove(r.file.Name()))
}

// writeReports folds the events in dir and writes every report beside them.
func writeReports(dir, root string) (report.Run, error) {
	tree, err := files.At(dir)
	if err != nil {
		return report.Run{}, fmt.Errorf("read the events: %w", err)
	}
	file, err := tree.Open(filepath.Join(dir, eventsFile))
	if err != nil {
		return report.Run{}, fmt.Errorf("read the events: %w", err)
	}
	defer file.Close()
	events, err := report.ReadEvents(file)
	if err != nil {
		return report.Run{}, fmt.Errorf("read %s: %w", file.Name(), err)
	}
	run := report.Fold(events)
	report.Attach(run, dir, root)
	return run, report.WriteAll(dir, run)
}
