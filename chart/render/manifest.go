package render

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	yaml2 "go.yaml.in/yaml/v2"
)

// document is one YAML document of a rendered file.
type document struct {
	text string
	line int // of the rendered file, where the document begins
}

// splitDocuments cuts a rendered file at lines that start with three dashes;
// what follows the dashes and blanks on that line stays in the next document.
// Blank documents are dropped; leading white space goes, trailing stays
// (facts/helm-format.md 4.5).
func splitDocuments(text string) []document {
	trimmed := strings.TrimLeftFunc(text, unicode.IsSpace)
	line := 1 + strings.Count(text[:len(text)-len(trimmed)], "\n")
	var docs []document
	atLineStart := true // after a separator more dashes are text
	for trimmed != "" {
		end, next := nextSeparator(trimmed, atLineStart)
		doc := trimmed[:end]
		trimmed, atLineStart = trimmed[next:], false
		if body := strings.TrimLeftFunc(doc, unicode.IsSpace); body != "" {
			docs = append(docs, document{body, line + strings.Count(doc[:len(doc)-len(body)], "\n")})
		}
		line += strings.Count(doc, "\n")
	}
	return docs
}

// nextSeparator finds the next line that starts with dashes: where the text
// before it ends and where the text after the dashes and blanks begins.
func nextSeparator(text string, atLineStart bool) (end, next int) {
	start := 0
	if !atLineStart || !strings.HasPrefix(text, "---") {
		i := strings.Index(text, "\n---")
		if i < 0 {
			return len(text), len(text)
		}
		start = i + 1
	}
	next = start + len("---")
	for next < len(text) && (text[next] == ' ' || text[next] == '\t') {
		next++
	}
	return start, next
}

// head is what the engine needs to know of a document.
type head struct {
	apiVersion  string
	kind        string
	name        string
	namespace   string
	annotations map[string]string
}

// parseHead decodes a document far enough to know its head and that the rest
// is valid: what has no place in JSON is an error, as it is for Helm.
func parseHead(text string) (h head, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	var v any
	if err := yaml2.Unmarshal([]byte(text), &v); err != nil {
		return head{}, err
	}
	if err := checkJSON(v); err != nil {
		return head{}, err
	}
	switch v := v.(type) {
	case nil: // only comments
		return head{}, nil
	case map[any]any:
		return readHead(v)
	}
	return head{}, errors.New("a manifest must be a map with apiVersion and kind")
}

func readHead(m map[any]any) (head, error) {
	var h head
	for _, field := range []struct {
		key  string
		into *string
	}{{"apiVersion", &h.apiVersion}, {"kind", &h.kind}} {
		if err := readString(m, field.key, field.into); err != nil {
			return head{}, err
		}
	}
	switch metadata := m["metadata"].(type) {
	case nil:
	case map[any]any:
		return h, readMetadata(metadata, &h)
	default:
		return head{}, errors.New("metadata must be a map")
	}
	return h, nil
}

func readMetadata(m map[any]any, h *head) error {
	if err := readString(m, "name", &h.name); err != nil {
		return fmt.Errorf("metadata.%w", err)
	}
	if s, ok := m["namespace"].(string); ok { // Helm does not look at it here
		h.namespace = s
	}
	switch annotations := m["annotations"].(type) {
	case nil:
	case map[any]any:
		h.annotations = make(map[string]string, len(annotations))
		for key := range annotations {
			name, ok := scalarText(key)
			if !ok {
				continue
			}
			var value string
			if err := readString(annotations, key, &value); err != nil {
				return fmt.Errorf("metadata.annotations.%w", err)
			}
			h.annotations[name] = value
		}
	default:
		return errors.New("metadata.annotations must be a map of strings")
	}
	return nil
}

// readString reads a string, or a number or a bool as one.
func readString(m map[any]any, key any, into *string) error {
	v, ok := m[key]
	if !ok || v == nil {
		return nil
	}
	s, ok := scalarText(v)
	if !ok {
		return fmt.Errorf("%v must be a string", key)
	}
	*into = s
	return nil
}

func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 32), true
	}
	return "", false
}

// checkJSON says what in a decoded document has no place in JSON.
func checkJSON(v any) error {
	switch v := v.(type) {
	case map[any]any:
		for key, e := range v {
			switch key.(type) {
			case string, int, int64, float64, bool:
			case nil:
				return errors.New("a key is empty: the text before the colon renders to nothing")
			default:
				return fmt.Errorf("a key must be a scalar, not %v", key)
			}
			if err := checkJSON(e); err != nil {
				return err
			}
		}
	case []any:
		for _, e := range v {
			if err := checkJSON(e); err != nil {
				return err
			}
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("the number %v cannot stand in a manifest", v)
		}
	}
	return nil
}

// installOrder is the order in which kinds are installed
// (facts/helm-format.md 4.5).
var installOrder = kindOrder(
	"PriorityClass", "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy",
	"PodDisruptionBudget", "ServiceAccount", "Secret", "SecretList", "ConfigMap", "StorageClass",
	"PersistentVolume", "PersistentVolumeClaim", "CustomResourceDefinition",
	"ClusterRole", "ClusterRoleList", "ClusterRoleBinding", "ClusterRoleBindingList",
	"Role", "RoleList", "RoleBinding", "RoleBindingList",
	"Service", "DaemonSet", "Pod", "ReplicationController", "ReplicaSet", "Deployment",
	"HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass", "Ingress", "APIService",
	"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
)

func kindOrder(kinds ...string) map[string]int {
	order := make(map[string]int, len(kinds))
	for i, kind := range kinds {
		order[kind] = i
	}
	return order
}

// compareKinds orders kinds for installing: known ones first, then the others
// by name.
func compareKinds(a, b string) int {
	i, aKnown := installOrder[a]
	j, bKnown := installOrder[b]
	switch {
	case aKnown && bKnown:
		return i - j
	case aKnown:
		return -1
	case bKnown:
		return 1
	}
	return strings.Compare(a, b)
}

func sortManifests(manifests []Manifest) {
	slices.SortStableFunc(manifests, func(a, b Manifest) int { return compareKinds(a.Kind, b.Kind) })
}

func sortHooks(hooks []Hook) {
	slices.SortStableFunc(hooks, func(a, b Hook) int { return compareKinds(a.Kind, b.Kind) })
}
