package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pintle-ci/pintle/internal/kubeschema"
)

// Two kinds of messages about an object that does not fit its type, which server-side apply answers with a 500 as if it
// were the server's fault.
const (
	untyped     = "failed to create typed patch object" // names the field
	unconverted = "failed to convert new object"        // does not
)

// unread begins what is left of the second.
const unread = "it cannot be read as a "

func isMisfit(message string) bool {
	return strings.HasPrefix(message, untyped) || strings.HasPrefix(message, unconverted)
}

// refusalCause is the server's message without what only repeats the object.
func refusalCause(message string) string {
	message = oneLine(message)
	if strings.HasPrefix(message, untyped) {
		if _, field, ok := strings.Cut(message, "): "); ok {
			return strings.TrimPrefix(field, ".")
		}
	}
	if strings.HasPrefix(message, unconverted) {
		_, what, _ := strings.Cut(message, "unable to convert unstructured object to ")
		if _, what, ok := strings.Cut(what, "Kind="); ok {
			return unread + what
		}
	}
	return message
}

// maxMisfits bounds how many values an error names.
const maxMisfits = 5

// nameMisfits says which values of an object the server could not read, where it named none itself: those that do not
// fit the schema of the cluster's version. It shows no value. An object of a kind that does not ship with us keeps the
// server's words.
func (c *Client) nameMisfits(ctx context.Context, err error, ref Ref, body []byte) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || !strings.HasPrefix(e.Cause, unread) {
		return err
	}
	caps, _ := c.Capabilities(ctx) // without a version it is the newest
	known, schemaErr := kubeschema.Of(caps.KubeVersion)
	var object map[string]any
	if schemaErr != nil || json.Unmarshal(body, &object) != nil {
		return err
	}
	kind := known.Kind(ref.APIVersion, ref.Kind)
	if kind == nil {
		return err
	}
	var found []string
	for _, p := range known.Validate(kind, object) {
		found = append(found, p.Where()+" "+p.Message)
	}
	if more := len(found) - maxMisfits; more > 0 {
		found = append(found[:maxMisfits], fmt.Sprintf("and %d more", more))
	}
	if len(found) > 0 {
		e.Cause = strings.Join(found, ", ")
	}
	return err
}
