package chart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/internal/charttest"
)

const minimal = "apiVersion: v2\nname: web\nversion: 1.0.0\n"

// packTar makes a chart archive of entries, in their order.
func packTar(t testing.TB, entries ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	w := tar.NewWriter(zip)
	for _, h := range entries {
		text := h.PAXRecords["TEST.text"] // carried here only
		h.PAXRecords = nil
		h.Size, h.Mode = int64(len(text)), 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarEntry(name, text string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeReg, PAXRecords: map[string]string{"TEST.text": text}}
}

func link(name, target string, flag byte) tar.Header {
	return tar.Header{Name: name, Linkname: target, Typeflag: flag}
}

func fileNames(files []*File) []string {
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	return names
}

func TestLoadArchive(t *testing.T) {
	sub := packTar(t, tarEntry("sub/Chart.yaml", strings.Replace(minimal, "web", "sub", 1)))
	data := packTar(t,
		tar.Header{Name: "web/", Typeflag: tar.TypeDir},
		tarEntry("web/Chart.yaml", "\ufeff"+minimal),
		tarEntry("web/values.yaml", "a: 1\n"),
		tarEntry("web/templates/b.yaml", "\ufeffkind: B\n"),
		tarEntry("web/templates/a.yaml", "kind: A\n"),
		tarEntry(`web\templates\win.yaml`, "kind: Win\n"),
		tarEntry("web/./README.md", "hi"),
		tarEntry("web/charts/sub-1.0.0.tgz", string(sub)),
		tarEntry("web/charts/dir/Chart.yaml", strings.Replace(minimal, "web", "dir", 1)),
		link("web/inside", "README.md", tar.TypeSymlink),
	)
	c, err := LoadArchive(t.Context(), bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{"templates": fileNames(c.Templates), "files": fileNames(c.Files)}
	for _, d := range c.Dependencies {
		got["charts"] = append(got["charts"], d.Name())
	}
	want := map[string][]string{
		"templates": {"templates/b.yaml", "templates/a.yaml", "templates/win.yaml"},
		"files":     {"README.md", "inside"},
		"charts":    {"dir", "sub"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if got := string(c.Templates[0].Data); got != "kind: B\n" {
		t.Errorf("template = %q, want it without a byte order mark", got)
	}
	if diff := cmp.Diff(map[string]any{"a": 1.0}, c.Values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestLoadArchiveRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"no gzip":        {[]byte("apiVersion: v2"), "not a gzipped archive"},
		"cut short":      {packTar(t, tarEntry("web/Chart.yaml", minimal))[:40], "EOF"},
		"empty":          {packTar(t), "holds no files"},
		"parent":         {packTar(t, tarEntry("web/../../etc/passwd", "x")), "leaves the chart"},
		"absolute":       {packTar(t, tarEntry("web//etc/passwd", "x")), "absolute path"},
		"drive":          {packTar(t, tarEntry(`web\c:\x`, "x")), "drive path"},
		"top":            {packTar(t, tarEntry("README.md", "x")), "outside of the chart's folder"},
		"flat":           {packTar(t, tarEntry("Chart.yaml", minimal)), "pack the chart's folder"},
		"no Chart.yaml":  {packTar(t, tarEntry("web/values.yaml", "a: 1")), "Chart.yaml file is missing"},
		"symlink out":    {packTar(t, link("web/a", "../../x", tar.TypeSymlink)), "leaves the chart"},
		"symlink to /":   {packTar(t, link("web/a", "/etc/passwd", tar.TypeSymlink)), "leaves the chart"},
		"hard link out":  {packTar(t, link("web/a", "../x", tar.TypeLink)), "leaves the chart"},
		"bad values":     {packTar(t, tarEntry("web/Chart.yaml", minimal), tarEntry("web/values.yaml", "- a")), "values.yaml: values must be a map of keys, not a list"},
		"bad subchart":   {packTar(t, tarEntry("web/Chart.yaml", minimal), tarEntry("web/charts/x.tgz", "x")), "charts/x.tgz: not a gzipped archive"},
		"bad apiVersion": {packTar(t, tarEntry("web/Chart.yaml", strings.Replace(minimal, "v2", "v3", 1))), `apiVersion "v3"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadArchive(t.Context(), bytes.NewReader(test.data))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want it to say %q", err, test.want)
			}
		})
	}
}

// endless is a file of zeros inside a tar.
func TestLoadArchiveBomb(t *testing.T) {
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	w := tar.NewWriter(zip)
	zeros := make([]byte, 1<<20)
	const size = 8 << 30
	if err := w.WriteHeader(&tar.Header{Name: "web/big", Size: size, Mode: 0o644, Format: tar.FormatGNU}); err != nil {
		t.Fatal(err)
	}
	for range 128 { // more than the bound; the rest is never asked for
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadArchive(t.Context(), &b); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error = %v, want ErrTooLarge", err)
	}
}

func TestLoadArchiveManyFiles(t *testing.T) {
	entries := []tar.Header{tarEntry("web/Chart.yaml", minimal)}
	for range maxFiles + 1 {
		entries = append(entries, tarEntry("web/f", ""))
	}
	if _, err := LoadArchive(t.Context(), bytes.NewReader(packTar(t, entries...))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error = %v, want ErrTooLarge", err)
	}
}

func TestLoadArchiveNested(t *testing.T) {
	data := packTar(t, tarEntry("web/Chart.yaml", minimal))
	for range maxNesting + 1 {
		data = packTar(t, tarEntry("web/Chart.yaml", minimal), tarEntry("web/charts/web.tgz", string(data)))
	}
	if _, err := LoadArchive(t.Context(), bytes.NewReader(data)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error = %v, want ErrTooLarge", err)
	}
}

func TestLoadFolderLinks(t *testing.T) {
	for name, test := range map[string]struct {
		links map[string]string // name -> target, relative to the link or absolute
		files map[string]string
		want  string // in the error; empty means loaded
		loads []string
	}{
		"file inside":         {links: map[string]string{"templates/b.yaml": "a.yaml"}, loads: []string{"templates/a.yaml", "templates/b.yaml"}},
		"folder inside":       {links: map[string]string{"templates/sub": "../parts"}, files: map[string]string{"parts/c.yaml": "kind: C"}, loads: []string{"templates/a.yaml", "templates/sub/c.yaml"}},
		"file outside":        {links: map[string]string{"templates/b.yaml": "/etc/hostname"}, want: "templates/b.yaml: the link leaves the chart"},
		"folder outside":      {links: map[string]string{"templates/b": "../.."}, want: "the link leaves the chart"},
		"through a link":      {links: map[string]string{"templates/b": "../up", "up": ".."}, want: "the link leaves the chart"},
		"dangling":            {links: map[string]string{"templates/b": "nothing"}, want: "no such file"},
		"loop":                {links: map[string]string{"templates/self": "."}, want: "folder that holds it"},
		"link to itself":      {links: map[string]string{"templates/self": "self"}, want: "too many links"},
		"outside but ignored": {links: map[string]string{"out": "/etc"}, files: map[string]string{".helmignore": "out\n"}, loads: []string{"templates/a.yaml"}},
		"ignore file outside": {links: map[string]string{".helmignore": "/etc/hostname"}, want: "the link leaves the chart"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"Chart.yaml": minimal, "templates/a.yaml": "kind: A"}
			maps.Copy(files, test.files)
			dir := charttest.Tree(t, files)
			for name, target := range test.links {
				if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			c, err := Load(t.Context(), dir)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error = %v, want it to say %q", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.loads, fileNames(c.Templates)); diff != "" {
				t.Errorf("templates (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadFolderLinksOutside(t *testing.T) {
	root := charttest.Tree(t, map[string]string{
		"repository/.git/config": "[remote]", "repository/shared/a.txt": "a",
		"repository/web/Chart.yaml": minimal, "repository/web/templates/a.yaml": "kind: A",
		"other/Chart.yaml": minimal, "other/files/b.txt": "b", "elsewhere/c.txt": "c",
	})
	for target, want := range map[string]string{
		"../shared":               "", // of the same work tree
		"../shared/a.txt":         "",
		"../../other/files/b.txt": "leaves the chart", // of another chart
		"../../other":             "leaves the chart",
		"../.git/config":          "leads into .git",
		"../..":                   "leaves the chart",
		"../../elsewhere/c.txt":   "leaves the chart",
	} {
		link := filepath.Join(root, "repository/web/link")
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		c, err := Load(t.Context(), filepath.Dir(link))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", target, err)
		case want == "" && len(c.Files) == 0:
			t.Errorf("%s: nothing was read", target)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: error = %v, want it to say %q", target, err, want)
		}
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoadFolderItselfLinked(t *testing.T) {
	dir := charttest.Tree(t, map[string]string{"Chart.yaml": minimal})
	alias := filepath.Join(t.TempDir(), "alias")
	if err := os.Symlink(dir, alias); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(t.Context(), alias); err != nil {
		t.Error(err)
	}
}

func TestLoadRefuses(t *testing.T) {
	dir := charttest.Tree(t, map[string]string{"values.yaml": "a: 1", "no.tgz": "text"})
	if err := os.Symlink(os.DevNull, filepath.Join(dir, "a-link")); err != nil { // of no interest: this is no chart
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir:                               "Chart.yaml file is missing",
		filepath.Join(dir, "values.yaml"): "YAML file, not a chart",
		filepath.Join(dir, "no.tgz"):      "neither a folder nor a gzipped archive",
		filepath.Join(dir, "gone"):        "no such file",
		os.DevNull:                        "neither a folder nor an archive",
	} {
		if _, err := Load(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("Load(%s): %v, want it to name the path and say %q", path, err, want)
		}
	}
}

func TestLoadSparseFile(t *testing.T) {
	dir := charttest.Tree(t, map[string]string{"Chart.yaml": minimal, "big": ""})
	if err := os.Truncate(filepath.Join(dir, "big"), 10<<30); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(t.Context(), dir); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error = %v, want ErrTooLarge", err)
	}
}

func TestIgnoreRules(t *testing.T) {
	for _, test := range []struct {
		rules  string
		name   string
		folder bool
		want   bool
	}{
		{"*.txt", "a.txt", false, true},
		{"*.txt", "deep/a.txt", false, true},
		{"a/*.txt", "a/b.txt", false, true},
		{"a/*.txt", "x/a/b.txt", false, false},
		{"/a.txt", "a.txt", false, true},
		{"/a.txt", "b/a.txt", false, false},
		{"dir/", "dir", true, true},
		{"dir/", "dir", false, false},
		{"dir/", "x/dir", true, true},
		{"# *.txt\n\n  *.md  ", "a.md", false, true},
		{"# *.txt", "a.txt", false, false},
		{"!*.txt", "a.md", false, true}, // what does not match is ignored
		{"!*.txt", "a.txt", false, false},
		{"!keep/", "file", false, true},
		{"!keep\n*.md", "keep", false, false},
		{"*.md\n!a.md", "a.md", false, true}, // the first that decides wins
		{"", "templates/.hidden", false, true},
		{"", "templates/sub/.hidden", false, false},
		{"a?[bc].txt", "axb.txt", false, true},
		{"\ufeff*.txt", "a.txt", false, true},
	} {
		rules, err := parseIgnore([]byte(test.rules))
		if err != nil {
			t.Errorf("%q: %v", test.rules, err)
			continue
		}
		if got := rules.ignores(test.name, test.folder); got != test.want {
			t.Errorf("rules %q ignore %q (folder %t) = %t, want %t", test.rules, test.name, test.folder, got, test.want)
		}
	}
	for _, bad := range []string{"a/**", "[", "x\n[a"} {
		if _, err := parseIgnore([]byte(bad)); err == nil || !strings.Contains(err.Error(), ".helmignore:") {
			t.Errorf("rules %q: error %v, want one with the line", bad, err)
		}
	}
}

// TestIgnoredDependencies names the pattern that hides a dependency.
func TestIgnoredDependencies(t *testing.T) {
	archive := string(packTar(t, tarEntry("lib/Chart.yaml", strings.Replace(minimal, "web", "lib", 1))))
	for _, test := range []struct{ ignore, want string }{
		{"# packages\n*.tgz\n", ".helmignore:2: *.tgz keeps charts/lib-1.0.0.tgz out: write /*.tgz"},
		{"charts/lib*", ".helmignore:1: charts/lib* keeps charts/lib-1.0.0.tgz out: remove the pattern"},
		{"!*.yaml", ".helmignore:1: !*.yaml keeps charts out: remove the pattern"},
		{"charts/", ".helmignore:1: charts/ keeps charts out: remove the pattern"},
		{"*.md", ""},
	} {
		c, err := Load(t.Context(), charttest.Tree(t, map[string]string{
			".helmignore": test.ignore, "charts/lib-1.0.0.tgz": archive, "other/a.tgz": "",
			"Chart.yaml": minimal + "dependencies: [{name: lib, version: 1.0.0, repository: \"\"}]\n",
		}))
		if err != nil {
			t.Fatal(err)
		}
		missing := c.MissingDependencies()
		if got := c.IgnoredDependencies(missing); got != test.want || (len(missing) > 0) != (test.want != "") {
			t.Errorf("%q: missing %q, got %q, want %q", test.ignore, missing, got, test.want)
		}
	}
}

func FuzzLoadArchive(f *testing.F) {
	f.Add(packTar(f, tarEntry("web/Chart.yaml", minimal), tarEntry("web/values.yaml", "a: {b: 1}"), tarEntry("web/templates/a.yaml", "kind: A")))
	f.Add(packTar(f, tarEntry("web/Chart.yaml", minimal), tarEntry("web/charts/a.tgz", string(packTar(f, tarEntry("a/Chart.yaml", minimal))))))
	f.Add(packTar(f, tarEntry("web/../x", ""), link("web/a", "../..", tar.TypeSymlink)))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := LoadArchive(t.Context(), bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, file := range c.Raw {
			if strings.HasPrefix(file.Name, "/") || slices.Contains(strings.Split(file.Name, "/"), "..") {
				t.Errorf("a file is named %q", file.Name)
			}
		}
	})
}

func FuzzChartYAML(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte("name: a\nversion: 1\ndependencies:\n- {name: b, alias: c, import-values: [d, {child: e, parent: f}]}\nmaintainers: [{name: n}]\n"))
	f.Add([]byte("dependencies: [null]\nmaintainers: [null]\nannotations: {a: 1}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := assembleTop(t.Context(), []*File{{Name: "Chart.yaml", Data: data}}, newBudget())
		if err == nil {
			if err := c.Validate(); err != nil {
				t.Errorf("loaded, but %v", err)
			}
			_, _, _ = c.Resolve(nil)
		}
	})
}

func FuzzHelmignore(f *testing.F) {
	f.Add([]byte("*.txt\n!a/\n/x\n# c"), "a/b.txt")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		if rules, err := parseIgnore(data); err == nil {
			rules.ignores(name, true)
			rules.ignores(name, false)
		}
	})
}
