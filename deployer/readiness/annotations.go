package readiness

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Annotations by which one object of a chart is waited for otherwise.
const (
	WaitAnnotation     = "pintle.dev/wait"         // "ignore": the deploy does not depend on it
	TimeoutAnnotation  = "pintle.dev/wait-timeout" // 20m: how long it may take, instead of the request's Timeout
	TolerateAnnotation = "pintle.dev/tolerate"     // CrashLoopBackOff,ErrImagePull or *: troubles that are not final
)

// maxWait bounds what an annotation can ask for.
const maxWait = 24 * time.Hour

// Annotations is what an object's annotations say about waiting for it.
type Annotations struct {
	Ignore   bool
	Timeout  time.Duration // 0: the request's
	tolerate []string      // keys of fatalReasons, or "*"
}

// ReadAnnotations reads an object's annotations. The error names the one that cannot be read.
func ReadAnnotations(o *unstructured.Unstructured) (Annotations, error) {
	var n Annotations
	notes := o.GetAnnotations()
	switch v := notes[WaitAnnotation]; v {
	case "":
	case "ignore":
		n.Ignore = true
	default:
		return n, fmt.Errorf("annotation %s: %q is unknown; write ignore, or leave it out", WaitAnnotation, v)
	}
	if v := notes[TimeoutAnnotation]; v != "" {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 || d > maxWait {
			return n, fmt.Errorf("annotation %s: %q is no time up to 24h; write it as 90s or 20m", TimeoutAnnotation, v)
		}
		n.Timeout = d
	}
	for reason := range strings.SplitSeq(notes[TolerateAnnotation], ",") {
		if reason = strings.TrimSpace(reason); reason != "" {
			n.tolerate = append(n.tolerate, reason)
		}
	}
	if err := CheckReasons(n.tolerate); err != nil {
		return n, fmt.Errorf("annotation %s: %w", TolerateAnnotation, err)
	}
	return n, nil
}

// CheckReasons refuses reasons that no trouble has.
func CheckReasons(reasons []string) error {
	for _, r := range reasons {
		if _, ok := fatalReasons[r]; !ok && r != "*" {
			return fmt.Errorf("%q is no reason; there are *, %s", r, strings.Join(slices.Sorted(maps.Keys(fatalReasons)), ", "))
		}
	}
	return nil
}

// With adds what the criteria of the object's kind tolerate.
func (n Annotations) With(c Criteria) Annotations {
	n.tolerate = slices.Concat(n.tolerate, c.Tolerate)
	return n
}

// Tolerates reports whether a trouble with this reason, however long it lasts, must not end the wait. Reasons of one
// family are tolerated together.
func (n Annotations) Tolerates(reason string) bool {
	return slices.ContainsFunc(n.tolerate, func(t string) bool {
		return t == "*" || t == reason || family(t) == family(reason)
	})
}
