package kubelet

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pintle-ci/pintle/sandbox/image"
)

func TestConditions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		two := 2 * time.Second
		l := newLife(one("web"), map[string]image.Script{"web": {ReadyAfter: &two}})
		l.obj.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/lb"}}
		gate := corev1.PodCondition{Type: "example.com/lb", Status: corev1.ConditionFalse}
		l.obj.Status.Conditions = []corev1.PodCondition{gate}
		began := metav1.Now()
		l.live(0)
		checkConditions(t, "started", l.status(), map[corev1.PodConditionType]string{
			"example.com/lb": "False", "PodReadyToStartContainers": "True", "Initialized": "True", "PodScheduled": "True",
			"ContainersReady": "False ContainersNotReady", "Ready": "False ContainersNotReady",
		})
		l.live(3 * time.Second)
		s := l.status()
		checkConditions(t, "gate closed", s, map[corev1.PodConditionType]string{
			"example.com/lb": "False", "PodReadyToStartContainers": "True", "Initialized": "True", "PodScheduled": "True",
			"ContainersReady": "True", "Ready": "False ReadinessGatesNotReady",
		})
		for _, c := range s.Conditions {
			if c.Type == corev1.PodReady && !c.LastTransitionTime.Equal(&began) {
				t.Errorf("Ready has stayed False, but its last transition is %s and not %s", c.LastTransitionTime, began)
			}
		}
		gate.Status = corev1.ConditionTrue
		l.pod.sent.Conditions = withForeign(l.pod.sent.Conditions, []corev1.PodCondition{gate})
		checkConditions(t, "gate open", l.status(), map[corev1.PodConditionType]string{
			"example.com/lb": "True", "PodReadyToStartContainers": "True", "Initialized": "True", "PodScheduled": "True",
			"ContainersReady": "True", "Ready": "True",
		})
	})
}

func checkConditions(t *testing.T, when string, s corev1.PodStatus, want map[corev1.PodConditionType]string) {
	t.Helper()
	got := map[corev1.PodConditionType]string{}
	for _, c := range s.Conditions {
		got[c.Type] = string(c.Status)
		if c.Reason != "" {
			got[c.Type] += " " + c.Reason
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: conditions (-want +got):\n%s", when, diff)
	}
}

func TestOutput(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	two, five, sinceLong := int64(2), int64(5), metav1.NewTime(at.Add(time.Second))
	for _, tt := range []struct {
		name string
		opts corev1.PodLogOptions
		want string
	}{
		{"all", corev1.PodLogOptions{}, "one\ntwo\nthree\n"},
		{"tail", corev1.PodLogOptions{TailLines: &two}, "two\nthree\n"},
		{"limit", corev1.PodLogOptions{LimitBytes: &five}, "one\nt"},
		{"since", corev1.PodLogOptions{SinceTime: &sinceLong}, ""},
		{"timestamps", corev1.PodLogOptions{Timestamps: true, TailLines: new(int64)}, ""},
		{"timestamps of two", corev1.PodLogOptions{Timestamps: true, TailLines: &two}, "2026-01-02T03:04:05Z two\n2026-01-02T03:04:05Z three\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var buf bytes.Buffer
			o := newOutput(at, []string{"one", "two", "three"})
			if err := o.write(t.Context(), &buf, tt.opts, func() {}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, buf.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFollowEndsWithTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutput(time.Now(), []string{"hello"})
		ended := false
		go func() {
			_ = o.write(t.Context(), &bytes.Buffer{}, corev1.PodLogOptions{Follow: true}, func() {})
			ended = true
		}()
		synctest.Wait()
		if ended {
			t.Fatal("followed logs ended while the container ran")
		}
		o.close()
		synctest.Wait()
		if !ended {
			t.Fatal("followed logs went on after the container ended")
		}
	})
}

func TestPrintedOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLife(one("bad"), map[string]image.Script{"bad": exits(time.Second, 1)})
		l.images = map[string]image.Script{}
		l.live(0)
		c := l.pod.all[0]
		if _, err := c.printed("cart", false); err == nil || err.Error() != `container "c" in pod "cart" is waiting to start: ErrImagePull` {
			t.Errorf("logs of a container without an image: %v", err)
		}
		l.images["bad"] = exits(time.Second, 1)
		l.live(10 * time.Second)
		first := c.output
		if _, err := c.printed("cart", true); err == nil {
			t.Error("a first run has previous logs")
		}
		l.live(12 * time.Second) // started again
		if got, err := c.printed("cart", true); err != nil || got != first {
			t.Errorf("previous logs of the second run: %v, %v", got, err)
		}
		second := c.output
		l.live(14 * time.Second) // CrashLoopBackOff
		if got, err := c.printed("cart", true); err != nil || got != second {
			t.Errorf("previous logs in the back-off: %v, %v; want those of the latest run", got, err)
		}
	})
}
