package kubelet

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"
)

// own are the conditions that a kubelet sets. All others belong to somebody else and are kept.
var own = []corev1.PodConditionType{
	corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled,
}

// status is what the API server should know about the pod now. before is what it was told last; the times of
// conditions that have not changed are taken from there.
func (p *pod) status(obj *corev1.Pod, before corev1.PodStatus) corev1.PodStatus {
	s := *before.DeepCopy()
	s.ObservedGeneration = obj.Generation
	s.Phase = p.phase(obj)
	s.HostIP, s.HostIPs = hostIP, []corev1.HostIP{{IP: hostIP}}
	s.StartTime = &p.since
	if p.mounted {
		s.PodIP, s.PodIPs = p.ip, []corev1.PodIP{{IP: p.ip}}
	}
	if p.failure != nil {
		s.Reason, s.Message = p.failure.reason, p.failure.message
	}
	s.InitContainerStatuses, s.ContainerStatuses = nil, nil
	for _, c := range p.all {
		if c.init {
			s.InitContainerStatuses = append(s.InitContainerStatuses, c.status())
		} else {
			s.ContainerStatuses = append(s.ContainerStatuses, c.status())
		}
	}
	s.Conditions = p.conditions(obj, s, before.Conditions)
	return s
}

func (c *container) status() corev1.ContainerStatus {
	started := c.state.Running != nil
	s := corev1.ContainerStatus{
		Name:         c.spec.Name,
		Image:        c.spec.Image,
		ContainerID:  c.id,
		RestartCount: c.count,
		State:        *c.state.DeepCopy(),
		Ready:        c.ready,
		Started:      &started,
	}
	if c.image != nil {
		s.Image, s.ImageID = c.image.name, c.image.id
	}
	if c.last != nil && c.last != c.state.Terminated {
		s.LastTerminationState.Terminated = c.last.DeepCopy()
	}
	if c.init && !c.sidecar {
		s.Ready = c.state.Terminated != nil && c.state.Terminated.ExitCode == 0
	}
	return s
}

// phase follows the kubelet's getPhase.
func (p *pod) phase(obj *corev1.Pod) corev1.PodPhase {
	if p.failure != nil {
		return corev1.PodFailed
	}
	for _, c := range p.all {
		if !c.init || c.sidecar {
			continue
		}
		if c.exit == nil {
			return corev1.PodPending
		}
		if c.exit.ExitCode != 0 {
			if !restarts(c, obj) {
				return corev1.PodFailed
			}
			return corev1.PodPending
		}
	}
	running, failed, again := 0, 0, 0
	for _, c := range p.regular() {
		switch {
		case c.state.Running != nil:
			running++
		case c.exit == nil:
			return corev1.PodPending
		case restarts(c, obj) && !p.terminating(obj):
			again++
		case c.exit.ExitCode != 0:
			failed++
		}
	}
	switch {
	case running > 0 || again > 0:
		return corev1.PodRunning
	case failed > 0:
		return corev1.PodFailed
	}
	return corev1.PodSucceeded
}

func (p *pod) terminating(obj *corev1.Pod) bool { return obj.DeletionTimestamp != nil || p.gone }

// conditions returns those of others and the kubelet's five, the latter with the time of their last change.
func (p *pod) conditions(obj *corev1.Pod, s corev1.PodStatus, before []corev1.PodCondition) []corev1.PodCondition {
	conds := slices.Clone(before)
	set := func(t corev1.PodConditionType, ok bool, reason, message string) {
		c := corev1.PodCondition{Type: t, Status: corev1.ConditionFalse, Reason: reason, Message: message, ObservedGeneration: obj.Generation}
		if ok {
			c.Status = corev1.ConditionTrue
		}
		i, old := podutil.GetPodConditionFromList(conds, t)
		if old == nil {
			c.LastTransitionTime = metav1.Now()
			conds = append(conds, c)
			return
		}
		c.LastTransitionTime, c.LastProbeTime = old.LastTransitionTime, old.LastProbeTime
		if old.Status != c.Status {
			c.LastTransitionTime = metav1.Now()
		}
		conds[i] = c
	}
	set(corev1.PodReadyToStartContainers, p.mounted && !ended(s.Phase), "", "")
	ok, reason, message := initialized(obj, s, p.initialized())
	set(corev1.PodInitialized, ok, reason, message)
	ok, reason, message = containersReady(obj, s)
	set(corev1.ContainersReady, ok, reason, message)
	if ok {
		ok, reason, message = gatesOpen(obj, conds)
	}
	set(corev1.PodReady, ok, reason, message)
	set(corev1.PodScheduled, true, "", "")
	return conds
}

func initialized(obj *corev1.Pod, s corev1.PodStatus, started bool) (bool, string, string) {
	if s.Phase == corev1.PodSucceeded {
		return true, "PodCompleted", ""
	}
	var incomplete []string
	for i, c := range s.InitContainerStatuses {
		done := c.Ready
		if podutil.IsRestartableInitContainer(&obj.Spec.InitContainers[i]) {
			done = *c.Started
		}
		if !done {
			incomplete = append(incomplete, c.Name)
		}
	}
	if len(incomplete) == 0 || started {
		return true, "", ""
	}
	return false, "ContainersNotInitialized", fmt.Sprintf("containers with incomplete status: %s", incomplete)
}

func containersReady(obj *corev1.Pod, s corev1.PodStatus) (bool, string, string) {
	switch s.Phase {
	case corev1.PodSucceeded:
		return false, "PodCompleted", ""
	case corev1.PodFailed:
		return false, "PodFailed", ""
	}
	var unready []string
	for i, c := range s.InitContainerStatuses {
		if podutil.IsRestartableInitContainer(&obj.Spec.InitContainers[i]) && !c.Ready {
			unready = append(unready, c.Name)
		}
	}
	for _, c := range s.ContainerStatuses {
		if !c.Ready {
			unready = append(unready, c.Name)
		}
	}
	if len(unready) > 0 {
		return false, "ContainersNotReady", fmt.Sprintf("containers with unready status: %s", unready)
	}
	return true, "", ""
}

// gatesOpen reports whether the pod's readiness gates, which others open, let it be Ready.
func gatesOpen(obj *corev1.Pod, conds []corev1.PodCondition) (bool, string, string) {
	for _, gate := range obj.Spec.ReadinessGates {
		_, c := podutil.GetPodConditionFromList(conds, gate.ConditionType)
		if c == nil {
			return false, "ReadinessGatesNotReady", fmt.Sprintf("corresponding condition of pod readiness gate %q does not exist.", gate.ConditionType)
		}
		if c.Status != corev1.ConditionTrue {
			return false, "ReadinessGatesNotReady", fmt.Sprintf("the status of pod readiness gate %q is not \"True\", but %v", gate.ConditionType, c.Status)
		}
	}
	return true, "", ""
}

// withForeign returns the kubelet's conditions of mine and everybody else's of theirs.
func withForeign(mine, theirs []corev1.PodCondition) []corev1.PodCondition {
	var out []corev1.PodCondition
	for _, c := range theirs {
		if !slices.Contains(own, c.Type) {
			out = append(out, c)
		}
	}
	for _, c := range mine {
		if slices.Contains(own, c.Type) {
			out = append(out, c)
		}
	}
	return out
}
