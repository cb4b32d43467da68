package kubelet

import (
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/flowcontrol"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"
)

// The kubelet's numbers: pkg/kubelet/kubelet.go (MaxCrashLoopBackOff, imageBackOffPeriod, backOffPeriod, plegRelistPeriod)
// and the mounts' exponential back-off (pkg/util/goroutinemap/exponentialbackoff).
const (
	backOffInitial = 10 * time.Second
	backOffMax     = 300 * time.Second
	resync         = 10 * time.Second // between two looks at a pod that has an error
	relist         = time.Second      // between an exit and the kubelet's answer to it
	mountInitial   = 500 * time.Millisecond
	mountMax       = 2*time.Minute + 2*time.Second
)

// env is what a pod's life needs from outside.
type env struct {
	pull   func(ref string, policy corev1.PullPolicy) (pulled, error)
	mount  func(*corev1.Volume) error                              // what keeps a volume from being mounted
	config func(*corev1.Container) error                           // what keeps a container's environment from being made
	event  func(c *corev1.Container, kind, reason, message string) // c is nil for the pod itself
}

// pod is what the node knows about a pod bound to it. mu guards all of it.
type pod struct {
	mu      sync.Mutex
	uid     types.UID
	ip      string
	since   metav1.Time          // when the node accepted it
	sent    *corev1.PodStatus    // what was last written
	failure *podFailure          // the node gave the pod up
	told    time.Time            // when its containers were told to stop; zero is not yet
	gone    bool                 // its deletion is done
	all     []*container         // init containers first, in the order of the spec
	mounted bool                 // its volumes are there
	mountAt time.Time            // when mounting is tried next
	delay   time.Duration        // between the last two tries
	crashes *flowcontrol.Backoff // per container
	pulls   *flowcontrol.Backoff // per image
}

// podFailure is why the node gave a pod up, as the status says it.
type podFailure struct{ reason, message string }

func newPod(obj *corev1.Pod, ip string) *pod {
	p := &pod{
		uid:     obj.UID,
		ip:      ip,
		since:   metav1.Now(),
		crashes: flowcontrol.NewBackOff(backOffInitial, backOffMax),
		pulls:   flowcontrol.NewBackOff(backOffInitial, backOffMax),
	}
	waiting := "ContainerCreating"
	if len(obj.Spec.InitContainers) > 0 {
		waiting = "PodInitializing"
	}
	for i := range obj.Spec.InitContainers {
		p.all = append(p.all, newContainer(&obj.Spec.InitContainers[i], true, waiting))
	}
	for i := range obj.Spec.Containers {
		p.all = append(p.all, newContainer(&obj.Spec.Containers[i], false, waiting))
	}
	return p
}

// advance brings the pod's life up to now and returns after how long it must be looked at again; 0 is never.
func (p *pod) advance(obj *corev1.Pod, e env) time.Duration {
	if p.over(obj) {
		return 0
	}
	if wait, ok := p.mount(obj, e); !ok {
		return wait
	}
	next := p.deadline(obj, e)
	for _, c := range p.all {
		next = soonest(next, c.tick(obj, e))
	}
	ok, wait := p.initialize(obj, e)
	next = soonest(next, wait)
	if ok {
		for _, c := range p.regular() {
			next = soonest(next, p.keep(c, obj, e))
		}
	}
	if p.over(obj) {
		p.stop(e)
		return 0
	}
	return next
}

// mount mounts the volumes once. It reports whether they are there, and if not, when to try again.
func (p *pod) mount(obj *corev1.Pod, e env) (time.Duration, bool) {
	if p.mounted {
		return 0, true
	}
	if wait := time.Until(p.mountAt); wait > 0 {
		return wait, false
	}
	for i := range obj.Spec.Volumes {
		v := &obj.Spec.Volumes[i]
		if err := e.mount(v); err != nil {
			e.event(nil, corev1.EventTypeWarning, "FailedMount", fmt.Sprintf("MountVolume.SetUp failed for volume %q : %v", v.Name, err))
			p.delay = min(max(p.delay*2, mountInitial), mountMax)
			p.mountAt = time.Now().Add(p.delay)
			return p.delay, false
		}
	}
	p.mounted = true
	return 0, true
}

// initialize runs the init containers in order and reports whether all are through.
func (p *pod) initialize(obj *corev1.Pod, e env) (bool, time.Duration) {
	var next time.Duration
	for _, c := range p.all {
		if !c.init {
			break
		}
		if c.exit != nil && c.exit.ExitCode == 0 && !c.sidecar {
			continue
		}
		next = soonest(next, p.keep(c, obj, e))
		through := c.state.Running != nil && c.sidecar || c.exit != nil && c.exit.ExitCode == 0 && !c.sidecar
		if !through && (!c.sidecar || !p.initialized()) {
			return false, next
		}
	}
	return true, next
}

// initialized reports whether a regular container has ever started: from then on the pod counts as initialized.
func (p *pod) initialized() bool {
	for _, c := range p.regular() {
		if c.state.Running != nil || c.exit != nil {
			return true
		}
	}
	return false
}

func (p *pod) regular() []*container {
	for i, c := range p.all {
		if !c.init {
			return p.all[i:]
		}
	}
	return nil
}

// over reports whether the pod has come to its end, so that nothing in it starts again.
func (p *pod) over(obj *corev1.Pod) bool {
	if p.failure != nil || p.gone {
		return true
	}
	for _, c := range p.all {
		if c.init && !c.sidecar && c.exit != nil && c.exit.ExitCode != 0 && !restarts(c, obj) {
			return true
		}
	}
	for _, c := range p.regular() {
		if c.exit == nil || c.state.Running != nil || restarts(c, obj) {
			return false
		}
	}
	return true
}

// restarts reports whether a container that has exited is started again.
func restarts(c *container, obj *corev1.Pod) bool {
	return podutil.ContainerShouldRestart(*c.spec, obj.Spec, c.exit.ExitCode)
}

// deadline gives the pod up when it has run longer than it may.
func (p *pod) deadline(obj *corev1.Pod, e env) time.Duration {
	if obj.Spec.ActiveDeadlineSeconds == nil {
		return 0
	}
	left := time.Until(p.since.Add(time.Duration(*obj.Spec.ActiveDeadlineSeconds) * time.Second))
	if left > 0 {
		return left
	}
	p.failure = &podFailure{"DeadlineExceeded", "Pod was active on the node longer than the specified deadline"}
	e.event(nil, corev1.EventTypeNormal, "DeadlineExceeded", p.failure.message)
	return 0
}

// killed is the exit code of a container that did not stop within the grace period.
const killed = 137

// terminate tells the containers of a deleted pod to stop and returns when to look again; 0 is when all have stopped. A
// container stops at once, unless its image says after how long; at the end of the grace period it is killed.
func (p *pod) terminate(obj *corev1.Pod, e env) time.Duration {
	first := p.told.IsZero()
	if first {
		p.told = time.Now()
	}
	grace := time.Duration(0)
	if obj.DeletionGracePeriodSeconds != nil {
		grace = time.Duration(*obj.DeletionGracePeriodSeconds) * time.Second
	}
	next := time.Duration(0)
	for _, c := range p.all {
		if c.state.Running != nil && first {
			e.event(c.spec, corev1.EventTypeNormal, "Killing", "Stopping container "+c.spec.Name)
		}
		wait := c.tick(obj, e) // it may end by itself meanwhile
		if c.state.Running == nil {
			continue
		}
		after, code := c.image.script.StopAfter, int32(0)
		if after > grace {
			after, code = grace, killed
		}
		if left := time.Until(p.told.Add(after)); left > 0 {
			next = soonest(next, soonest(wait, left))
			continue
		}
		c.terminate(time.Now(), code)
	}
	return next
}

// stop ends all containers that run. Simulated containers do as they are told at once, with exit code 0.
func (p *pod) stop(e env) {
	for _, c := range p.all {
		if c.state.Running == nil {
			continue
		}
		e.event(c.spec, corev1.EventTypeNormal, "Killing", "Stopping container "+c.spec.Name)
		c.terminate(time.Now(), 0)
	}
}
