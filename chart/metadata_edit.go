package chart

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"

	goyaml "go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/internal/yaml/edit"
)

// SetVersions sets version and appVersion in the text of a Chart.yaml, where not empty:
// a line for appVersion is added below version when there is none. Errors are *edit.Error.
func SetVersions(src []byte, version, appVersion string) ([]byte, error) {
	docs, err := edit.Parse(src)
	if err != nil {
		return nil, err
	}
	var edits []edit.Change
	if version != "" {
		edits = append(edits, edit.Change{Path: []string{"version"}, Value: version})
	}
	missing := false
	if appVersion != "" {
		path := []string{"appVersion"}
		if _, err := edit.Find(docs, path); errors.Is(err, edit.ErrNoSuchKey) {
			missing = true
		} else {
			edits = append(edits, edit.Change{Path: path, Value: appVersion})
		}
	}
	if src, err = edit.SetIn(src, docs, edits); err != nil || !missing {
		return src, err
	}
	return insertBelow(src, "version", "appVersion", appVersion)
}

// insertBelow adds a key with a string value to the root mapping, right below
// the key sibling, in the same style.
func insertBelow(src []byte, sibling, key, value string) ([]byte, error) {
	docs, err := edit.Parse(src)
	if err != nil {
		return nil, err
	}
	f, err := edit.Find(docs, []string{sibling})
	if err != nil {
		return nil, &edit.Error{Path: sibling, Err: err}
	}
	_, at, err := edit.Range(src, edit.LineStarts(src), f.Value)
	if err != nil {
		return nil, &edit.Error{Path: sibling, Line: f.Line(), Err: err}
	}
	text := fmt.Sprintf(", %q: %s", key, edit.Quote(value))
	if f.Parents[0].Style&goyaml.FlowStyle == 0 {
		at += lineLength(src[at:])
		text = lineEnd(src) + strings.Repeat(" ", f.Key.Column-1) + key + ": " + edit.Quote(value)
	}
	out := []byte(string(src[:at]) + text + string(src[at:]))
	if !insertedOnly(src, out, key, value) {
		return nil, fmt.Errorf("%s cannot be added safely; write a line %q into the file", key, key+": "+edit.Quote(value))
	}
	return out, nil
}

func lineLength(src []byte) int {
	if i := bytes.IndexAny(src, "\r\n"); i >= 0 {
		return i
	}
	return len(src)
}

func lineEnd(src []byte) string {
	if bytes.Contains(src, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

func insertedOnly(before, after []byte, key, value string) bool {
	var old, edited map[string]any
	if goyaml.Unmarshal(before, &old) != nil || goyaml.Unmarshal(after, &edited) != nil || edited[key] != value {
		return false
	}
	delete(edited, key)
	return reflect.DeepEqual(old, edited)
}
