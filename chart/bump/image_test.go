package bump

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/internal/yaml/edit"
)

func TestBumpImages(t *testing.T) {
	const digest = "@sha256:0123456789abcdef"
	tests := []struct {
		name, src string
		o         Options
		want      string
	}{
		{
			"an own image as a text", "image: reg:5000/cart:1.0 # c\n",
			Options{Image: &Image{Tag: "2.0"}}, "image: reg:5000/cart:2.0 # c\n",
		},
		{
			"with another repository, without a tag before, in quotes", "\ufeffimage: 'cart'\r\nx: 1\r\n",
			Options{Image: &Image{Repository: "reg/cart", Tag: "2.0"}}, "\ufeffimage: 'reg/cart:2.0'\r\nx: 1\r\n",
		},
		{
			"a digest belongs to the old tag", "a: {image: \"r/a:1.0" + digest + "\"}\n",
			Options{Images: []Reference{{Path: []string{"a", "image"}, Tag: "2.0"}}}, "a: {image: \"r/a:2.0\"}\n",
		},
		{
			"a digest of this tag stays", "a: {image: \"r/a:2.0" + digest + "\"}\n",
			Options{Images: []Reference{{Path: []string{"a", "image"}, Tag: "2.0"}}}, "a: {image: \"r/a:2.0" + digest + "\"}\n",
		},
		{
			"registry, repository, tag and digest", "worker:\n  image:\n    registry: docker.io\n    repository: shop/w\n    tag: '1'  # t\n    digest: sha256:aa\n",
			Options{Images: []Reference{{Path: []string{"worker", "image"}, Repository: "reg.example.com/shop/worker", Tag: "2.0.1"}}},
			"worker:\n  image:\n    registry: reg.example.com\n    repository: shop/worker\n    tag: '2.0.1'  # t\n    digest: \"\"\n",
		},
		{
			"digest of this very image stays", "i: {repository: a, tag: 2.0.1, digest: sha256:aa}\n",
			Options{Images: []Reference{{Path: []string{"i"}, Tag: "2.0.1"}}}, "i: {repository: a, tag: 2.0.1, digest: sha256:aa}\n",
		},
		{
			"every entry of a map", "images:\n  web: {repository: w, tag: a}\n  job: j:1\nother: {tag: a}\n",
			Options{Images: []Reference{{Path: []string{"images", "*"}, Tag: "2.0.1"}}},
			"images:\n  web: {repository: w, tag: 2.0.1}\n  job: j:2.0.1\nother: {tag: a}\n",
		},
		{
			"in lists", "jobs:\n- image: a:1\n- image: b:1 # b\n",
			Options{Images: []Reference{{Path: []string{"jobs", "*", "image"}, Tag: "1.10"}}}, "jobs:\n- image: a:1.10\n- image: b:1.10 # b\n",
		},
		{
			"a tag alone stays text", "x:\n  tag: 1\n  workerTag: v1\n",
			Options{Images: []Reference{{Path: []string{"x", "tag"}, Tag: "1.10"}, {Path: []string{"x", "workerTag"}, Tag: "1.10"}}},
			"x:\n  tag: \"1.10\"\n  workerTag: \"1.10\"\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := File("values.yaml", []byte(tt.src), tt.o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			again, err := File("values.yaml", got, tt.o)
			if err != nil || string(again) != string(got) {
				t.Errorf("a second bump gives %q, %v", again, err)
			}
			if strings.Contains(tt.name, "stays") {
				return // what was there is what Neutral must tell from an edit
			}
			if !sameButForBump(t, "values.yaml", []byte(tt.src), got, tt.o) || sameButForBump(t, "values.yaml", append([]byte(tt.src), "more: 1\n"...), got, tt.o) {
				t.Error("Neutral does not tell a bump from an edit")
			}
		})
	}
}

func TestBumpImagesErrors(t *testing.T) {
	tests := []struct{ name, src, path, repository, want string }{
		{"a template", "a: 'x:{{ .Values.tag }}'\n", "a", "", "bump values.yaml: line 1: a: is a template; name the value that it takes instead"},
		{"no image", "a: two words\n", "a", "", "bump values.yaml: line 1: a: \"two words\" is no image: write HOST/NAME:TAG"},
		{"empty", "a: ''\n", "a", "", "bump values.yaml: line 1: a: is empty, so there is no repository to keep; write one into pintle.yaml"},
		{"nothing there", "a: {}\n", "b", "", "bump values.yaml: b.tag: no such key"},
		{"an empty map", "a: {}\n", "a.*", "", "bump values.yaml: a.*: no such key"},
		{"an alias", "a: &a {tag: x}\nb: *a\n", "b", "", "bump values.yaml: line 2: b.tag: tag is the alias *a; set the value at the anchor &a, or write it out here"},
		{"shared", "a: &a {tag: x}\nb: *a\n", "a", "", "bump values.yaml: line 1: a.tag: is shared as *a in line 2, which would change too; write it out there"},
		{"no UTF-8", "a: \xff\n", "a", "", "bump values.yaml: parse YAML: not UTF-8 text; save the file as UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Images: []Reference{{Path: strings.Split(tt.path, "."), Repository: tt.repository, Tag: "2.0"}}}
			if _, err := File("values.yaml", []byte(tt.src), o); err == nil || err.Error() != tt.want {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
	many := "a: {" + strings.Repeat("k: {tag: x}, ", maxReferences+1) + "}\n"
	_, err := File("values.yaml", []byte(many), Options{Images: []Reference{{Path: []string{"a", "*"}, Tag: "2"}}})
	if edit, ok := errors.AsType[*edit.Error](err); !ok || edit.Path != "a.*" {
		t.Errorf("too many places: %v", err)
	}
}
