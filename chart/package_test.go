package chart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/internal/charttest"
	"github.com/pintle-ci/pintle/test/peer"
)

const packageChart = `apiVersion: v2
name: cart
version: 0.1.0 # by CI
dependencies:
- {name: redis, version: 1.x.x, repository: ""}
`

func packageTree(t *testing.T) string {
	return charttest.Tree(t, map[string]string{
		"Chart.yaml": packageChart, "values.yaml": "a: 1\n", ".helmignore": "*.bak\n", "old.bak": "x",
		"templates/cm.yaml":         "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\n",
		"charts/redis/Chart.yaml":   "apiVersion: v2\nname: redis\nversion: 1.2.3\n",
		"charts/redis/values.yaml":  "b: 2\n",
		"charts/_off/Chart.yaml":    "not a chart",
		"README.md":                 "hello",
		"crds/thing.yaml":           "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n",
		"templates/tests/ping.yaml": "",
	})
}

func mustLoad(t *testing.T, path string) *Chart {
	t.Helper()
	c, err := Load(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type entry struct {
	Name, Data string
	Mode       int64
	Time       int64
	UID, GID   int
	Type       byte
}

func entries(t *testing.T, tgz []byte) []entry {
	t.Helper()
	zipped, err := gzip.NewReader(bytes.NewReader(tgz))
	if err != nil {
		t.Fatal(err)
	}
	var list []entry
	for archive := tar.NewReader(zipped); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, entry{h.Name, string(data), h.Mode, h.ModTime.Unix(), h.Uid, h.Gid, h.Typeflag})
	}
}

func TestPackage(t *testing.T) {
	when := time.Date(2024, 5, 6, 7, 8, 9, 123, time.FixedZone("x", 7200))
	o := PackageOptions{Version: "1.5.0", AppVersion: "1.10", Time: when}
	tgz, name, err := Package(t.Context(), mustLoad(t, packageTree(t)), o)
	if err != nil {
		t.Fatal(err)
	}
	if name != "cart-1.5.0.tgz" {
		t.Errorf("name %q", name)
	}
	file := func(name, data string) entry {
		return entry{"cart/" + name, data, 0o644, when.Unix(), 0, 0, tar.TypeReg}
	}
	want := []entry{
		file(".helmignore", "*.bak\n"),
		file("Chart.yaml", strings.Replace(packageChart, "0.1.0 # by CI", "1.5.0 # by CI\nappVersion: \"1.10\"", 1)),
		file("README.md", "hello"),
		file("charts/redis/Chart.yaml", "apiVersion: v2\nname: redis\nversion: 1.2.3\n"),
		file("charts/redis/values.yaml", "b: 2\n"),
		file("crds/thing.yaml", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n"),
		file("templates/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\n"),
		file("templates/tests/ping.yaml", ""),
		file("values.yaml", "a: 1\n"),
	}
	if diff := cmp.Diff(want, entries(t, tgz)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	c, err := LoadArchive(t.Context(), bytes.NewReader(tgz))
	if err != nil {
		t.Fatal(err)
	}
	if c.Metadata.Version != "1.5.0" || c.Metadata.AppVersion != "1.10" || len(c.Dependencies) != 1 {
		t.Errorf("loaded again: %+v", c.Metadata)
	}
}

func TestPackageReproducible(t *testing.T) {
	o := PackageOptions{Time: time.Unix(1700000000, 0)}
	first, _, err := Package(t.Context(), mustLoad(t, packageTree(t)), o)
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := Package(t.Context(), mustLoad(t, packageTree(t)), o)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("the same chart from two folders gives different bytes")
	}
	c, err := LoadArchive(t.Context(), bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	third, _, err := Package(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, third) {
		t.Error("a package of the package gives different bytes")
	}
}

func TestPackageExpandsArchives(t *testing.T) {
	sub := func(version string) string {
		tgz, _, err := Package(t.Context(), mustLoad(t, charttest.Tree(t, map[string]string{
			"Chart.yaml": "apiVersion: v2\nname: redis\nversion: " + version + "\n",
		})), PackageOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return string(tgz)
	}
	dir := charttest.Tree(t, map[string]string{
		"Chart.yaml":             "apiVersion: v2\nname: cart\nversion: 0.1.0\n",
		"charts/redis-1.0.0.tgz": sub("1.0.0"), "charts/redis-2.0.0.tgz": sub("2.0.0"), "charts/redis-2.0.0.tgz.prov": "signed",
	})
	tgz, _, err := Package(t.Context(), mustLoad(t, dir), PackageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries(t, tgz) {
		names = append(names, e.Name)
	}
	want := []string{
		"cart/Chart.yaml", "cart/charts/redis-2.0.0.tgz.prov", "cart/charts/redis-2.0.0/Chart.yaml", "cart/charts/redis/Chart.yaml",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPackageErrors(t *testing.T) {
	plain := map[string]string{"Chart.yaml": "apiVersion: v2\nname: cart\nversion: 0.1.0\n"}
	tests := []struct {
		name  string
		files map[string]string
		o     PackageOptions
		want  string
	}{
		{
			"dependency missing", map[string]string{"Chart.yaml": packageChart}, PackageOptions{},
			"package chart cart: charts/ lacks dependencies of Chart.yaml: redis",
		},
		{"no strict version", plain, PackageOptions{Version: "1.2"}, `package chart cart: version "1.2": `},
		{
			"appVersion is a block", map[string]string{"Chart.yaml": plain["Chart.yaml"] + "appVersion: |\n  1\n"}, PackageOptions{AppVersion: "2"},
			"package chart cart: edit Chart.yaml: line 4: appVersion: is a block scalar",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := Package(t.Context(), mustLoad(t, charttest.Tree(t, tt.files)), tt.o)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s...", err, tt.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := mustLoad(t, charttest.Tree(t, plain))
	if _, _, err := Package(ctx, c, PackageOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context: %v", err)
	}
	if _, _, err := Package(t.Context(), &Chart{}, PackageOptions{}); !errors.Is(err, ErrNoChartFile) {
		t.Errorf("an empty chart: %v", err)
	}
}

// TestPackageHelm lets Helm itself read a package.
func TestPackageHelm(t *testing.T) {
	helm := peer.Helm(t)
	tgz, name, err := Package(t.Context(), mustLoad(t, packageTree(t)), PackageOptions{Version: "1.5.0-dev.1.g0a1b2c3d"})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, tgz, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"show", "chart", path}, {"template", "x", path}, {"lint", path}} {
		if out, err := exec.CommandContext(t.Context(), helm, command...).CombinedOutput(); err != nil {
			t.Errorf("helm %s: %v\n%s", command[0], err, out)
		}
	}
}
