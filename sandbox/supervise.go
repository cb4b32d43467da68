package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pintle-ci/pintle/sandbox/state"
)

// message is what the background process tells the one that started it: a step, or how it ended.
type message struct {
	Progress string      `json:"progress,omitempty"`
	Error    string      `json:"error,omitempty"`
	Ready    *state.Info `json:"ready,omitempty"`
}

// reportFD is the background process's end of the pipe for messages.
const reportFD = 3

// spawn starts the background process and waits until its sandbox is ready. If ctx ends first, the process is stopped.
func spawn(ctx context.Context, folder state.Folder, set settings) (state.Info, error) {
	exe, err := os.Executable()
	if err != nil {
		return state.Info{}, err
	}
	out, err := os.OpenFile(filepath.Join(folder.Dir, panicFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return state.Info{}, err
	}
	defer out.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return state.Info{}, err
	}
	defer r.Close()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), exe, "supervise", "--report", "--name="+set.name, "--kubeconfig="+set.kubeconfig, fmt.Sprintf("--strict-images=%t", set.strictImages))
	cmd.Dir = folder.Dir
	cmd.Stdout, cmd.Stderr = out, out
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C in this terminal is not for it
	err = cmd.Start()
	w.Close()
	if err != nil {
		return state.Info{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	info, err := listenTo(r)
	stop()
	if err == nil {
		return info, cmd.Process.Release()
	}
	_ = cmd.Process.Kill() // it failed: whatever is left of it goes
	_ = cmd.Wait()
	if ctx.Err() != nil {
		return info, context.Cause(ctx)
	}
	if errors.Is(err, errSilent) {
		err = fmt.Errorf("start sandbox %s: %w%s%s", folder.Name, err,
			lastLines(filepath.Join(folder.Dir, logFile)), lastLines(filepath.Join(folder.Dir, panicFile)))
	}
	return info, err
}

var errSilent = errors.New("its process died")

// listenTo reads messages until the sandbox is ready, has failed, or the process is gone.
func listenTo(r *os.File) (state.Info, error) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var m message
		if err := json.Unmarshal(in.Bytes(), &m); err != nil {
			return state.Info{}, err
		}
		switch {
		case m.Ready != nil:
			return *m.Ready, nil
		case m.Error != "":
			return state.Info{}, errors.New(m.Error)
		}
		progress(m.Progress)
	}
	return state.Info{}, errSilent
}

func superviseCommand() *cobra.Command {
	var set settings
	var report bool
	cmd := &cobra.Command{
		Use:    "supervise",
		Short:  "The background process of up; not for people",
		Hidden: true,
		Args:   args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !report {
				return usageError{errors.New("supervise is started by `pintle sandbox up`")}
			}
			return supervise(cmd.Context(), set)
		},
	}
	set.addTo(cmd, defaultName)
	cmd.Flags().StringVar(&set.kubeconfig, "kubeconfig", "", "")
	cmd.Flags().BoolVar(&report, "report", false, "file descriptor 3 takes messages")
	return cmd
}

// supervise is the background process. Its parent holds the folder's lock until the sandbox is ready.
func supervise(ctx context.Context, set settings) error {
	syscall.CloseOnExec(reportFD)
	report := os.NewFile(reportFD, "report")
	folder, err := state.Open(set.name)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(report)
	tell := func(m message) { _ = enc.Encode(m) } // nobody listens any more: the sandbox runs on
	s, err := boot(ctx, folder, set, func(line string) { tell(message{Progress: line}) })
	if err != nil {
		tell(message{Error: err.Error()})
		return err
	}
	tell(message{Ready: &s.info})
	report.Close()
	return s.stay(ctx)
}

// quote quotes s for a POSIX shell if it needs it.
func quote(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("/._-+:=@%,", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
