package render

import (
	"strconv"
	"strings"
)

// Annotations that make a document a hook (facts/helm-format.md 4.4).
const (
	hookAnnotation       = "helm.sh/hook"
	hookWeightAnnotation = "helm.sh/hook-weight"
	hookDeleteAnnotation = "helm.sh/hook-delete-policy"
	hookLogAnnotation    = "helm.sh/hook-output-log-policy"

	testEvent = "test"
)

// hookEvents maps the words of the annotation to events.
var hookEvents = map[string]string{
	"pre-install": "pre-install", "post-install": "post-install",
	"pre-delete": "pre-delete", "post-delete": "post-delete",
	"pre-upgrade": "pre-upgrade", "post-upgrade": "post-upgrade",
	"pre-rollback": "pre-rollback", "post-rollback": "post-rollback",
	testEvent: testEvent, "test-success": testEvent,
}

// newHook makes a hook of a document that has the annotation. A document with an event that is not known is neither
// hook nor manifest: ok is false.
func newHook(m Manifest, annotations map[string]string) (h Hook, ok bool) {
	h = Hook{Manifest: m, Events: []string{}, DeletePolicies: []string{}, OutputLogPolicies: []string{}}
	for word := range strings.SplitSeq(annotations[hookAnnotation], ",") {
		event, known := hookEvents[strings.ToLower(strings.TrimSpace(word))]
		if !known {
			return Hook{}, false
		}
		h.Events = append(h.Events, event)
	}
	if weight, err := strconv.Atoi(annotations[hookWeightAnnotation]); err == nil {
		h.Weight = weight
	}
	h.DeletePolicies = append(h.DeletePolicies, words(annotations, hookDeleteAnnotation)...)
	h.OutputLogPolicies = append(h.OutputLogPolicies, words(annotations, hookLogAnnotation)...)
	return h, true
}

// words reads an annotation that is a list of words.
func words(annotations map[string]string, name string) []string {
	list, ok := annotations[name]
	if !ok {
		return nil
	}
	var out []string
	for word := range strings.SplitSeq(list, ",") {
		out = append(out, strings.ToLower(strings.TrimSpace(word)))
	}
	return out
}
