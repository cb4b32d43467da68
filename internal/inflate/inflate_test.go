package inflate_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/internal/inflate"
)

func deflate(t testing.TB, content []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// contents are random: words, bytes, few letters, long repetitions.
func contents(r *rand.Rand, size int) []byte {
	content := make([]byte, 0, size)
	letters := 1 + r.IntN(256)
	for len(content) < size {
		switch r.IntN(4) {
		case 0:
			content = fmt.Appendf(content, "word%d ", r.IntN(40))
		case 1:
			content = append(content, byte(r.IntN(letters)))
		case 2:
			content = append(content, bytes.Repeat([]byte{byte(r.IntN(letters))}, r.IntN(300))...)
		default:
			content = append(content, content[r.IntN(len(content)+1):]...)
		}
	}
	return content[:size]
}

func TestDecodesWhatZlibWrites(t *testing.T) {
	d, r := inflate.New(), rand.New(rand.NewPCG(1, 2))
	for round := range 3000 {
		content := contents(r, r.IntN(1<<r.IntN(18)))
		stream := deflate(t, content, []int{zlib.NoCompression, zlib.BestSpeed, zlib.DefaultCompression, zlib.BestCompression, zlib.HuffmanOnly}[round%5])
		out := make([]byte, len(content))
		if err := d.Decode(out, append(stream, bytes.Repeat([]byte{0xff}, round%12)...)); err != nil || !bytes.Equal(out, content) {
			t.Fatalf("round %d, %d bytes: %v", round, len(content), err)
		}
		for _, short := range []int{1, 4, 5, 1 + r.IntN(len(stream))} {
			if d.Decode(out, stream[:len(stream)-short]) == nil {
				t.Fatalf("round %d: decoded without its last %d bytes", round, short)
			}
		}
		if d.Decode(make([]byte, len(content)+1), stream) == nil {
			t.Fatalf("round %d: decoded into more room than it has content", round)
		}
		if len(content) > 0 && d.Decode(out[1:], stream) == nil {
			t.Fatalf("round %d: decoded into less room than it has content", round)
		}
	}
}

// FuzzDecode holds the decoder against compress/zlib: what it decodes, that decodes alike.
func FuzzDecode(f *testing.F) {
	for _, content := range []string{"", "a", strings.Repeat("tree of a commit\n", 40)} {
		for _, level := range []int{zlib.NoCompression, zlib.DefaultCompression, zlib.HuffmanOnly} {
			f.Add(deflate(f, []byte(content), level), len(content))
		}
	}
	skewed := []byte{}
	for i, n := 0, 1; n < 4000; i, n = i+1, n*8/5+1 { // code words of every length
		skewed = append(skewed, bytes.Repeat([]byte{byte(i)}, n)...)
	}
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(skewed), func(i, j int) { skewed[i], skewed[j] = skewed[j], skewed[i] })
	f.Add(deflate(f, skewed, zlib.HuffmanOnly), len(skewed))
	d := inflate.New()
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		if size < 0 || size > 1<<20 {
			return
		}
		out := make([]byte, size)
		ours := d.Decode(out, stream)
		z, err := zlib.NewReader(bytes.NewReader(stream))
		var content []byte
		if err == nil {
			content, err = io.ReadAll(io.LimitReader(z, int64(size)+1))
		}
		if ours == nil && (err != nil || !bytes.Equal(out, content)) {
			t.Fatalf("decoded as %q; compress/zlib: %q, %v", out, content, err)
		}
		if ours != nil && err == nil && len(content) == size {
			t.Fatalf("not decoded; compress/zlib: %q", content)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	var text strings.Builder
	fmt.Fprintf(&text, "tree 49d36cf4f9b2ffdbb68ae2aa5a3b1dd0ad9b3c17\nparent 1d2bd1c4bbf7e5d3ea6a9c8a6ee6b0ba07e5ee61\nauthor Some Body <some.body12@example.com> 1301200000 +0000\n")
	fmt.Fprintf(&text, "committer Some Body <some.body12@example.com> 1301200000 +0000\n\n[JENKINS-2000] Change number 2000\n\nIt was found by somebody who tried it on a machine.\n")
	content := []byte(text.String())
	stream := deflate(b, content, zlib.DefaultCompression)
	out := make([]byte, len(content))
	b.Run("ours", func(b *testing.B) {
		d := inflate.New()
		for b.Loop() {
			if err := d.Decode(out, stream); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("compress,zlib", func(b *testing.B) {
		in := bytes.NewReader(stream)
		z, err := zlib.NewReader(in)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			in.Reset(stream)
			if err := z.(zlib.Resetter).Reset(in, nil); err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(z, out); err != nil {
				b.Fatal(err)
			}
		}
	})
}
