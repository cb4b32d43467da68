package release

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// noise is text of n bytes that hardly compresses.
func noise(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(random.IntN(256))
	}
	return out
}

func TestCheckSize(t *testing.T) {
	for name, tt := range map[string]struct {
		files         map[string][]byte
		warning, fail string
	}{
		"small":         {files: map[string][]byte{"a": noise(1000)}},
		"compressible":  {files: map[string][]byte{"a": make([]byte, 2<<20)}},
		"large":         {files: map[string][]byte{"files/big.bin": noise(560 << 10), "small.txt": noise(2 << 10)}, warning: "mostly files/big.bin (747 KiB), small.txt (3 KiB)"},
		"far too large": {files: map[string][]byte{"files/a.bin": noise(500 << 10), "files/b.bin": noise(600 << 10)}, fail: "mostly files/b.bin (800 KiB), files/a.bin (667 KiB)"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Record{Name: "web", Namespace: "shop", Version: 1, Info: &Info{Status: Deployed}}
			r.Chart = &Chart{}
			for name, data := range tt.files {
				r.Chart.Files = append(r.Chart.Files, &File{Name: name, Data: data})
			}
			warning, err := CheckSize(r)
			if !strings.Contains(warning, tt.warning) || (warning == "") != (tt.warning == "") {
				t.Errorf("warning %q", warning)
			}
			if (err != nil) != (tt.fail != "") || err != nil && !strings.Contains(err.Error(), tt.fail) {
				t.Errorf("error %v", err)
			}
			if r.Info.Status != Deployed {
				t.Error("the record was changed")
			}
		})
	}
}
