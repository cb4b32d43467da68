// Package image makes and reads the images that script a simulated container: an ordinary OCI image without content,
// whose config carries labels that say how the container behaves. It refuses to run anything.
package image

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The labels of a script. All are optional.
const (
	labelReadyAfter = "pintle.sandbox/ready-after" // a duration: ready so long after the start
	labelNeverReady = "pintle.sandbox/never-ready" // true: the readiness probe never passes
	labelCrashAfter = "pintle.sandbox/crash-after" // a duration: exits so long after the start, exit-code defaults to 1
	labelExitAfter  = "pintle.sandbox/exit-after"  // a duration: exits so long after the start, exit-code defaults to 0
	labelExitCode   = "pintle.sandbox/exit-code"   // 0 to 255
	labelStopAfter  = "pintle.sandbox/stop-after"  // a duration: exits so long after it was told to stop
	labelLog        = "pintle.sandbox/log"         // lines printed at the start, separated by newlines
	labelLogPrefix  = "pintle.sandbox/log."        // and more lines: log.1, log.2, ...
)

// maxLogLines bounds the lines of a script; the labels themselves are bounded by the registry.
const maxLogLines = 10_000

// Script says how a simulated container behaves. The zero value is ready at once and runs until it is stopped.
type Script struct {
	ReadyAfter *time.Duration // nil: as the pod's readiness probe says
	NeverReady bool
	ExitAfter  *time.Duration // nil: it does not exit by itself
	ExitCode   int32
	StopAfter  time.Duration // from being told to stop to the exit; the pod's grace period cuts it short
	Log        []string
}

// Labels returns the labels that ParseScript reads back.
func (s Script) Labels() map[string]string {
	labels := map[string]string{}
	if s.ReadyAfter != nil {
		labels[labelReadyAfter] = s.ReadyAfter.String()
	}
	if s.NeverReady {
		labels[labelNeverReady] = "true"
	}
	if s.ExitAfter != nil {
		labels[labelExitAfter] = s.ExitAfter.String()
		labels[labelExitCode] = strconv.Itoa(int(s.ExitCode))
	}
	if s.StopAfter > 0 {
		labels[labelStopAfter] = s.StopAfter.String()
	}
	if len(s.Log) > 0 {
		labels[labelLog] = strings.Join(s.Log, "\n")
	}
	return labels
}

// ParseScript reads the labels of an image. The error names the label that does not parse.
func ParseScript(labels map[string]string) (Script, error) {
	var s Script
	var err error
	if s.ReadyAfter, err = duration(labels, labelReadyAfter); err != nil {
		return s, err
	}
	if v, ok := labels[labelNeverReady]; ok {
		if s.NeverReady, err = strconv.ParseBool(v); err != nil {
			return s, fmt.Errorf("label %s=%q is neither true nor false", labelNeverReady, v)
		}
	}
	if err := s.parseExit(labels); err != nil {
		return s, err
	}
	stop, err := duration(labels, labelStopAfter)
	if err != nil {
		return s, err
	}
	if stop != nil {
		s.StopAfter = *stop
	}
	s.Log, err = logLines(labels)
	return s, err
}

func (s *Script) parseExit(labels map[string]string) error {
	exit, err := duration(labels, labelExitAfter)
	if err != nil {
		return err
	}
	crash, err := duration(labels, labelCrashAfter)
	if err != nil {
		return err
	}
	s.ExitAfter = exit
	if crash != nil {
		s.ExitAfter, s.ExitCode = crash, 1
	}
	v, ok := labels[labelExitCode]
	if !ok {
		return nil
	}
	code, err := strconv.ParseUint(v, 10, 8)
	if err != nil {
		return fmt.Errorf("label %s=%q is no exit code: give a number from 0 to 255", labelExitCode, v)
	}
	s.ExitCode = int32(code)
	return nil
}

func duration(labels map[string]string, name string) (*time.Duration, error) {
	v, ok := labels[name]
	if !ok {
		return nil, nil
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 {
		return nil, fmt.Errorf("label %s=%q is no duration: write for example 2s or 500ms", name, v)
	}
	return &d, nil
}

func logLines(labels map[string]string) ([]string, error) {
	var lines []string
	if v, ok := labels[labelLog]; ok {
		lines = strings.Split(strings.TrimSuffix(v, "\n"), "\n")
	}
	var numbers []int
	for name := range labels {
		if rest, ok := strings.CutPrefix(name, labelLogPrefix); ok {
			n, err := strconv.Atoi(rest)
			if err != nil {
				return nil, fmt.Errorf("label %s: %q is no number", name, rest)
			}
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		lines = append(lines, labels[labelLogPrefix+strconv.Itoa(n)])
	}
	return lines[:min(len(lines), maxLogLines)], nil
}
