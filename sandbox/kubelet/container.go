package kubelet

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"
)

const (
	errImagePull     = "ErrImagePull"
	imagePullBackOff = "ImagePullBackOff"
	crashLoopBackOff = "CrashLoopBackOff"

	// unscriptedRun is how long a container runs that is meant to end and whose image does not say when it does.
	unscriptedRun = time.Second
	// maxTerminationMessage bounds what of the log becomes the termination message (the kubelet takes 80 lines, 2048 bytes).
	maxTerminationMessage = 2048
)

// container is one container of a pod.
type container struct {
	spec    *corev1.Container
	init    bool // it stands among the init containers
	sidecar bool // and runs as long as the pod
	state   corev1.ContainerState
	exit    *corev1.ContainerStateTerminated // the latest one, if any
	last    *corev1.ContainerStateTerminated // the one that the status shows as the last state
	image   *pulled                          // nil until it is pulled
	pullErr string                           // what the last failed pull said
	pullAt  time.Time                        // when that was
	id      string
	count   int32     // of restarts
	ready   bool      // the readiness probe passes
	begun   time.Time // when it started
	readyAt time.Time // when it becomes ready; zero is never
	exitAt  time.Time // when it exits by itself; zero is never
	probeAt time.Time // when the next failing probe is reported
	retryAt time.Time // before this nothing is tried
	output  *output   // of the run that goes on, or the latest
	before  *output   // of the run before it
}

func newContainer(spec *corev1.Container, init bool, reason string) *container {
	c := &container{spec: spec, init: init, sidecar: init && podutil.IsRestartableInitContainer(spec)}
	c.wait(reason, "")
	return c
}

// wait puts the container into the waiting state.
func (c *container) wait(reason, message string) {
	c.state = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

// tick lets time pass over a running container and returns when it must be looked at again.
func (c *container) tick(obj *corev1.Pod, e env) time.Duration {
	if c.state.Running == nil {
		return 0
	}
	now := time.Now()
	if !c.exitAt.IsZero() && !now.Before(c.exitAt) {
		c.terminate(c.exitAt, c.image.script.ExitCode)
		return relist
	}
	next := time.Duration(0)
	if !c.exitAt.IsZero() {
		next = c.exitAt.Sub(now)
	}
	if c.ready || c.init && !c.sidecar {
		return next
	}
	if !c.readyAt.IsZero() && !now.Before(c.readyAt) {
		c.ready = true
		return next
	}
	if !c.readyAt.IsZero() {
		next = soonest(next, c.readyAt.Sub(now))
	}
	return soonest(next, c.probe(obj, now, e))
}

// probe reports a failing readiness probe when one is due.
func (c *container) probe(obj *corev1.Pod, now time.Time, e env) time.Duration {
	if c.probeAt.IsZero() {
		return 0
	}
	if now.Before(c.probeAt) {
		return c.probeAt.Sub(now)
	}
	e.event(c.spec, corev1.EventTypeWarning, "Unhealthy", "Readiness probe failed: "+probeFailure(c.spec.ReadinessProbe, obj.Status.PodIP))
	period := probePeriod(c.spec.ReadinessProbe)
	c.probeAt = now.Add(period)
	return period
}

func probePeriod(p *corev1.Probe) time.Duration {
	if p == nil {
		return resync
	}
	return time.Duration(cmp.Or(p.PeriodSeconds, 10)) * time.Second
}

// probeFailure is what the kubelet says about a probe that does not pass.
func probeFailure(p *corev1.Probe, ip string) string {
	switch {
	case p == nil:
		return "the labels of the image say that the container is not ready"
	case p.HTTPGet != nil:
		return "HTTP probe failed with statuscode: 503"
	case p.TCPSocket != nil:
		return fmt.Sprintf("dial tcp %s:%s: connect: connection refused", ip, p.TCPSocket.Port.String())
	case p.GRPC != nil:
		return `service unhealthy (responded with "NOT_SERVING")`
	}
	return "command failed"
}

// keep starts the container if it is not running and may be started, and returns when to look again.
func (p *pod) keep(c *container, obj *corev1.Pod, e env) time.Duration {
	if c.state.Running != nil {
		return 0
	}
	if c.exit != nil && !restarts(c, obj) {
		return 0
	}
	if wait := time.Until(c.retryAt); wait > 0 {
		return wait
	}
	if c.exit != nil {
		if wait := p.backOff(c, obj, e); wait > 0 {
			return wait
		}
	}
	if wait := p.pull(c, e); wait > 0 {
		return wait
	}
	if err := e.config(c.spec); err != nil {
		c.last = c.exit
		c.wait("CreateContainerConfigError", err.Error())
		e.event(c.spec, corev1.EventTypeWarning, "Failed", "Error: "+err.Error())
		return c.retry(resync)
	}
	c.start(obj, e)
	return c.tick(obj, e)
}

// retry sets when the container is looked at again.
func (c *container) retry(d time.Duration) time.Duration {
	c.retryAt = time.Now().Add(d)
	return d
}

// backOff says how long the container must wait before it is started again, as the kubelet's doBackOff counts: the first
// restart is at once, then 10 s, 20 s, 40 s up to 5 minutes, and from the beginning after a run of 10 minutes.
func (p *pod) backOff(c *container, obj *corev1.Pod, e env) time.Duration {
	key, finished := c.spec.Name, c.exit.FinishedAt.Time
	if !p.crashes.IsInBackOffSince(key, finished) {
		p.crashes.Next(key, finished)
		return 0
	}
	full := p.crashes.Get(key)
	name := fmt.Sprintf("%s_%s(%s)", obj.Name, obj.Namespace, obj.UID)
	c.last = c.exit
	c.wait(crashLoopBackOff, fmt.Sprintf("back-off %s restarting failed container=%s pod=%s", full, c.spec.Name, name))
	e.event(c.spec, corev1.EventTypeWarning, "BackOff", fmt.Sprintf("Back-off restarting failed container %s in pod %s", c.spec.Name, name))
	return c.retry(max(min(time.Until(finished.Add(full)), resync), time.Millisecond))
}

// pull brings the container's image to the node, with the kubelet's events and back-off. It returns how long to wait
// if the image is not there.
func (p *pod) pull(c *container, e env) time.Duration {
	policy := c.spec.ImagePullPolicy
	if c.image != nil && policy != corev1.PullAlways {
		e.event(c.spec, corev1.EventTypeNormal, "Pulled", alreadyPresent(c.spec.Image))
		return 0
	}
	key := c.spec.Image
	if p.pulls.IsInBackOffSinceUpdate(key, time.Now()) {
		message := fmt.Sprintf("Back-off pulling image %q", key)
		e.event(c.spec, corev1.EventTypeNormal, "BackOff", message)
		left := time.Until(c.pullAt.Add(p.pulls.Get(key)))
		return c.fail(e, imagePullBackOff, message+": "+c.pullErr, min(max(left, relist), resync))
	}
	begun := time.Now()
	img, err := e.pull(key, policy)
	if ie, ok := errors.AsType[*imageError](err); ok {
		return p.pullFailed(c, ie, e)
	}
	if img.local {
		e.event(c.spec, corev1.EventTypeNormal, "Pulled", alreadyPresent(key))
	} else {
		took := time.Since(begun).Truncate(time.Millisecond)
		e.event(c.spec, corev1.EventTypeNormal, "Pulling", fmt.Sprintf("Pulling image %q", key))
		e.event(c.spec, corev1.EventTypeNormal, "Pulled",
			fmt.Sprintf("Successfully pulled image %q in %v (%v including waiting). Image size: %v bytes.", key, took, took, img.size))
	}
	c.image = &img
	return 0
}

func (p *pod) pullFailed(c *container, err *imageError, e env) time.Duration {
	switch err.reason {
	case errImagePull:
		e.event(c.spec, corev1.EventTypeNormal, "Pulling", fmt.Sprintf("Pulling image %q", c.spec.Image))
		e.event(c.spec, corev1.EventTypeWarning, "Failed", fmt.Sprintf("Failed to pull image %q: %s", c.spec.Image, err.message))
		p.pulls.Next(c.spec.Image, time.Now())
		c.pullErr, c.pullAt = errImagePull+": "+err.message, time.Now()
		return c.fail(e, err.reason, err.message, relist)
	case "InvalidImageName":
		e.event(c.spec, corev1.EventTypeWarning, "InspectFailed", err.message)
	case "ErrImageNeverPull":
		e.event(c.spec, corev1.EventTypeWarning, "ErrImageNeverPull", err.message)
	}
	return c.fail(e, err.reason, err.message, resync)
}

// fail puts the container into a waiting state that is an error, and says so in an event.
func (c *container) fail(e env, reason, message string, again time.Duration) time.Duration {
	c.last = c.exit
	c.wait(reason, message)
	e.event(c.spec, corev1.EventTypeWarning, "Failed", "Error: "+reason)
	return c.retry(again)
}

func alreadyPresent(image string) string {
	return fmt.Sprintf("Container image %q already present on machine and can be accessed by the pod", image)
}

// start starts the container and settles what its script makes of this run.
func (c *container) start(obj *corev1.Pod, e env) {
	now := time.Now()
	if c.exit != nil {
		c.count++
		c.last = c.exit
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: crypto/rand
	c.id = "containerd://" + hex.EncodeToString(raw)
	c.begun = now
	c.state = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(now)}}
	c.before, c.output = c.output, newOutput(now, c.image.script.Log)
	c.exitAt = c.exits(obj, now)
	c.readiness(now)
	e.event(c.spec, corev1.EventTypeNormal, "Created", "Container created")
	e.event(c.spec, corev1.EventTypeNormal, "Started", "Container started")
}

// exits is when a run that begins now ends by itself: as the script says; without a word from it, an init container at
// once, a container that is not restarted forever after a second, and any other never.
func (c *container) exits(obj *corev1.Pod, now time.Time) time.Time {
	switch {
	case c.image.script.ExitAfter != nil:
		return now.Add(*c.image.script.ExitAfter)
	case c.init && !c.sidecar:
		return now
	case !c.init && obj.Spec.RestartPolicy != corev1.RestartPolicyAlways:
		return now.Add(unscriptedRun)
	}
	return time.Time{}
}

// readiness settles when the run becomes ready and when failing probes are reported until then.
func (c *container) readiness(now time.Time) {
	script, probe := c.image.script, c.spec.ReadinessProbe
	c.ready, c.probeAt, c.readyAt = false, time.Time{}, now
	var first time.Duration
	if probe != nil {
		first = time.Duration(probe.InitialDelaySeconds) * time.Second
	}
	switch {
	case script.NeverReady:
		c.readyAt = time.Time{}
		c.probeAt = now.Add(first)
	case script.ReadyAfter != nil:
		c.readyAt = now.Add(*script.ReadyAfter)
		c.probeAt = now.Add(first)
	case probe != nil && script.ExitAfter != nil && script.ExitCode != 0:
		// A program that is about to crash does not answer its probe before it does.
		c.readyAt = time.Time{}
		c.probeAt = now.Add(first)
	default:
		c.readyAt = now.Add(first)
	}
}

// terminate ends the run.
func (c *container) terminate(at time.Time, code int32) {
	reason := "Completed"
	if code != 0 {
		reason = "Error"
	}
	c.exit = &corev1.ContainerStateTerminated{
		ExitCode:    code,
		Reason:      reason,
		StartedAt:   metav1.NewTime(c.begun),
		FinishedAt:  metav1.NewTime(at),
		ContainerID: c.id,
	}
	if code != 0 && c.spec.TerminationMessagePolicy == corev1.TerminationMessageFallbackToLogsOnError {
		c.exit.Message = tail(c.image.script.Log, maxTerminationMessage)
	}
	c.state = corev1.ContainerState{Terminated: c.exit}
	c.ready = false
	c.output.close()
	c.retry(relist)
}

// tail returns the end of the lines, at most n bytes.
func tail(lines []string, n int) string {
	if len(lines) == 0 {
		return ""
	}
	text := strings.Join(lines, "\n") + "\n"
	return text[max(0, len(text)-n):]
}
