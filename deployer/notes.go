package deployer

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
	waitNote     = "pintle.dev/wait"         // "ignore": the deploy does not depend on it
	timeoutNote  = "pintle.dev/wait-timeout" // 20m: how long it may take, instead of the request's Timeout
	tolerateNote = "pintle.dev/tolerate"     // CrashLoopBackOff,ErrImagePull or *: troubles that are not final
)

// maxWait bounds what an annotation can ask for.
const maxWait = 24 * time.Hour

// notes is what an object's annotations say about waiting for it.
type notes struct {
	ignore   bool
	timeout  time.Duration // 0: the request's
	tolerate []string      // keys of fatalReasons, or "*"
}

// notesOf reads an object's annotations. The error names the one that cannot be read.
func notesOf(o *unstructured.Unstructured) (notes, error) {
	var n notes
	said := o.GetAnnotations()
	switch v := said[waitNote]; v {
	case "":
	case "ignore":
		n.ignore = true
	default:
		return n, fmt.Errorf("annotation %s: %q is unknown; write ignore, or leave it out", waitNote, v)
	}
	if v := said[timeoutNote]; v != "" {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 || d > maxWait {
			return n, fmt.Errorf("annotation %s: %q is no time up to 24h; write it as 90s or 20m", timeoutNote, v)
		}
		n.timeout = d
	}
	for reason := range strings.SplitSeq(said[tolerateNote], ",") {
		if reason = strings.TrimSpace(reason); reason != "" {
			n.tolerate = append(n.tolerate, reason)
		}
	}
	if err := checkReasons(n.tolerate); err != nil {
		return n, fmt.Errorf("annotation %s: %w", tolerateNote, err)
	}
	return n, nil
}

// checkReasons refuses reasons that no trouble has.
func checkReasons(reasons []string) error {
	for _, r := range reasons {
		if _, ok := fatalReasons[r]; !ok && r != "*" {
			return fmt.Errorf("%q is no reason; there are *, %s", r, strings.Join(slices.Sorted(maps.Keys(fatalReasons)), ", "))
		}
	}
	return nil
}

// with adds what the criteria of the object's kind tolerate.
func (n notes) with(c Criteria) notes {
	n.tolerate = slices.Concat(n.tolerate, c.Tolerate)
	return n
}

// tolerates reports whether a trouble with this reason, however long it lasts,
// must not end the wait. Reasons of one family are tolerated together.
func (n notes) tolerates(reason string) bool {
	return slices.ContainsFunc(n.tolerate, func(t string) bool {
		return t == "*" || t == reason || family(t) == family(reason)
	})
}

// longestWait is the longest limit that an object of the plan has for itself.
func (p *Plan) longestWait() time.Duration {
	var longest time.Duration
	for _, c := range p.Objects {
		if c.object == nil {
			continue
		}
		if n, err := notesOf(c.object); err == nil {
			longest = max(longest, n.timeout)
		}
	}
	return longest
}
