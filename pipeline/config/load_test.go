package config

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files and the schema")

// repository is the tree that the files of testdata stand in.
func repository() fstest.MapFS {
	files := map[string]string{
		"services/catalog/chart/Chart.yaml":   "apiVersion: v2\nname: catalog\nversion: 0.1.0\n",
		"services/catalog/chart/values.yaml":  "image: {repository: x, tag: y}\n",
		"services/cart/chart/Chart.yaml":      "apiVersion: v2\nname: cart\nversion: 0.1.0\n",
		"services/cart/values-dev.yaml":       "replicas: 1\n",
		"services/cart/values-prod.yaml":      "replicas: 3\n",
		"services/cart/list.yaml":             "- replicas: 3\n",
		"services/cart/broken.yaml":           "a: 1\nb: [1, 2\nc: 3\n",
		"services/web/helm/web/Chart.yaml":    "apiVersion: v2\nname: web\nversion: 0.1.0\n",
		"services/README.md":                  "",
		"deploy/dev.yaml":                     "global: {stage: dev}\n",
		"deploy/redis.yaml":                   "auth: {enabled: false}\n",
		"libs/proto/cart.proto":               "",
		"charts/mysql/Chart.yaml":             "apiVersion: v2\nname: mysql\nversion: 1.0.0\n",
		"services/cart/chart/values-dev.yaml": "",
	}
	tree := fstest.MapFS{}
	for name, data := range files {
		tree[name] = &fstest.MapFile{Data: []byte(data)}
	}
	return tree
}

// loadText loads text as the pintle.yaml of the repository above.
func loadText(text string) (*Config, error) {
	tree := repository()
	tree[FileName] = &fstest.MapFile{Data: []byte(text)}
	return Load(tree, FileName)
}

func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files in testdata/bad", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = loadText(string(text))
			if err == nil {
				t.Fatal("loads, but must not")
			}
			if !errors.Is(err, ErrConfig) {
				t.Errorf("%T is not ErrConfig", err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", err.Error()+"\n")
		})
	}
}

// golden compares got with a file, or writes it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
