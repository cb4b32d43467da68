package kubelet

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pintle-ci/pintle/sandbox/image"
)

// life is a pod on a node of its own, in the clock of a synctest bubble.
type life struct {
	obj     *corev1.Pod
	pod     *pod
	begun   time.Time
	images  map[string]image.Script // absent ones cannot be pulled
	missing string                  // a volume or container that lacks its configuration
	events  []string                // "12s container reason"
	states  []string                // "12s container state", when it changes
}

func newLife(spec corev1.PodSpec, images map[string]image.Script) *life {
	if spec.RestartPolicy == "" {
		spec.RestartPolicy = corev1.RestartPolicyAlways
	}
	obj := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "cart", UID: "u1", Generation: 1}, Spec: spec}
	return &life{obj: obj, pod: newPod(obj, "10.244.0.2"), begun: time.Now(), images: images}
}

func (l *life) env() env {
	return env{
		pull: func(ref string, _ corev1.PullPolicy) (pulled, error) {
			script, ok := l.images[ref]
			if !ok {
				return pulled{}, absent(ref, "not found")
			}
			return pulled{name: ref, id: ref + "@sha256:1", script: script}, nil
		},
		mount: func(v *corev1.Volume) error {
			if v.Name == l.missing {
				return errors.New(`secret "s" not found`)
			}
			return nil
		},
		config: func(c *corev1.Container) error {
			if c.Name == l.missing {
				return errors.New(`configmap "m" not found`)
			}
			return nil
		},
		event: func(c *corev1.Container, _, reason, message string) {
			name := "pod"
			if c != nil {
				name = c.Name
			}
			if strings.HasPrefix(message, "Error: ") {
				reason = message
			}
			l.events = append(l.events, fmt.Sprintf("%s %s %s", l.now(), name, reason))
		},
	}
}

func (l *life) now() time.Duration { return time.Since(l.begun) }

// live lets the pod live until the moment end.
func (l *life) live(end time.Duration) {
	for {
		next := l.pod.advance(l.obj, l.env())
		l.note()
		left := end - l.now()
		if left <= 0 {
			return
		}
		if next == 0 || next > left {
			next = left
		}
		time.Sleep(next)
	}
}

func (l *life) note() {
	for _, c := range l.pod.all {
		line := c.spec.Name + " " + describe(c)
		if old := l.last(c.spec.Name); old != line {
			l.states = append(l.states, fmt.Sprintf("%s %s", l.now(), line))
		}
	}
}

func (l *life) last(name string) string {
	for _, s := range slices.Backward(l.states) {
		_, line, _ := strings.Cut(s, " ")
		if strings.HasPrefix(line, name+" ") {
			return line
		}
	}
	return ""
}

func describe(c *container) string {
	switch {
	case c.state.Waiting != nil:
		return c.state.Waiting.Reason
	case c.state.Terminated != nil:
		return fmt.Sprintf("%s %d", c.state.Terminated.Reason, c.state.Terminated.ExitCode)
	case c.ready:
		return fmt.Sprintf("ready #%d", c.count)
	}
	return fmt.Sprintf("running #%d", c.count)
}

// status returns what the API server would be told now.
func (l *life) status() corev1.PodStatus {
	before := l.obj.Status
	if l.pod.sent != nil {
		before = *l.pod.sent
	}
	s := l.pod.status(l.obj, before)
	l.pod.sent = &s
	return s
}

func (l *life) eventsOf(reason string) []string {
	var out []string
	for _, e := range l.events {
		if strings.HasSuffix(e, " "+reason) {
			at, _, _ := strings.Cut(e, " ")
			out = append(out, at)
		}
	}
	return out
}

func one(image string) corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: image}}}
}

func exits(after time.Duration, code int32) image.Script {
	return image.Script{ExitAfter: &after, ExitCode: code}
}

func TestCrashLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLife(one("bad"), map[string]image.Script{"bad": exits(time.Second, 3)})
		l.live(16 * time.Minute)
		// A run takes 1 s and its end is seen 1 s later; the first restart is at once, then 10 s after the end, 20, 40, ... 300.
		want := []string{"0s", "2s", "13s", "34s", "1m15s", "2m36s", "5m17s", "10m18s", "15m19s"}
		if diff := cmp.Diff(want, l.eventsOf("Started")); diff != "" {
			t.Errorf("starts (-want +got):\n%s", diff)
		}
		s := l.status().ContainerStatuses[0]
		if s.State.Waiting == nil || s.State.Waiting.Reason != "CrashLoopBackOff" ||
			s.State.Waiting.Message != "back-off 5m0s restarting failed container=c pod=cart_shop(u1)" {
			t.Errorf("state = %+v", s.State)
		}
		if s.LastTerminationState.Terminated == nil || s.LastTerminationState.Terminated.ExitCode != 3 {
			t.Errorf("last state = %+v", s.LastTerminationState)
		}
		if s.RestartCount != 8 {
			t.Errorf("restarts = %d, want 8", s.RestartCount)
		}
	})
}

func TestCrashLoopIsForgottenAfterALongRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLife(one("slow"), map[string]image.Script{"slow": exits(11*time.Minute, 1)})
		l.live(34 * time.Minute)
		want := []string{"0s", "11m1s", "22m2s", "33m3s"}
		if diff := cmp.Diff(want, l.eventsOf("Started")); diff != "" {
			t.Errorf("starts (-want +got):\n%s", diff)
		}
	})
}

func TestImagePull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLife(one("shop/cart:2"), map[string]image.Script{})
		l.live(80 * time.Second)
		if diff := cmp.Diff([]string{"0s", "10s", "30s", "1m10s"}, l.eventsOf("Pulling")); diff != "" {
			t.Errorf("pulls (-want +got):\n%s", diff)
		}
		wantStates := []string{
			"0s c ErrImagePull", "1s c ImagePullBackOff", "10s c ErrImagePull", "11s c ImagePullBackOff",
			"30s c ErrImagePull", "31s c ImagePullBackOff", "1m10s c ErrImagePull", "1m11s c ImagePullBackOff",
		}
		if diff := cmp.Diff(wantStates, l.states); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		first := []string{"0s c Pulling", "0s c Failed", "0s c Error: ErrImagePull", "1s c BackOff", "1s c Error: ImagePullBackOff"}
		if diff := cmp.Diff(first, l.events[:5]); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if s := l.status(); s.Phase != corev1.PodPending {
			t.Errorf("phase = %s, want Pending", s.Phase)
		}
		l.images["shop/cart:2"] = image.Script{}
		l.live(3 * time.Minute)
		if got := l.last("c"); got != "c ready #0" {
			t.Errorf("after the image appeared: %s", got)
		}
	})
}

func TestReadiness(t *testing.T) {
	second, long := time.Second, 20*time.Second
	probe := &corev1.Probe{InitialDelaySeconds: 5, PeriodSeconds: 3}
	for _, tt := range []struct {
		name   string
		script image.Script
		probe  *corev1.Probe
		states []string
		fails  []string // when the probe is said to fail
	}{
		{"without a probe", image.Script{}, nil, []string{"0s c ready #0"}, nil},
		{"with a probe", image.Script{}, probe, []string{"0s c running #0", "5s c ready #0"}, nil},
		{"the label wins over the probe", image.Script{ReadyAfter: &second}, probe, []string{"0s c running #0", "1s c ready #0"}, nil},
		{"later than the probe", image.Script{ReadyAfter: &long}, probe,
			[]string{"0s c running #0", "20s c ready #0"}, []string{"5s", "8s", "11s", "14s", "17s"}},
		{"about to crash", exits(20*time.Second, 1), &corev1.Probe{PeriodSeconds: 10},
			[]string{"0s c running #0", "20s c Error 1", "21s c running #1"}, []string{"0s", "10s", "21s"}},
		{"never", image.Script{NeverReady: true}, nil, []string{"0s c running #0"}, []string{"0s", "10s", "20s", "30s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				spec := one("web")
				spec.Containers[0].ReadinessProbe = tt.probe
				l := newLife(spec, map[string]image.Script{"web": tt.script})
				l.live(30 * time.Second)
				if diff := cmp.Diff(tt.states, l.states); diff != "" {
					t.Errorf("states (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.fails, l.eventsOf("Unhealthy")); diff != "" {
					t.Errorf("failing probes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRestartPolicy(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy corev1.RestartPolicy
		script image.Script
		starts []string
		phase  corev1.PodPhase
	}{
		{"without a word a Job's container completes", corev1.RestartPolicyNever, image.Script{}, []string{"0s"}, corev1.PodSucceeded},
		{"also under OnFailure", corev1.RestartPolicyOnFailure, image.Script{Log: []string{"hi"}}, []string{"0s"}, corev1.PodSucceeded},
		{"Never fails at the first exit", corev1.RestartPolicyNever, exits(0, 4), []string{"0s"}, corev1.PodFailed},
		{"OnFailure tries again", corev1.RestartPolicyOnFailure, exits(0, 4), []string{"0s", "1s", "11s"}, corev1.PodRunning},
		{"OnFailure is content with 0", corev1.RestartPolicyOnFailure, exits(2*time.Second, 0), []string{"0s"}, corev1.PodSucceeded},
		{"Always starts again after 0", corev1.RestartPolicyAlways, exits(2*time.Second, 0), []string{"0s", "3s"}, corev1.PodRunning},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				spec := one("job")
				spec.RestartPolicy = tt.policy
				l := newLife(spec, map[string]image.Script{"job": tt.script})
				l.live(14 * time.Second)
				if diff := cmp.Diff(tt.starts, l.eventsOf("Started")); diff != "" {
					t.Errorf("starts (-want +got):\n%s", diff)
				}
				if got := l.status().Phase; got != tt.phase {
					t.Errorf("phase = %s, want %s", got, tt.phase)
				}
			})
		})
	}
}

func TestInitContainers(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	spec := corev1.PodSpec{
		InitContainers: []corev1.Container{
			{Name: "migrate", Image: "migrate"},
			{Name: "proxy", Image: "proxy", RestartPolicy: &always},
			{Name: "seed", Image: "seed"},
		},
		Containers: []corev1.Container{{Name: "web", Image: "web"}},
	}
	synctest.Test(t, func(t *testing.T) {
		l := newLife(spec, map[string]image.Script{"migrate": exits(2*time.Second, 0), "proxy": {}, "seed": {}, "web": {}})
		l.live(time.Second)
		s := l.status()
		if s.Phase != corev1.PodPending || s.ContainerStatuses[0].State.Waiting.Reason != "PodInitializing" {
			t.Errorf("while initializing: phase %s, web %+v", s.Phase, s.ContainerStatuses[0].State)
		}
		l.live(3 * time.Second)
		want := []string{
			"0s migrate running #0", "0s proxy PodInitializing", "0s seed PodInitializing", "0s web PodInitializing",
			"2s migrate Completed 0", "2s proxy ready #0", "2s seed Completed 0", "2s web ready #0",
		}
		if diff := cmp.Diff(want, l.states); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		spec.RestartPolicy = corev1.RestartPolicyNever
		l := newLife(spec, map[string]image.Script{"migrate": exits(0, 1)})
		l.live(5 * time.Second)
		if s := l.status(); s.Phase != corev1.PodFailed || s.ContainerStatuses[0].State.Waiting == nil {
			t.Errorf("after a failed init container: phase %s, web %+v", s.Phase, s.ContainerStatuses[0].State)
		}
	})
}

func TestSidecarsEndWithAJob(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	synctest.Test(t, func(t *testing.T) {
		l := newLife(corev1.PodSpec{
			RestartPolicy:  corev1.RestartPolicyNever,
			InitContainers: []corev1.Container{{Name: "proxy", Image: "proxy", RestartPolicy: &always}},
			Containers:     []corev1.Container{{Name: "job", Image: "job"}},
		}, map[string]image.Script{"proxy": {}, "job": {}})
		l.live(5 * time.Second)
		want := []string{"0s proxy ready #0", "0s job ready #0", "1s proxy Completed 0", "1s job Completed 0"}
		if diff := cmp.Diff(want, l.states); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		if got := l.status().Phase; got != corev1.PodSucceeded {
			t.Errorf("phase = %s, want Succeeded", got)
		}
	})
}

func TestMissingConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLife(one("web"), map[string]image.Script{"web": {}})
		l.missing = "c"
		l.live(15 * time.Second)
		w := l.status().ContainerStatuses[0].State.Waiting
		if w == nil || w.Reason != "CreateContainerConfigError" || w.Message != `configmap "m" not found` {
			t.Errorf("waiting = %+v", w)
		}
		l.missing = ""
		l.live(30 * time.Second)
		if got := l.last("c"); got != "c ready #0" {
			t.Errorf("after the ConfigMap appeared: %s", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		spec := one("web")
		spec.Volumes = []corev1.Volume{{Name: "v"}}
		l := newLife(spec, map[string]image.Script{"web": {}})
		l.missing = "v"
		l.live(8 * time.Second)
		if diff := cmp.Diff([]string{"0s", "500ms", "1.5s", "3.5s", "7.5s"}, l.eventsOf("FailedMount")); diff != "" {
			t.Errorf("tries (-want +got):\n%s", diff)
		}
		s := l.status()
		if s.ContainerStatuses[0].State.Waiting.Reason != "ContainerCreating" || s.PodIP != "" {
			t.Errorf("status = %+v", s)
		}
	})
}

// end deletes the pod and lets its containers stop.
func (l *life) end(grace int64) {
	now := metav1.Now()
	l.obj.DeletionTimestamp, l.obj.DeletionGracePeriodSeconds = &now, &grace
	for {
		next := l.pod.terminate(l.obj, l.env())
		l.note()
		if next == 0 {
			return
		}
		time.Sleep(next)
	}
}

func TestDeletionTakesAsLongAsTheImageSays(t *testing.T) {
	five := 5 * time.Second
	for name, tt := range map[string]struct {
		script image.Script
		want   string
	}{
		"at once":                  {image.Script{}, "2s c Completed 0"},
		"slowly":                   {image.Script{StopAfter: 7 * time.Second}, "9s c Completed 0"},
		"killed":                   {image.Script{StopAfter: time.Hour}, "32s c Error 137"},
		"meanwhile it ends itself": {image.Script{StopAfter: time.Hour, ExitAfter: &five, ExitCode: 3}, "5s c Error 3"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				spec := one("web")
				spec.RestartPolicy = corev1.RestartPolicyNever
				l := newLife(spec, map[string]image.Script{"web": tt.script})
				if tt.script.ExitAfter == nil {
					l.obj.Spec.RestartPolicy = corev1.RestartPolicyAlways
				}
				l.live(2 * time.Second)
				l.end(30)
				if diff := cmp.Diff([]string{"0s c ready #0", tt.want}, l.states); diff != "" {
					t.Errorf("states (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]string{"2s"}, l.eventsOf("Killing")); diff != "" {
					t.Errorf("kills (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestActiveDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec, limit := one("web"), int64(5)
		spec.ActiveDeadlineSeconds = &limit
		l := newLife(spec, map[string]image.Script{"web": {}})
		l.live(6 * time.Second)
		s := l.status()
		if s.Phase != corev1.PodFailed || s.Reason != "DeadlineExceeded" || s.ContainerStatuses[0].State.Terminated == nil {
			t.Errorf("status = %+v", s)
		}
		if diff := cmp.Diff([]string{"5s"}, l.eventsOf("Killing")); diff != "" {
			t.Errorf("kills (-want +got):\n%s", diff)
		}
	})
}
