package release

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// FuzzDecodeDocument compares with the decoders of the API machinery, which take the way through JSON.
func FuzzDecodeDocument(f *testing.F) {
	for _, seed := range []string{
		"", "# nothing\n", "apiVersion: v1\nkind: Service\nspec: {ports: [{port: 80, weight: 0.5}, 1e3, -0.0, 1.0]}\n",
		"a: 9007199254740993\nb: -9007199254740992\nc: 18446744073709551615\nd: 1e21\n", "a: 1\na: 2\n", "- 1\n", "a: [", "just text",
		"1: a\ntrue: b\n", "a: !!binary gIGC\n", "a: .inf\n", "a: 0x7fffffffffffffff\nb: 0o17\nc: 1_000\n", "a: &x {b: 1}\nc: *x\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		got, err := decodeDocument(doc)
		var want map[string]any
		data, wantErr := yaml.YAMLToJSON([]byte(doc))
		if wantErr == nil {
			wantErr = utiljson.Unmarshal(data, &want)
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("error %v, want %v", err, wantErr)
		}
		if diff := cmp.Diff(want, got); err == nil && diff != "" {
			t.Fatalf("differs (-through JSON +ours):\n%s", diff)
		}
	})
}
