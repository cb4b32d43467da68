package yaml

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	k8syaml "sigs.k8s.io/yaml"
)

var seeds = []string{
	"", "---\n", "a: 1\n", "a: 1", "a:\n  b: c\n  d:\n  - e\n  - f: g\n    h: i\n", "- a\n- - b\n  - c\n-\n  d: e\n",
	"a: |\n  x\n   y\n\n  z\n\nb: |-\n  q\nc: |+\n  r\n\n\nd: 1\n", "a: |\n  x", "a: |\n\nb: 1\n", "a: >-\n  fold\n  ed\n",
	"a: [1, two, 'x', \"y\", [z], {k: v, l: [m]}]\nb: {}\nc: []\n", "a: {b: 1, c}\n", "a: 'it''s' # c\nb: \"q\\\"\\n\"\n",
	"yes: no\non: off\nn: y\nt: true\nx: ~\nz: null\nNull: Null\n", "1: a\n1.5: b\ntrue: c\n0x1f: d\n",
	"a: 010\nb: 0o7\nc: 1e3\nd: 1_000\ne: .5\nf: -1\ng: +1\nh: 12:30\ni: 2024-01-02\nj: 1.\nk: -\nl: 0b1\n",
	"a: b: c\n", "a: b\n  c\n", "a:\n- b\nc: d\n", "a:\n - b\nc: d\n", "? a\n: b\n", "a: &x 1\nb: *x\n", "<<: {a: 1}\n",
	"a: !!str 1\n", "%YAML 1.1\n---\na: 1\n", "a: 1\n---\nb: 2\n", "a: 1\n...\n", "\ta: 1\n", "a:\t1\n", "a: b\tc\n",
	"# c\n\na: 1 # d\n#e\nb: x#y\nc: #z\n  d: 1\n", "a: 1\na: 2\n", "- a: 1\n  a: 2\n", "a: -1\nb: - 1\n", "a: @x\n", "a: `x\n", "a:b\n", "a: b:\n",
	"a: http://x:80/y\nb: [http://x]\n", "  a: 1\n  b: 2\n", "  a: 1\n b: 2\n", "a: \"multi\n  line\"\n", "a: 'x' y\n", "é: ü\n", "a: \u0085\n",
	"\"a\": 1\n'b': 2\n\"c\":3\n", "- \"a\": 1\n", "- 'x: y'\n", "- x # : y\n", "a: |\n   # text\n  # comment\nb: 1\n", "a: |\n  x\n # c\nb: 1\n",
	"a: .inf\n", "a: .nan\n", ".nan: 1\n", "~: 1\n", "=: 1\n", "a: =\n", "a: <<\n", "- - - a\n", "-\n", "- \n- a\n", "a: |2\n    x\n", "a: |  # c\n  x\n",
	"a: |\n  x\n  \n   \nb: 1\n", "a: |\n \n  x\n", "a: ''\nb: \"\"\n", "a: \"\\u0041\\x41\\/\"\n", "a: 9223372036854775807\nb: 18446744073709551615\nc: 1e400\n",
	"a: [a, b\n", "a: [a,,b]\n", "a: [a, ]\n", "a: {a: 1,}\n", "a: [-1, - 1]\n", "a: [a b, c  ]\n", "a: [a: 1]\n", "a: {a : 1}\n", "a: {\"a\":1}\n", "a: [a#b]\n", "a: [a #b]\n",
	"a : 1\n", "a  :\n  b: 1\n", "a b: 1\n", ": 1\n", "a: :\n", "a: ::b\n", "-a: 1\n", "a: -\n", "a: ?\n", "a: ? b\n", "a: ,\n", "a: x, y\n", "a: }\n", "{a: 1}\n", "[a]\n", "text\n", "\"a\"\n", "|\n  x\n",
	"a: |\n\tx\n", "a: |\n  \tx\n", "a:\n  - b\n c: d\n", "a:\n  b: |\n   x\n  c: 1\n", "- |\n x\n- y\n", "- a: |\n   x\n  b: 1\n", "a: true \nb: 1  # c\n", "n: n\n", "a: NO\n", "a: oFf\n", "key: 'a' # x\n",
	"a: b\n  c\n\n\n  d  \n e\nf: g\n", "a: b\n  # c\n  d\n", "a: b # c\n  d\n", "a: b\n  c: d\n", "a: b\n  c # d\n  e\n", "a: 1\n  2\n", "- a\n  - b\n", "a:\n  b\n   c\n  d\ne: 1\n",
	"a: y\n  es\n", "a: [b\n  , c]\n", "a: &b\n  c\n", "a: b\n  \"c\"\n  [d]\n", "a: b\n\n\nc: d\n", "a: b\n  c", "a: b\n  c\n\n", "a: b\n  ---\n", "a\nb\n", "a\n---\n", "{}\n{}\n",
	"a: \"b\n  c\n\n  d  \n\n\n   e\\\n   \\ f\\\"g\" # h\ni: j\n", "a: \"b\\ \n  c\"\n", "a: \"b\\\\\n  c\"\n", "a: \"b\\\n\n  c\"\n", "a: \"b\nc\"\n", "a: \"b\n  c\": d\n", "a: \"\n  b\n  \"\n",
	"a: 'b\n  it''s\n\n  # c\n  '\nd: e\n", "a: 'b''\n  c'\n", "- 'a\n  b'\n- c\n", "- \"a\n  b\"\n", "a: 'b\n  ''\n  c'\n", "a: \"b\n  ---\n  c\"\n", "a: 'b\n", "a: \"b\\",
	"a: >\n  b\n  c\n\n  d\n\n\n  e\n", "a: >-\n  b\n   c\n  d\n\n   e\n\n  f\n\n", "a: >+\n  b\n\n\nc: d\n", "a: >\n\n  b\n", "a: >\n   b\n  c\n", "a: >\n  b\n  \tc\n  d\n", "a: >-\n  b", "a: |+\n  b", "a: |\n  b\n ", "a: >2\n  b\n",
	"- >\n  a\n  b\n- |\n  c", "a: |\n  b\n\n  ", "a: |\n  b\n\n", "a: >\n\n\n   b\n\n   c\n", "a: |-\n  b\n c: d\n",
	"{}", "[]\n", "null\n", "~", "a", " a\n", "'a'\n", "- -c\n- --d=e\n- .f\n- -.inf\n- +x\n- .5\n- ..\n- -\n- +\n- -0x1\n- -i\n- .Nan\n", "a: 1.2.3\nb: 1..2\nc: 1.2.3-x\nd: 127.0.0.1\ne: 1.2.3_4\n",
}

// checkDecode compares what Decode makes of a text with what a decoder that
// goes through JSON makes of it, which is what Helm does.
func checkDecode(t *testing.T, data []byte) {
	t.Helper()
	got, gotErr := Decode(data)
	var want any
	wantErr := k8syaml.Unmarshal(data, &want)
	if (gotErr == nil) != (wantErr == nil) {
		t.Fatalf("%q: error %v, through JSON %v", data, gotErr, wantErr)
	}
	if diff := cmp.Diff(want, got); gotErr == nil && diff != "" {
		t.Fatalf("%q: differs (-through JSON +ours):\n%s", data, diff)
	}
}

func TestDecode(t *testing.T) {
	for _, seed := range seeds {
		checkDecode(t, []byte(seed))
	}
}

// TestDecodeFolder compares the decoders on the YAML files of a folder.
func TestDecodeFolder(t *testing.T) {
	dir := os.Getenv("PINTLE_TEST_YAML")
	if dir == "" {
		t.Skip("PINTLE_TEST_YAML names no folder")
	}
	plain, all := 0, 0
	err := filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for doc := range Documents(string(data)) {
			all++
			if _, ok := decodePlain(doc.Text); ok {
				plain++
			}
			checkDecode(t, []byte(doc.Text))
		}
		return nil
	})
	t.Logf("%d of %d documents are plain", plain, all)
	if err != nil {
		t.Fatal(err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<12 {
			return
		}
		// The full decoder is what Helm uses; only the plain one is on trial.
		got, ok := decodePlain(string(data))
		if !ok {
			_, _ = decodeFull(data)
			return
		}
		want, err := decodeFull(data)
		if err != nil {
			t.Fatalf("%q: plain gives %v, full fails: %v", data, got, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q: differs (-full +plain):\n%s", data, diff)
		}
	})
}
