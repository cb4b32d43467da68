package release

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/internal/text"
)

// A record lives in one Secret or ConfigMap, which hold 1 MiB (facts/helm-format.md 4.1). What an operation adds while
// it runs, the times of hooks and why it failed, must fit too.
const (
	recordLimit = 1 << 20
	recordSlack = 8 << 10
	recordLarge = 700 << 10
)

// CheckSize measures the record that an operation would write. The warning is empty unless it is large; the error says
// that it cannot be stored.
func CheckSize(r *Record) (warning string, err error) {
	if roughSize(r) < recordLarge/2 { // it cannot become large, whatever its bytes are
		return "", nil
	}
	draft := r.Clone()
	draft.Set(PendingRollback, "")
	draft.Info.FirstDeployed, draft.Info.LastDeployed = Time{Time: time.Now()}, Time{Time: time.Now()}
	encoded, err := Encode(draft)
	if err != nil {
		return "", err
	}
	size := len(encoded)
	if size < recordLarge {
		return "", nil
	}
	what := fmt.Sprintf("the record of the release takes %s of the %s that one Secret holds: mostly %s",
		text.KiB(size), text.KiB(recordLimit), largest(r))
	if size > recordLimit-recordSlack {
		return "", fmt.Errorf("%s; leave files that no template reads out of the chart with .helmignore", what)
	}
	return what, nil
}

// roughSize is how many bytes the large parts of a record have before they are encoded.
func roughSize(r *Record) int {
	n := 0
	for _, p := range parts(r) {
		n += len(p.data)
	}
	return n
}

type part struct {
	name string
	data []byte
}

// parts are what may make a record large.
func parts(r *Record) []part {
	out := []part{{"the rendered manifest", []byte(r.Manifest)}}
	hooks := 0
	for _, h := range r.Hooks {
		hooks += len(h.Manifest)
	}
	if hooks > 0 {
		var all strings.Builder
		for _, h := range r.Hooks {
			all.WriteString(h.Manifest)
		}
		out = append(out, part{"the rendered hooks", []byte(all.String())})
	}
	if config, err := json.Marshal(r.Config); err == nil && len(r.Config) > 0 {
		out = append(out, part{"the values", config})
	}
	if r.Chart == nil {
		return out
	}
	if values, err := json.Marshal(r.Chart.Values); err == nil {
		out = append(out, part{"values.yaml", values})
	}
	out = append(out, part{"values.schema.json", r.Chart.Schema})
	for _, f := range slices.Concat(r.Chart.Templates, r.Chart.Files) {
		out = append(out, part{f.Name, f.Data})
	}
	return out
}

// largest names the three parts of a record that take most room once compressed.
func largest(r *Record) string {
	type weighed struct {
		name string
		size int
	}
	var all []weighed
	for _, p := range parts(r) {
		all = append(all, weighed{p.name, packed(p.data)})
	}
	slices.SortStableFunc(all, func(a, b weighed) int { return cmp.Compare(b.size, a.size) })
	var names []string
	for _, w := range all[:min(3, len(all))] {
		if w.size >= 1<<10 {
			names = append(names, fmt.Sprintf("%s (%s)", w.name, text.KiB(w.size)))
		}
	}
	return strings.Join(names, ", ")
}

// packed is about what data takes in a record: compressed, then base64.
func packed(data []byte) int {
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	if _, err := zip.Write(data); err != nil || zip.Close() != nil {
		return len(data)
	}
	return buf.Len() * 4 / 3
}
