package kube

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Two kinds of messages about an object that does not fit its type, which
// server-side apply answers with a 500 as if it were the server's fault.
const (
	untyped     = "failed to create typed patch object" // names the field
	unconverted = "failed to convert new object"        // does not
)

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
			return "it cannot be read as a " + what
		}
	}
	return message
}

// nameMisfits says which values of obj the server could not read, as far as they
// are of a kind that it reads by itself: quantities and base64.
func nameMisfits(err error, obj *unstructured.Unstructured) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Reason != Invalid || !strings.Contains(e.Err.Error(), unconverted) {
		return err
	}
	var found []string
	switch obj.GetKind() {
	case "Secret":
		found = notBase64("data", obj.Object["data"])
		e.Hint = "put plain text under stringData"
	case "ConfigMap":
		found = notBase64("binaryData", obj.Object["binaryData"])
		e.Hint = "put plain text under data"
	default:
		found = notQuantities("", obj.Object)
		e.Hint = "write quantities as 64Mi or 500m"
	}
	if len(found) == 0 {
		e.Hint = ""
		return err
	}
	e.Cause = strings.Join(found[:min(len(found), 5)], ", ")
	return err
}

func notBase64(path string, data any) []string {
	var found []string
	m, _ := data.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(m)) {
		text, _ := m[key].(string)
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			found = append(found, path+"."+key+" is not base64")
		}
	}
	return found
}

// notQuantities looks where Kubernetes' own kinds have quantities by name: limits
// and requests of resources.
func notQuantities(path string, v any) []string {
	var found []string
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := strings.TrimPrefix(path+"."+key, ".")
			if m, ok := v[key].(map[string]any); ok && (key == "limits" || key == "requests") {
				found = append(found, unparsed(at, m)...)
			} else {
				found = append(found, notQuantities(at, v[key])...)
			}
		}
	case []any:
		for i, e := range v {
			found = append(found, notQuantities(fmt.Sprintf("%s[%d]", path, i), e)...)
		}
	}
	return found
}

func unparsed(path string, quantities map[string]any) []string {
	var found []string
	for _, key := range slices.Sorted(maps.Keys(quantities)) {
		text := fmt.Sprint(quantities[key])
		if _, err := resource.ParseQuantity(text); err != nil {
			found = append(found, fmt.Sprintf("%s.%s: %q is no quantity", path, key, clip(text, 40)))
		}
	}
	return found
}
