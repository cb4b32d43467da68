package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/pipeline/report"
)

func tree(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			out = append(out, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var written = []string{"junit.xml", "report/index.html", "report/pintle.css", "report/timeline.svg", "report.json"}

func TestWriteAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "build", "pintle")
	run := report.Fold(readStream(t, "failed"))
	for range 2 { // the second time over what is there
		if err := report.WriteAll(dir, run); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(written, tree(t, dir)); diff != "" {
			t.Error(diff)
		}
	}
	info, err := os.Stat(filepath.Join(dir, report.JUnitFile))
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o644 {
		t.Errorf("junit.xml has mode %v; another user could not read it", mode)
	}
}

func TestWriteAllWritesTheOthersWhenOneFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, report.JSONFile), 0o755); err != nil {
		t.Fatal(err)
	}
	err := report.WriteAll(dir, report.Fold(readStream(t, "failed")))
	if err == nil || !strings.Contains(err.Error(), "write report.json") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(written[:4], tree(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// report.json is for scripts: what goes out must come back.
func TestJSONRoundTrip(t *testing.T) {
	want := report.Fold(readStream(t, "weird"))
	text, err := report.JSON(want)
	if err != nil {
		t.Fatal(err)
	}
	var got report.Run
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The page must hold nothing that Jenkins' Content-Security-Policy forbids;
// this is the part of TestPageUnderJenkinsCSP that needs no browser.
func TestPageHasNothingInline(t *testing.T) {
	for _, stream := range streams {
		page, err := report.HTML(report.Fold(readStream(t, stream)))
		if err != nil {
			t.Fatal(err)
		}
		for _, forbidden := range []string{"<script", "<style", " style=", "data:", "javascript:", " onclick", " onload", "<iframe", "target="} {
			if bytes.Contains(page, []byte(forbidden)) {
				t.Errorf("%s: the page contains %q", stream, forbidden)
			}
		}
		svg, err := report.Timeline(report.Fold(readStream(t, stream)))
		if err != nil {
			t.Fatal(err)
		}
		if err := legalXML(svg); err != nil || bytes.Contains(svg, []byte("style=")) {
			t.Errorf("%s: timeline.svg: %v", stream, err)
		}
	}
}
