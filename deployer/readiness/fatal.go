package readiness

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/text"
)

// A container in trouble is given a little time or a few tries before the trouble counts as final, because registries
// blip and Secrets arrive late. One of the two limits reached is enough.
type grace struct {
	tries int           // times the trouble was entered anew
	lasts time.Duration // time since it began; 0 means no limit
}

// fatalReasons is when a container's trouble means that success has become impossible (engine-rules.md 4). The reasons
// are the kubelet's.
var fatalReasons = map[string]grace{
	"InvalidImageName":           {tries: 1},
	"ErrImageNeverPull":          {tries: 1},
	"ErrImagePull":               {tries: 2, lasts: 15 * time.Second},
	"ImagePullBackOff":           {tries: 2, lasts: 15 * time.Second},
	"ImageInspectError":          {tries: 2, lasts: 15 * time.Second},
	"RegistryUnavailable":        {tries: 3, lasts: 30 * time.Second},
	"CreateContainerConfigError": {tries: 4, lasts: 10 * time.Second},
	"CreateContainerError":       {tries: 4, lasts: 10 * time.Second},
	"RunContainerError":          {tries: 3, lasts: 10 * time.Second},
	"PreStartHookError":          {tries: 2},
	"PostStartHookError":         {tries: 2},
	"CrashLoopBackOff":           {tries: 1},
	crashed:                      {tries: 1},
	failedCreate:                 {tries: 20, lasts: 5 * time.Second},
	quotaExceeded:                {tries: 40, lasts: 20 * time.Second},
	givenUp:                      {lasts: 30 * time.Second},
}

// Reasons of our own.
const (
	crashed       = "Crashed"       // ended badly, maxCrashes times
	failedCreate  = "FailedCreate"  // the controller may not create pods
	quotaExceeded = "QuotaExceeded" // the same, but pods that stop may make room
	givenUp       = "GivenUp"       // a custom resource's controller says that it cannot
	maxCrashes    = 2
)

// families are reasons that alternate while one trouble lasts.
var families = map[string]string{"ImagePullBackOff": "ErrImagePull"}

func family(reason string) string { return cmp.Or(families[reason], reason) }

// Trouble is what keeps one container, or one controller, from getting on.
type Trouble struct {
	Reason  string // a key of fatalReasons, or a reason that is never final
	Cause   string // one line
	key     string // the same trouble has the same key: pod uid, container, family
	episode string // changes when the trouble is entered anew
}

// PodTroubles reads what is wrong with a pod's containers. Those of a Job may crash as often as its backoffLimit says:
// the Job counts, not we.
func PodTroubles(pod *unstructured.Unstructured, ofJob bool) []Trouble {
	var out []Trouble
	for _, field := range []string{"initContainerStatuses", "containerStatuses"} {
		list, _, _ := unstructured.NestedSlice(pod.Object, "status", field)
		for _, item := range list {
			m, ok := item.(map[string]any)
			if !ok {
				continue
			}
			if t, ok := containerTrouble(m, ofJob); ok {
				t.key = string(pod.GetUID()) + "/" + t.key
				out = append(out, t)
			}
		}
	}
	return out
}

func containerTrouble(status map[string]any, ofJob bool) (Trouble, bool) {
	c := &unstructured.Unstructured{Object: status}
	name, restarts := object.String(c, "name"), object.Int(c, "restartCount")
	reason := object.String(c, "state", "waiting", "reason")
	t := Trouble{Reason: reason, key: name + "/" + family(reason), episode: fmt.Sprint(reason, restarts)}
	switch {
	case imageReasons[reason]:
		t.Cause = fmt.Sprintf("image %s of container %s: %s", object.String(c, "image"), name, pullCause(c, reason))
		return t, true
	case reason == "CrashLoopBackOff":
		t.Cause = fmt.Sprintf("container %s %s, %d times", name, Termination(c, "lastState"), restarts+1)
		return t, !ofJob
	case reason != "" && reason != "ContainerCreating" && reason != "PodInitializing":
		message := text.Brief(object.String(c, "state", "waiting", "message"))
		t.Cause = strings.TrimSuffix(fmt.Sprintf("container %s: %s: %s", name, reason, message), ": ")
		return t, true
	}
	_, ended, _ := unstructured.NestedMap(status, "state", "terminated")
	if !ended || object.Int(c, "state", "terminated", "exitCode") == 0 {
		return Trouble{}, false
	}
	crashes := restarts + 1
	t.Cause = fmt.Sprintf("container %s %s, %s", name, Termination(c, "state"), timesText(crashes))
	t.Reason, t.key = "", name+"/"+crashed
	if crashes >= maxCrashes {
		t.Reason = crashed
	}
	return t, !ofJob
}

// imageReasons are those whose message is about an image, not a container.
var imageReasons = map[string]bool{
	"ErrImagePull": true, "ImagePullBackOff": true, "InvalidImageName": true, "ErrImageNeverPull": true,
	"ImageInspectError": true, "RegistryUnavailable": true,
}

// pullCause is the end of a pull's message, where runtimes put the registry's own words: `failed to resolve reference
// "web:1": web:1: not found`.
func pullCause(c *unstructured.Unstructured, reason string) string {
	message := strings.Join(strings.Fields(object.String(c, "state", "waiting", "message")), " ")
	if i := strings.LastIndex(message, `": `); i >= 0 {
		message = message[i+len(`": `):]
	}
	message = strings.TrimPrefix(message, object.String(c, "image")+": ")
	return strings.TrimSuffix(reason+": "+text.Brief(message), ": ")
}

func timesText(n int64) string {
	if n == 1 {
		return "once so far"
	}
	return fmt.Sprintf("%d times", n)
}

// Termination says how a container ended.
func Termination(c *unstructured.Unstructured, state string) string {
	code := object.Int(c, state, "terminated", "exitCode")
	s := fmt.Sprintf("exited with code %d", code)
	if reason := object.String(c, state, "terminated", "reason"); reason != "" && reason != "Error" &&
		reason != "Completed" {
		s += " (" + reason + ")"
	}
	if message := text.Brief(object.String(c, state, "terminated", "message")); message != "" {
		s += ": " + message
	}
	return s
}

// ControllerTrouble reads from a controller's own status that it may not create its pods: quota, admission, a missing
// service account.
func ControllerTrouble(o *unstructured.Unstructured) (Trouble, bool) {
	c, ok := object.ConditionOf(o, "ReplicaFailure")
	if !ok || c.Status != "True" {
		return Trouble{}, false
	}
	return CreateTrouble(string(o.GetUID()), c.Message), true
}

// CreateTrouble is the trouble of a controller, by its uid, whose pods the server refuses with that message.
func CreateTrouble(uid, message string) Trouble {
	t := Trouble{Reason: failedCreate, Cause: "its pods cannot be created: " + text.Brief(message),
		key: uid + "/" + failedCreate}
	if strings.Contains(message, "exceeded quota") {
		t.Reason = quotaExceeded
	}
	return t
}

// GracePeriods remembers since when each trouble lasts and how often it was entered.
type GracePeriods map[string]*episodes

type episodes struct {
	since time.Time
	last  string
	count int
}

// Over reports whether a trouble has used its grace up.
func (p GracePeriods) Over(t Trouble, now time.Time) bool {
	g, fatal := fatalReasons[t.Reason]
	if !fatal {
		return false
	}
	e := p[t.key]
	if e == nil {
		e = &episodes{since: now}
		p[t.key] = e
	}
	if e.count == 0 || e.last != t.episode {
		e.count, e.last = e.count+1, t.episode
	}
	return (g.tries > 0 && e.count >= g.tries) || (g.lasts > 0 && now.Sub(e.since) >= g.lasts)
}
