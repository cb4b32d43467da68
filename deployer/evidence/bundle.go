package evidence

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/internal/text"
	"github.com/pintle-ci/pintle/secret"
)

// Bounds of a bundle. The files together, before compression, stay below maxBundle, so the archive does, whatever is in
// it.
const (
	maxBundle     = 5<<20 - 256<<10 // bytes of all files; the rest is for the archive's own
	maxBundleFile = 256 << 10       // bytes of one file
)

// bundle is the evidence of a failure as files: what a report has no room for. What is added first is kept when there
// is not room for all.
type bundle struct {
	release string
	cause   string
	at      time.Time
	secrets *secret.Set
	redact  func(string) string
	files   map[string]string
	size    int
	missing []string // what found no room or could not be read
}

// add keeps a file. A text that is too long loses its beginning, for the end of a log says what happened; with head it
// loses its end.
func (b *bundle) add(name, text string, head bool) {
	if strings.TrimSpace(text) == "" {
		return
	}
	text = b.redact(text)
	room := min(maxBundleFile, maxBundle-b.size)
	if room < 1<<10 {
		b.missing = append(b.missing, name+": no room")
		return
	}
	const cut = "... cut ...\n"
	switch {
	case len(text) <= room:
	case head:
		text = strings.ToValidUTF8(text[:room-len(cut)], "") + cut
	default:
		text = cut + strings.ToValidUTF8(text[len(text)-room+len(cut):], "")
	}
	if b.files[name] == "" {
		b.files[name] = text
		b.size += len(text) + 1024 // a tar header and padding
	}
}

func (b *bundle) lacks(name string, err error) {
	b.missing = append(b.missing, name+": "+text.Brief(err.Error()))
}

// index is the first file: what failed, and what the others hold.
func (b *bundle) index(names []string) string {
	var t strings.Builder
	fmt.Fprintf(&t, "release  %s\ntime     %s\ncause    %s\n\n",
		b.release, b.at.UTC().Format(time.RFC3339), b.redact(b.cause))
	for _, line := range [][2]string{
		{"evidence.txt", "what the report shows"}, {"plan.txt", "what was to change"},
		{"events.txt", "the namespace's events, the newest last"}, {"failed/", "the objects that failed, as they were"},
		{"pods/", "their pods, with the logs of all containers"}, {"nodes/", "the nodes of these pods"},
		{"objects/", "the release's other objects"},
	} {
		fmt.Fprintf(&t, "%-14s %s\n", line[0], line[1])
	}
	t.WriteString("\nValues of Secrets, secret strings and managed fields are left out.\n\n")
	for _, n := range names {
		fmt.Fprintf(&t, "%8d  %s\n", len(b.files[n]), n)
	}
	if len(b.missing) > 0 {
		t.WriteString("\nNot here:\n")
		for _, m := range b.missing[:min(len(b.missing), 200)] {
			t.WriteString("  " + b.redact(m) + "\n")
		}
	}
	return t.String()
}

// archive is the bundle as a .tgz: index.txt first, then the files by name. The same evidence makes the same bytes.
func (b *bundle) archive() ([]byte, error) {
	names := make([]string, 0, len(b.files))
	for n := range b.files {
		names = append(names, n)
	}
	slices.SortFunc(names, cmp.Compare[string])
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	w := tar.NewWriter(zip)
	put := func(name, text string) error {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(text)),
			ModTime: b.at.Truncate(time.Second), Format: tar.FormatPAX}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		_, err := w.Write([]byte(text))
		return err
	}
	if err := put("index.txt", b.index(names)); err != nil {
		return nil, err
	}
	for _, n := range names {
		if err := put(n, b.files[n]); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	err := zip.Close()
	return out.Bytes(), err
}
