// Package charttest makes what tests of charts need: folders of files, small packaged
// charts, and an index repository that serves them. It does not know the chart model,
// so that its tests can use this too.
package charttest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// Tree writes files, by their paths, below a new folder and returns it.
func Tree(t testing.TB, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	Write(t, dir, texts)
	return dir
}

// Write writes files, by their paths, below a folder.
func Write(t testing.TB, dir string, texts map[string]string) {
	t.Helper()
	for name, text := range texts {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Archive packs a chart that consists of its name, its version and a ConfigMap.
func Archive(t testing.TB, name, version string) []byte {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	archive := tar.NewWriter(zipped)
	for _, file := range [][2]string{
		{"Chart.yaml", fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\n", name, version)},
		{"templates/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Chart.Name }}}\n"},
	} {
		head := &tar.Header{Name: name + "/" + file[0], Mode: 0o644, Size: int64(len(file[1]))}
		if err := archive.WriteHeader(head); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(file[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Repository is an index repository at URL/repo: files by path, which tests may change.
type Repository struct {
	*httptest.Server
	Files map[string][]byte
	Asked atomic.Int32 // requests so far
}

// NewRepository serves charts given as name, version pairs.
func NewRepository(t testing.TB, charts ...string) *Repository {
	t.Helper()
	s := &Repository{Files: map[string][]byte{}}
	text, entries := "apiVersion: v1\nentries:\n", map[string]string{}
	for i := 0; i+1 < len(charts); i += 2 {
		name, version := charts[i], charts[i+1]
		tgz := Archive(t, name, version)
		file := name + "-" + version + ".tgz"
		s.Files["/repo/files/"+file] = tgz
		entries[name] += fmt.Sprintf("  - apiVersion: v2\n    name: %s\n    version: %s\n    created: \"2024-05-06T07:08:09Z\"\n    digest: %x\n    urls: [files/%s]\n",
			name, version, sha256.Sum256(tgz), file)
	}
	for name, list := range entries {
		text += "  " + name + ":\n" + list
	}
	s.Files["/repo/index.yaml"] = []byte(text + "generated: \"2024-05-06T07:08:09Z\"\n")
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Asked.Add(1)
		data, ok := s.Files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(s.Close)
	return s
}
