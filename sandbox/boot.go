package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"
	"k8s.io/klog/v2"

	"github.com/pintle-ci/pintle/sandbox/cluster"
	"github.com/pintle-ci/pintle/sandbox/state"
)

const (
	logFile   = "components.log" // what etcd and the Kubernetes components log
	panicFile = "process.log"    // what the background process writes to stdout and stderr
	tailLines = 20
	tailBytes = 64 << 10
)

// settings are the flags of up and run.
type settings struct {
	name         string
	kubeconfig   string // a copy goes there, if not empty
	strictImages bool
}

// sandbox is a cluster that lives in this process, with its folder.
type sandbox struct {
	*cluster.Cluster
	info    state.Info
	folder  state.Folder
	release func()
}

// boot starts a cluster in this process. The caller holds the folder's lock and has cleared it. On an error nothing
// runs, and the error ends with the last lines of the logs.
func boot(ctx context.Context, folder state.Folder, set settings, say func(string)) (*sandbox, error) {
	release, err := folder.Claim()
	if err != nil {
		return nil, err
	}
	logs := &lumberjack.Logger{Filename: filepath.Join(folder.Dir, logFile), MaxSize: 8, MaxBackups: 1}
	redirectKlog(logs)
	began := time.Now()
	c, err := cluster.Start(ctx, cluster.Options{
		Name: folder.Name, Dir: folder.Dir, StrictImages: set.strictImages, Logs: logs, Progress: say,
	})
	if err != nil {
		release()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("start sandbox %s: %w%s", folder.Name, err, lastLines(logs.Filename))
	}
	s := &sandbox{Cluster: c, folder: folder, release: release, info: state.Info{
		Name: folder.Name, PID: os.Getpid(), Kubeconfig: c.Kubeconfig, Server: c.Server, Registry: c.Registry,
		StrictImages: set.strictImages, Started: began,
	}}
	if err := s.publish(set.kubeconfig); err != nil {
		s.Stop()
		release()
		return nil, err
	}
	say(fmt.Sprintf("ready after %.1f s", time.Since(began).Seconds()))
	return s, nil
}

// publish writes down how to reach the sandbox, and the copy of the kubeconfig.
func (s *sandbox) publish(to string) error {
	if to != "" {
		data, err := os.ReadFile(s.info.Kubeconfig)
		if err != nil {
			return err
		}
		if err := create(to, data); err != nil {
			return fmt.Errorf("write the kubeconfig: %w: give --kubeconfig a file that does not exist", err)
		}
		s.info.Copy = to
	}
	return s.folder.Save(s.info)
}

func create(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// close stops the cluster and removes its folder, unless somebody who holds the lock does that.
func (s *sandbox) close(ctx context.Context) error {
	s.Stop()
	defer s.release()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Millisecond)
	defer cancel()
	unlock, err := s.folder.Lock(ctx)
	if err != nil {
		return nil // down, or another up, has the folder
	}
	defer unlock()
	return s.folder.Remove()
}

// redirectKlog sends the Kubernetes components' logs to w.
func redirectKlog(w io.Writer) {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL", "one_output": "true"} {
		_ = flags.Set(name, value) // these flags exist and take these values
	}
	klog.SetOutput(w)
}

// lastLines returns the end of a log file as a note to an error.
func lastLines(file string) string {
	data, err := os.ReadFile(file)
	if err != nil || len(data) == 0 {
		return ""
	}
	data = data[max(0, len(data)-tailBytes):]
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	lines = lines[max(0, len(lines)-tailLines):]
	return fmt.Sprintf("\nlast lines of %s:\n  %s", filepath.Base(file), strings.Join(lines, "\n  "))
}
