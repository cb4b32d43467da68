package wait

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/text"
)

// Bounds of the logs that are told while pods roll out.
const (
	followStreams = 24              // containers at a time
	followTail    = 100             // lines that a container printed before it was followed
	followLine    = 1000            // bytes of a line
	followRate    = 100             // lines a second, of all containers together
	followLinger  = 1 * time.Second // how long a ready object is still listened to
)

// Logs tells the logs of pods while an operation waits for them. Each container has a goroutine; the wait that has
// begun it ends it before it returns.
type Logs struct {
	cluster *kube.Client
	span    event.Span
	redact  func(string) string

	mu      sync.Mutex
	known   map[string]bool // runs of containers: pod uid, container, restarts
	open    int             // streams
	denied  bool            // by the account's rights: said once, then nothing is tried
	crowded bool            // there were more containers than followStreams: said once
	second  time.Time       // of the lines that are counted
	lines   int             // told in it
	dropped int             // since the last one that was told
}

// NewLogs tells logs through the span, after redact has taken secrets from each line.
func NewLogs(cluster *kube.Client, span event.Span, redact func(string) string) *Logs {
	return &Logs{cluster: cluster, span: span, redact: redact, known: map[string]bool{}}
}

// start begins to follow every container of these pods that has started anew.
func (f *Logs) start(ctx context.Context, pods []*unstructured.Unstructured, streams *sync.WaitGroup) {
	for _, pod := range pods {
		for _, field := range []string{"initContainerStatuses", "containerStatuses"} {
			list, _, _ := unstructured.NestedSlice(pod.Object, "status", field)
			for _, item := range list {
				m, _ := item.(map[string]any)
				c := &unstructured.Unstructured{Object: m}
				run := fmt.Sprint(pod.GetUID(), "/", object.String(c, "name"), "/", object.Int(c, "restartCount"))
				if object.String(c, "state", "waiting", "reason") != "" || object.String(c, "containerID") == "" || !f.admit(run) {
					continue
				}
				streams.Go(func() { f.follow(ctx, pod, object.String(c, "name")) })
			}
		}
	}
}

// admit takes one of the streams, for an operation that has none yet.
func (f *Logs) admit(run string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.denied || f.known[run] {
		return false
	}
	if f.open == followStreams {
		if !f.crowded {
			f.crowded = true
			f.span.Warn(fmt.Sprintf("the logs of no more than %d containers are shown at a time", followStreams))
		}
		return false
	}
	f.open++
	f.known[run] = true
	return true
}

func (f *Logs) follow(ctx context.Context, pod *unstructured.Unstructured, container string) {
	source := pod.GetName() + "/" + container
	err := f.cluster.FollowLogs(ctx, pod.GetNamespace(), pod.GetName(), container, followTail, func(line string) {
		f.report(source, line, time.Now())
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open--
	if kube.Is(err, kube.Forbidden) && !f.denied {
		f.denied = true
		f.span.Warn("no logs are shown: " + err.Error())
	}
}

// report passes a line on, unless there were too many in this second.
func (f *Logs) report(source, line string, now time.Time) {
	line = text.Clip(strings.TrimSpace(f.redact(line)), followLine)
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.second) >= time.Second {
		f.second, f.lines = now, 0
		f.reportDropped()
	}
	if f.lines++; f.lines > followRate {
		f.dropped++
		return
	}
	f.span.PodLog(source, line)
}

// reportDropped says how many lines were left out; the lock is held.
func (f *Logs) reportDropped() {
	if f.dropped > 0 {
		f.span.PodLog("", text.Counted(f.dropped, "line")+" left out: more than "+fmt.Sprint(followRate)+" a second")
	}
	f.dropped = 0
}

// end is called when all streams have ended.
func (f *Logs) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reportDropped()
}

func (w *Waiter) endLogs() {
	if w.Logs != nil {
		w.Logs.end()
	}
}

// listen makes the wait tell the logs of what is being rolled out.
func (w *Waiter) listen(ctx context.Context, streams *sync.WaitGroup) {
	if w.Logs == nil {
		return
	}
	for _, a := range w.items {
		if a.Object != nil && a.written() {
			w.Logs.start(ctx, readiness.PodsOf(a.Object, w.pods, w.sets), streams)
		}
	}
}
