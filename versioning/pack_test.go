package versioning

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// packedRepo is a repository whose objects are deltas of each other in one pack, and that pack's name without extension.
func packedRepo(t testing.TB, options ...string) (r *testRepo, name string) {
	t.Helper()
	r = newTestRepo(t)
	var script strings.Builder
	for i := 1; i <= 40; i++ {
		fmt.Fprintf(&script, "commit refs/heads/main\nmark :%d\ncommitter A <a@x> %d +0000\ndata 2000\n%s\n", i, 1_700_000_000+i,
			strings.Repeat(fmt.Sprintf("a long message %d\n", i/10), 200)[:2000])
		for j := range 30 {
			fmt.Fprintf(&script, "M 100644 inline dir/file-with-a-long-name-%d\ndata 2\n%d\n", j, min(j, i%10))
		}
	}
	r.gitIn(r.dir, script.String(), "fast-import", "--quiet")
	r.git("tag", "-a", "-m", "x", "v1.0.0", "main~20")
	list := r.git("rev-list", "--objects", "--no-object-names", "--all")
	dir := filepath.Join(r.dir, ".git", "objects", "pack")
	for _, old := range []string{"*.pack", "*.idx", "*.rev"} {
		names, err := filepath.Glob(filepath.Join(dir, old))
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			for _, name := range names {
				if err := os.Remove(name); err != nil {
					t.Fatal(err)
				}
			}
		}()
	}
	made := r.gitIn(r.dir, list, append([]string{"pack-objects", "-q", "--window=50", filepath.Join(r.dir, ".git", "made")}, options...)...)
	name = filepath.Join(dir, "pack-"+made)
	for _, ext := range []string{".pack", ".idx"} {
		if err := os.Rename(filepath.Join(r.dir, ".git", "made-"+made+ext), name+ext); err != nil {
			t.Fatal(err)
		}
	}
	return r, name
}

// Every object is what git says, however it is stored: deltas by offset and by name, 64-bit offsets, loose.
func TestObjectsAgainstGit(t *testing.T) {
	tests := []struct {
		name    string
		options []string
		unpack  bool
	}{
		{"deltas by offset", []string{"--delta-base-offset"}, false},
		{"deltas by name", nil, false},
		{"large offsets", []string{"--index-version=2,0x40"}, false},
		{"loose", nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, name := packedRepo(t, tt.options...)
			if tt.unpack {
				content, err := os.ReadFile(name + ".pack")
				if err != nil {
					t.Fatal(err)
				}
				r.remove(mustRel(t, r.dir, name+".pack"))
				r.remove(mustRel(t, r.dir, name+".idx"))
				r.gitIn(r.dir, string(content), "unpack-objects", "-q")
			}
			store, err := openObjects(filepath.Join(r.dir, ".git", "objects"), false)
			if err != nil {
				t.Fatal(err)
			}
			defer closeStore(t, store)
			seen := map[string]int{}
			for line := range strings.SplitSeq(r.git("cat-file", "--batch-all-objects", "--batch-check"), "\n") {
				fields := strings.Fields(line)
				hash := plumbing.NewHash(fields[0])
				kind, err := store.kind(hash)
				if err != nil || kind.String() != fields[1] {
					t.Errorf("%s: got kind %v, %v", line, kind, err)
				}
				_, content, err := store.read(hash)
				if err != nil {
					t.Errorf("%s: %v", line, err)
				}
				if plumbing.ComputeHash(kind, content) != hash {
					t.Errorf("%s: other content", line)
				}
				if size, _ := strconv.Atoi(fields[2]); len(content) != size {
					t.Errorf("%s: got %d bytes", line, len(content))
				}
				seen[fields[1]]++
			}
			if seen["commit"] != 40 || seen["tree"] < 10 || seen["tag"] != 1 || seen["blob"] == 0 {
				t.Errorf("saw %v", seen)
			}
		})
	}
}

// Objects that begin in one page of the pack and end in the next are as git has them, kept or not.
func TestReadsAcrossPages(t *testing.T) {
	r := newTestRepo(t)
	var script strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&script, "commit refs/heads/main\ncommitter A <a@x> %d +0000\ndata <<E\nfix: %x\nE\n", 1_600_000_000+60*i, sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
		fmt.Fprintf(&script, "M 100644 inline dir%d/%d/file\ndata <<E\n%d\nE\n", i%7, i%31, i)
	}
	r.gitIn(r.dir, script.String(), "fast-import", "--quiet")
	r.git("repack", "-q", "-a", "-d", "-f")
	store, err := openObjects(filepath.Join(r.dir, ".git", "objects"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, store)
	if size := store.folders[0].packs[0].size; size < 10*pageSize {
		t.Fatalf("the pack has %d bytes, which are few pages", size)
	}
	for line := range strings.FieldsSeq(r.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")) {
		hash := plumbing.NewHash(line)
		for _, read := range []func(plumbing.Hash) (plumbing.ObjectType, []byte, error){store.read, store.readOnce} {
			kind, content, err := read(hash)
			if err != nil || plumbing.ComputeHash(kind, content) != hash {
				t.Fatalf("%s: %v, %d bytes", hash, err, len(content))
			}
		}
	}
}

func mustRel(t *testing.T, base, path string) string {
	t.Helper()
	rel, err := filepath.Rel(base, path)
	if err != nil {
		t.Fatal(err)
	}
	return rel
}

func closeStore(t *testing.T, store *objects) {
	t.Helper()
	if err := store.close(); err != nil {
		t.Error(err)
	}
}

// A damaged pack gives errors or the right content, never a panic, a hang or a gigabyte.
func FuzzPack(f *testing.F) {
	r, name := packedRepo(f, "--delta-base-offset")
	data, err := os.ReadFile(name + ".pack")
	if err != nil {
		f.Fatal(err)
	}
	idx, err := os.ReadFile(name + ".idx")
	if err != nil {
		f.Fatal(err)
	}
	var all []plumbing.Hash
	for hash := range strings.FieldsSeq(r.git("rev-list", "--objects", "--no-object-names", "--all")) {
		all = append(all, plumbing.NewHash(hash))
	}
	for at := uint32(0); at < 4000; at += 37 {
		f.Add(at, byte(0xff), at%2 == 0)
		f.Add(at, byte(1), at%2 == 1)
	}
	f.Fuzz(func(t *testing.T, at uint32, flip byte, inIndex bool) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "pack"), 0o755); err != nil {
			t.Fatal(err)
		}
		bad := map[string][]byte{".pack": bytes.Clone(data), ".idx": bytes.Clone(idx)}
		victim := bad[".pack"]
		if inIndex {
			victim = bad[".idx"]
		}
		victim[int(at)%len(victim)] ^= flip
		for ext, content := range bad {
			if err := os.WriteFile(filepath.Join(dir, "pack", "pack-x"+ext), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		store, err := openObjects(dir, false)
		if err != nil {
			return
		}
		defer closeStore(t, store)
		for _, hash := range all {
			if _, _, err := store.read(hash); err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q", err)
			}
		}
	})
}

func FuzzDelta(f *testing.F) {
	f.Add([]byte("hello world"), []byte{11, 5, 0x90, 5})
	f.Add([]byte("hello world"), []byte{11, 7, 0x91, 6, 5, 2, 'x', 'y'})
	f.Add([]byte(""), []byte{0, 0})
	f.Add([]byte("x"), []byte{1, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		out, err := applyDelta(nil, base, delta)
		if err == nil && len(out) > objectLimit {
			t.Errorf("%d bytes", len(out))
		}
	})
}

func FuzzTree(f *testing.F) {
	hash := strings.Repeat("h", hashSize)
	f.Add([]byte("100644 a\x00"+hash+"40000 b\x00"+hash), []byte("40000 a\x00"+hash))
	f.Add([]byte("40000 a\x00short"), []byte(" a\x00"+hash))
	f.Add([]byte("4\x00\x00\x00  a\x00"+hash+"0 0\x00"+hash), []byte("4\x00\x00\x00  a\x00"+hash))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if checkTree(a) != nil || checkTree(b) != nil {
			return
		}
		calls := 0
		if err := diffTrees(a, b, func([]byte, plumbing.Hash, plumbing.Hash) error { calls++; return nil }); err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(a, b) && calls > 0 {
			t.Errorf("%d differences to itself", calls)
		}
	})
}
