package hostile_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

var hostileVerbs = []string{"template", "lint", "package", "show chart"}

const hostileSub = "apiVersion: v2\nname: sub\nversion: 1.0.0\n"

// hostileFiles are folders that are no decent charts.
func hostileFiles() map[string]hostile {
	linkTo := func(name, target string) func(*testing.T, string) string {
		return func(t *testing.T, dir string) string {
			chart := filepath.Join(dir, "chart")
			writeChart(t, chart, nil)
			if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("kind: Secret\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			full := filepath.Join(chart, name)
			_ = os.Remove(full)
			if err := os.Symlink(target, full); err != nil {
				t.Fatal(err)
			}
			return chart
		}
	}
	cases := map[string]hostile{
		"link to /etc/passwd":     {make: linkTo("values.yaml", "/etc/passwd"), verbs: hostileVerbs, want: "values.yaml: the link leaves the chart"},
		"link to the parent":      {make: linkTo("templates/b.yaml", "../../secret"), verbs: hostileVerbs, want: "templates/b.yaml: the link leaves the chart"},
		"link to a folder":        {make: linkTo("files", "/etc"), verbs: hostileVerbs, want: "files: the link leaves the chart"},
		"Chart.yaml is a link":    {make: linkTo("Chart.yaml", "/etc/passwd"), verbs: hostileVerbs, want: "Chart.yaml: the link leaves the chart"},
		".helmignore is a link":   {make: linkTo(".helmignore", "/etc/passwd"), verbs: hostileVerbs, want: ".helmignore: the link leaves the chart"},
		"link to itself":          {make: linkTo("files", "."), verbs: hostileVerbs, want: "files: the link leads to a folder that holds it"},
		"link in a circle":        {make: linkTo("a", "a"), verbs: hostileVerbs, want: "a: "},
		"link to a device":        {make: linkTo("a", "/dev/zero"), verbs: hostileVerbs, want: "leaves the chart"},
		"link to proc":            {make: linkTo("a", "/proc/self/environ"), verbs: hostileVerbs, want: "leaves the chart"},
		"values.yaml is a FIFO":   {make: fifo("values.yaml"), verbs: hostileVerbs, want: "not a regular file"},
		".helmignore is a FIFO":   {make: fifo(".helmignore"), verbs: hostileVerbs, want: "not a regular file"},
		"100,001 files":           {make: manyFiles(100_001), verbs: hostileVerbs, want: "more than 100000 files"},
		"links that multiply":     {make: multiplyingLinks, verbs: hostileVerbs, want: "too large"},
		"folders nested deeply":   {make: deepFolders, ok: true},
		"a huge file":             {make: hugeFile("files/big"), verbs: hostileVerbs, want: "too large"},
		"a huge values.yaml":      {make: hugeFile("values.yaml"), verbs: hostileVerbs, want: "too large"},
		"a huge .helmignore":      {make: hugeFile(".helmignore"), verbs: hostileVerbs, want: "too large"},
		"a huge Chart.yaml":       {files: map[string]string{"Chart.yaml": hostileChartYAML + "keywords:\n" + strings.Repeat("- a\n", 12_000_000)}, verbs: hostileVerbs},
		"a flow Chart.yaml":       {files: map[string]string{"Chart.yaml": hostileChartYAML + "keywords: [" + strings.Repeat("a,", 20_000_000) + "]\n"}, verbs: hostileVerbs},
		"laughs in Chart.yaml":    {files: map[string]string{"Chart.yaml": hostileChartYAML + laughs(12)}, verbs: hostileVerbs},
		"deep Chart.yaml":         {files: map[string]string{"Chart.yaml": hostileChartYAML + "annotations: " + strings.Repeat("[", 5_000_000)}, verbs: hostileVerbs},
		"deep annotations":        {files: map[string]string{"Chart.yaml": hostileChartYAML + "x: " + strings.Repeat("[", 9_900) + strings.Repeat("]", 9_900)}, ok: true},
		"a slow .helmignore":      {files: map[string]string{".helmignore": strings.Repeat(strings.Repeat("*a", 100)+"b\n", 20_000), "files/" + strings.Repeat("a", 200): ""}, verbs: hostileVerbs, want: ".helmignore"},
		"a slower .helmignore":    {make: slowIgnore},
		"dependencies in number":  {files: map[string]string{"Chart.yaml": hostileChartYAML + manyDependencies(100_000), "charts/sub/Chart.yaml": hostileSub, "charts/sub/values.yaml": wideMap(1000)}, verbs: []string{"template", "lint"}},
		"aliases of aliases":      {files: nestedAliases(12), verbs: []string{"template", "lint"}},
		"aliases of large values": {files: map[string]string{"Chart.yaml": hostileChartYAML + manyDependencies(5_000), "charts/sub/Chart.yaml": hostileSub, "charts/sub/values.yaml": wideMap(50_000)}, verbs: []string{"template", "lint"}},
		"charts nested in number": {files: nestedCharts(200), verbs: hostileVerbs, want: "nested more than"},
		"import in a circle":      {files: importCircle(), ok: true},
		"import of deep paths":    {files: map[string]string{"Chart.yaml": hostileChartYAML + "dependencies:\n- {name: sub, version: 1.0.0, repository: '', import-values: [{child: a, parent: " + strings.Repeat("a.", 300_000) + "a}]}\n", "charts/sub/Chart.yaml": hostileSub, "charts/sub/values.yaml": "a: {b: 1}\n"}, verbs: []string{"template", "lint"}, ok: true},
		"imports in number":       {files: map[string]string{"Chart.yaml": hostileChartYAML + "dependencies:\n- name: sub\n  version: 1.0.0\n  repository: ''\n  import-values:\n" + strings.Repeat("  - {child: a, parent: b}\n", 30_000), "charts/sub/Chart.yaml": hostileSub, "charts/sub/values.yaml": "a:\n" + strings.ReplaceAll(wideMap(30_000), "k", "  k")}, ok: true},
		"conditions in number":    {files: map[string]string{"Chart.yaml": hostileChartYAML + "dependencies:\n- {name: sub, version: 1.0.0, repository: '', condition: '" + strings.Repeat("a.b,", 200_000) + "'}\n", "charts/sub/Chart.yaml": hostileSub}, ok: true},
		"templates in number":     {files: manyTemplates(20_000), ok: true},
	}
	return cases
}

func fifo(name string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		chart := filepath.Join(dir, "chart")
		writeChart(t, chart, nil)
		if err := syscall.Mkfifo(filepath.Join(chart, name), 0o600); err != nil {
			t.Fatal(err)
		}
		return chart
	}
}

func manyFiles(n int) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		chart := filepath.Join(dir, "chart")
		writeChart(t, chart, map[string]string{"files/0": ""})
		for i := range n {
			if err := os.Link(filepath.Join(chart, "files/0"), fmt.Sprintf("%s/files/f%d", chart, i)); err != nil {
				if err = os.WriteFile(fmt.Sprintf("%s/files/f%d", chart, i), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		return chart
	}
}

// multiplyingLinks makes 24 folders with two links each to the next: 2^24 paths.
func multiplyingLinks(t *testing.T, dir string) string {
	chart := filepath.Join(dir, "chart")
	writeChart(t, chart, map[string]string{"d24/file": "x"})
	for i := range 24 {
		folder := fmt.Sprintf("%s/d%d", chart, i)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a", "b"} {
			if err := os.Symlink(fmt.Sprintf("../d%d", i+1), filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return chart
}

func deepFolders(t *testing.T, dir string) string {
	chart := filepath.Join(dir, "chart")
	writeChart(t, chart, map[string]string{strings.Repeat("d/", 1500) + "file": "x"})
	return chart
}

// hugeFile is a file of 10 GB with a hole in it.
func hugeFile(name string) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		chart := filepath.Join(dir, "chart")
		writeChart(t, chart, map[string]string{name: ""})
		if err := os.Truncate(filepath.Join(chart, name), 10<<30); err != nil {
			t.Fatal(err)
		}
		return chart
	}
}

func slowIgnore(t *testing.T, dir string) string {
	chart := filepath.Join(dir, "chart")
	writeChart(t, chart, map[string]string{".helmignore": strings.Repeat("*"+strings.Repeat("a", 120)+"b\n", 900)})
	for i := range 30_000 {
		if err := os.WriteFile(fmt.Sprintf("%s/%s%d", chart, strings.Repeat("a", 240), i), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return chart
}

func manyDependencies(n int) string {
	var b strings.Builder
	b.WriteString("dependencies:\n")
	for i := range n {
		fmt.Fprintf(&b, "- {name: sub, version: 1.0.0, repository: '', alias: a%d}\n", i)
	}
	return b.String()
}

// nestedAliases is a chart of n levels, each of which uses the next ten times.
func nestedAliases(n int) map[string]string {
	files := map[string]string{"Chart.yaml": hostileChartYAML + manyDependencies(10)}
	place := ""
	for range n {
		place += "charts/sub/"
		files[place+"Chart.yaml"] = hostileSub + manyDependencies(10)
		files[place+"values.yaml"] = "a: 1\n"
	}
	files[place+"Chart.yaml"] = hostileSub
	return files
}

func nestedCharts(n int) map[string]string {
	files := map[string]string{}
	place := ""
	for range n {
		place += "charts/sub/"
		files[place+"Chart.yaml"] = hostileSub
	}
	return files
}

func importCircle() map[string]string {
	imports := "dependencies:\n- {name: sub, version: 1.0.0, repository: '', import-values: [{child: sub, parent: sub.sub}, {child: ., parent: sub}]}\n"
	return map[string]string{
		"Chart.yaml": hostileChartYAML + imports, "values.yaml": "sub: {sub: {sub: {a: 1}}}\n",
		"charts/sub/Chart.yaml": hostileSub + imports, "charts/sub/values.yaml": "sub: {sub: {a: 1}}\n",
		"charts/sub/charts/sub/Chart.yaml": hostileSub,
	}
}

func manyTemplates(n int) map[string]string {
	files := map[string]string{}
	for i := range n {
		files[fmt.Sprintf("templates/t%d.yaml", i)] = fmt.Sprintf("kind: K%d\na: {{ .Values }}\n", i)
	}
	return files
}

// hostileArchives are archives that are no decent packages.
func hostileArchives() map[string]hostile {
	entry := func(header tar.Header) func(*testing.T, string) string {
		return archive(func(w *tar.Writer) {
			addFile(w, "web/Chart.yaml", hostileChartYAML)
			header.Mode = 0o644
			_ = w.WriteHeader(&header)
		})
	}
	return map[string]hostile{
		"path out":             {make: entry(tar.Header{Name: "web/../../evil"}), verbs: hostileVerbs, want: "leaves the chart"},
		"path out of charts":   {make: entry(tar.Header{Name: "web/charts/../../evil"}), verbs: hostileVerbs, want: "leaves the chart"},
		"absolute path":        {make: entry(tar.Header{Name: "/etc/passwd"}), ok: true, verbs: hostileVerbs},
		"absolute path below":  {make: entry(tar.Header{Name: "web//etc/passwd"}), verbs: hostileVerbs, want: "absolute path"},
		"Windows path":         {make: entry(tar.Header{Name: `web\..\..\evil`}), verbs: hostileVerbs, want: "leaves the chart"},
		"Windows drive":        {make: entry(tar.Header{Name: `web\C:\evil`}), verbs: hostileVerbs, want: "drive path"},
		"name with newlines":   {make: entry(tar.Header{Name: "web/templates/a\nb\x1b[31m/../../../x"}), verbs: hostileVerbs, want: "leaves the chart"},
		"link out":             {make: entry(tar.Header{Name: "web/values.yaml", Typeflag: tar.TypeSymlink, Linkname: "../../etc/passwd"}), verbs: hostileVerbs, want: "leaves the chart"},
		"absolute link":        {make: entry(tar.Header{Name: "web/values.yaml", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}), verbs: hostileVerbs, want: "leaves the chart"},
		"hard link out":        {make: entry(tar.Header{Name: "web/values.yaml", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}), verbs: hostileVerbs, want: "leaves the chart"},
		"device":               {make: entry(tar.Header{Name: "web/values.yaml", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 5}), ok: true, verbs: hostileVerbs},
		"FIFO":                 {make: entry(tar.Header{Name: "web/values.yaml", Typeflag: tar.TypeFifo}), ok: true, verbs: hostileVerbs},
		"size that lies":       {make: lyingSize, verbs: hostileVerbs},
		"a bomb of 10 GB":      {make: bomb(10 << 30), verbs: hostileVerbs, want: "too large"},
		"a bomb in the header": {make: rawGzip(func(w io.Writer) { writeZeros(w, 1<<30) }), verbs: hostileVerbs},
		"a bomb in a bomb":     {make: nestedBomb(8), verbs: hostileVerbs, want: "too large"},
		"bombs in a row":       {make: bombsInARow, verbs: hostileVerbs, want: "too large"},
		"archives nested":      {make: nestedArchives(100), verbs: hostileVerbs, want: "nested more than"},
		"archives multiplied":  {make: multipliedArchives(9), verbs: hostileVerbs, want: "too large"},
		"a million files":      {make: archive(func(w *tar.Writer) { addFile(w, "web/Chart.yaml", hostileChartYAML); addMany(w, 1_000_000) }), verbs: hostileVerbs, want: "too large"},
		"a million folders":    {make: archive(func(w *tar.Writer) { addFile(w, "web/Chart.yaml", hostileChartYAML); addFolders(w, 1_000_000) }), verbs: hostileVerbs, want: "too large"},
		"a huge PAX header": {make: archive(func(w *tar.Writer) {
			_ = w.WriteHeader(&tar.Header{Name: "web/a", Mode: 0o644, PAXRecords: map[string]string{"PINTLE.x": strings.Repeat("x", 1<<20-100)}})
			addFile(w, "web/Chart.yaml", hostileChartYAML)
		}), ok: true, verbs: hostileVerbs},
		"cut off":           {make: cutArchive, verbs: hostileVerbs},
		"many gzip members": {make: manyMembers, verbs: hostileVerbs},
		"a long name":       {make: entry(tar.Header{Name: "web/" + strings.Repeat("a/", 400_000) + "b", Format: tar.FormatPAX}), ok: true},
		"100 MB of values": {make: archive(func(w *tar.Writer) {
			addFile(w, "web/Chart.yaml", hostileChartYAML)
			addFile(w, "web/values.yaml", wideMap(7_000_000))
		}), verbs: hostileVerbs},
		"90 MB of templates": {make: archive(func(w *tar.Writer) {
			addFile(w, "web/Chart.yaml", hostileChartYAML)
			addFile(w, "web/templates/a.yaml", strings.Repeat("{{.}}{{/* */}}", 6_500_000))
		}), verbs: []string{"template", "lint"}},
		"90 MB of text": {make: archive(func(w *tar.Writer) {
			addFile(w, "web/Chart.yaml", hostileChartYAML)
			addFile(w, "web/templates/a.yaml", "a: "+strings.Repeat("x", 90<<20))
		}), verbs: []string{"template", "lint"}},
		"90 MB of files": {make: archive(func(w *tar.Writer) {
			addFile(w, "web/Chart.yaml", hostileChartYAML)
			addFile(w, "web/files/a", strings.Repeat("x", 90<<20))
			addFile(w, "web/templates/a.yaml", "{{ range 1000 }}{{ $x := $.Files.Get \"files/a\" | sha256sum }}{{ end }}{{ .Files.AsSecrets }}")
		}), verbs: []string{"template", "lint"}, args: []string{"--limits", "time=15s"}}, // it works until that is up
		"no chart": {make: archive(func(w *tar.Writer) { addFile(w, "web/x", "") }), verbs: hostileVerbs},
	}
}

// archive writes a chart archive.
func archive(fill func(*tar.Writer)) func(*testing.T, string) string {
	return rawGzip(func(w io.Writer) {
		tw := tar.NewWriter(w)
		fill(tw)
		_ = tw.Close()
	})
}

func rawGzip(fill func(io.Writer)) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		name := filepath.Join(dir, "web-1.0.0.tgz")
		file, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		zip, _ := gzip.NewWriterLevel(file, gzip.BestSpeed)
		fill(zip)
		if err := zip.Close(); err != nil {
			t.Fatal(err)
		}
		return name
	}
}

func addFile(w *tar.Writer, name, text string) {
	_ = w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))})
	_, _ = io.WriteString(w, text)
}

func addMany(w *tar.Writer, n int) {
	for i := range n {
		addFile(w, fmt.Sprintf("web/f%d", i), "")
	}
}

func addFolders(w *tar.Writer, n int) {
	for i := range n {
		_ = w.WriteHeader(&tar.Header{Name: fmt.Sprintf("web/d%d/", i), Mode: 0o755, Typeflag: tar.TypeDir})
	}
}

func writeZeros(w io.Writer, n int64) {
	zeros := make([]byte, 1<<20)
	for ; n > 0; n -= int64(len(zeros)) {
		_, _ = w.Write(zeros)
	}
}

// bomb is an archive with one file of n bytes: the parts of a gzip file may be repeated as they are.
func bomb(n int64) func(*testing.T, string) string {
	return func(t *testing.T, dir string) string {
		const part = 256 << 20
		var head, zeros bytes.Buffer
		zip := gzip.NewWriter(&head)
		w := tar.NewWriter(zip)
		addFile(w, "web/Chart.yaml", hostileChartYAML)
		_ = w.WriteHeader(&tar.Header{Name: "web/a", Mode: 0o644, Size: n, Format: tar.FormatPAX})
		_ = w.Flush()
		_ = zip.Close()
		zip.Reset(&zeros)
		writeZeros(zip, min(n, part))
		_ = zip.Close()
		for range max(n/part, 1) {
			head.Write(zeros.Bytes())
		}
		name := filepath.Join(dir, "web-1.0.0.tgz")
		if err := os.WriteFile(name, head.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
}

// pack is an archive in memory.
func pack(fill func(*tar.Writer)) string {
	var b bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	w := tar.NewWriter(zip)
	fill(w)
	_ = w.Close()
	_ = zip.Close()
	return b.String()
}

func nestedBomb(n int) func(*testing.T, string) string {
	inner := pack(func(w *tar.Writer) {
		addFile(w, "sub/Chart.yaml", hostileSub)
		addFile(w, "sub/a", strings.Repeat("\x00", 90<<20))
	})
	return archive(func(w *tar.Writer) {
		addFile(w, "web/Chart.yaml", hostileChartYAML)
		for i := range n {
			addFile(w, fmt.Sprintf("web/charts/sub%d.tgz", i), inner)
		}
	})
}

func bombsInARow(t *testing.T, dir string) string {
	return archive(func(w *tar.Writer) {
		addFile(w, "web/Chart.yaml", hostileChartYAML)
		for i := range 40 {
			addFile(w, fmt.Sprintf("web/a%d", i), strings.Repeat("\x00", 9<<20))
		}
	})(t, dir)
}

func nestedArchives(n int) func(*testing.T, string) string {
	inner := pack(func(w *tar.Writer) { addFile(w, "sub/Chart.yaml", hostileSub) })
	for range n {
		last := inner
		inner = pack(func(w *tar.Writer) {
			addFile(w, "sub/Chart.yaml", hostileSub)
			addFile(w, "sub/charts/sub.tgz", last)
		})
	}
	return archive(func(w *tar.Writer) {
		addFile(w, "web/Chart.yaml", hostileChartYAML)
		addFile(w, "web/charts/sub.tgz", inner)
	})
}

// multipliedArchives hold each ten times the one below: ten to the n charts.
func multipliedArchives(n int) func(*testing.T, string) string {
	inner := pack(func(w *tar.Writer) { addFile(w, "sub/Chart.yaml", hostileSub) })
	for range n {
		last := inner
		inner = pack(func(w *tar.Writer) {
			addFile(w, "sub/Chart.yaml", hostileSub)
			for i := range 10 {
				addFile(w, fmt.Sprintf("sub/charts/s%d.tgz", i), last)
			}
		})
	}
	return archive(func(w *tar.Writer) {
		addFile(w, "web/Chart.yaml", hostileChartYAML)
		addFile(w, "web/charts/sub.tgz", inner)
	})
}

func lyingSize(t *testing.T, dir string) string {
	return rawGzip(func(w io.Writer) {
		tw := tar.NewWriter(w)
		addFile(tw, "web/Chart.yaml", hostileChartYAML)
		_ = tw.WriteHeader(&tar.Header{Name: "web/a", Mode: 0o644, Size: 90 << 20})
		_, _ = io.WriteString(tw, "short")
	})(t, dir)
}

func cutArchive(t *testing.T, dir string) string {
	name := bomb(1<<20)(t, dir)
	if err := os.Truncate(name, 600); err != nil {
		t.Fatal(err)
	}
	return name
}

// manyMembers is a gzip file of a million empty members.
func manyMembers(t *testing.T, dir string) string {
	var member bytes.Buffer
	if err := gzip.NewWriter(&member).Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "web-1.0.0.tgz")
	if err := os.WriteFile(name, bytes.Repeat(member.Bytes(), 3_000_000), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
