package bump

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/yaml/edit"
)

const bumpChart = `apiVersion: v2
name: cart
# the chart's version
version: 0.1.0   # bumped by CI

appVersion: "1.0"
`

const bumpValues = `image:
  repository: 'example.com/cart' # where from
  tag: ""

replicas: 2
`

func TestBump(t *testing.T) {
	files := fstest.MapFS{"Chart.yaml": {Data: []byte(bumpChart)}, "values.yaml": {Data: []byte(bumpValues)}}
	o := Options{Version: "1.5.0-dev.12.g0a1b2c3d", AppVersion: "1.5.0", Image: &Image{Repository: "reg:5000/cart", Tag: "1.10"}}
	got, err := Files(files, o)
	if err != nil {
		t.Fatal(err)
	}
	want := []chart.FileChange{
		{Name: "Chart.yaml", Old: []byte(bumpChart), New: []byte(strings.NewReplacer("0.1.0", "1.5.0-dev.12.g0a1b2c3d", `"1.0"`, `"1.5.0"`).Replace(bumpChart))},
		{Name: "values.yaml", Old: []byte(bumpValues), New: []byte(strings.NewReplacer("example.com/cart", "reg:5000/cart", `""`, `"1.10"`).Replace(bumpValues))},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	for _, c := range got {
		files[c.Name].Data = c.New
	}
	if again, err := Files(files, o); err != nil || len(again) != 0 {
		t.Errorf("a second bump changes %v, %v", again, err)
	}
}

func TestBumpAppVersionInserted(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"block", "name: a\nversion: 0.1.0 # c\ntype: application\n", "name: a\nversion: 0.1.0 # c\nappVersion: \"1.0\"\ntype: application\n"},
		{"CRLF", "name: a\r\nversion: 0.1.0\r\ntype: x\r\n", "name: a\r\nversion: 0.1.0\r\nappVersion: \"1.0\"\r\ntype: x\r\n"},
		{"no line end", "name: a\nversion: 0.1.0", "name: a\nversion: 0.1.0\nappVersion: \"1.0\""},
		{"indented root", "  name: a\n  version: '0.1.0'\n", "  name: a\n  version: '0.1.0'\n  appVersion: \"1.0\"\n"},
		{"flow", "{\"name\": \"a\", \"version\": \"0.1.0\"}\n", "{\"name\": \"a\", \"version\": \"0.1.0\", \"appVersion\": \"1.0\"}\n"},
		{"null is set, not inserted", "version: 0.1.0\nappVersion:\n", "version: 0.1.0\nappVersion: \"1.0\"\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Files(fstest.MapFS{"Chart.yaml": {Data: []byte(tt.src)}}, Options{AppVersion: "1.0"})
			if err != nil || len(got) != 1 {
				t.Fatal(got, err)
			}
			if diff := cmp.Diff(tt.want, string(got[0].New)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBumpErrors(t *testing.T) {
	tests := []struct {
		name  string
		files fstest.MapFS
		o     Options
		want  string
		is    error
	}{
		{"no Chart.yaml", fstest.MapFS{}, Options{Version: "1.0.0"}, "read chart: open Chart.yaml: file does not exist", fs.ErrNotExist},
		{"no version", fstest.MapFS{"Chart.yaml": {Data: []byte("name: a\n")}}, Options{Version: "1.0.0"}, "bump Chart.yaml: version: no such key", edit.ErrNoSuchKey},
		{
			"no tag", fstest.MapFS{"values.yaml": {Data: []byte("image: {repository: a}\n")}}, Options{Image: &Image{Tag: "2"}},
			"bump values.yaml: image.tag: no such key", edit.ErrNoSuchKey,
		},
		{
			"own path", fstest.MapFS{"values.yaml": {Data: []byte("image: {tag: a}\n")}},
			Options{Image: &Image{Tag: "2", TagPath: []string{"web", "image", "tag"}}}, "bump values.yaml: web.image.tag: no such key", edit.ErrNoSuchKey,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Files(tt.files, tt.o)
			if err == nil || err.Error() != tt.want || !errors.Is(err, tt.is) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
