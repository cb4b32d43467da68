package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/pintle-ci/pintle/git/gittest"
)

// packedRepo is a repository whose objects are deltas of each other in one pack, and that pack's name without extension.
func packedRepo(t testing.TB, options ...string) (r *gittest.Repo, name string) {
	t.Helper()
	r = gittest.New(t)
	var script strings.Builder
	for i := 1; i <= 40; i++ {
		fmt.Fprintf(&script, "commit refs/heads/main\nmark :%d\ncommitter A <a@x> %d +0000\ndata 2000\n%s\n", i, 1_700_000_000+i,
			strings.Repeat(fmt.Sprintf("a long message %d\n", i/10), 200)[:2000])
		for j := range 30 {
			fmt.Fprintf(&script, "M 100644 inline dir/file-with-a-long-name-%d\ndata 2\n%d\n", j, min(j, i%10))
		}
	}
	r.GitIn(r.Dir, script.String(), "fast-import", "--quiet")
	r.Git("tag", "-a", "-m", "x", "v1.0.0", "main~20")
	list := r.Git("rev-list", "--objects", "--no-object-names", "--all")
	dir := filepath.Join(r.Dir, ".git", "objects", "pack")
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
	made := r.GitIn(r.Dir, list, append([]string{"pack-objects", "-q", "--window=50", filepath.Join(r.Dir, ".git", "made")}, options...)...)
	name = filepath.Join(dir, "pack-"+made)
	for _, ext := range []string{".pack", ".idx"} {
		if err := os.Rename(filepath.Join(r.Dir, ".git", "made-"+made+ext), name+ext); err != nil {
			t.Fatal(err)
		}
	}
	return r, name
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
	for hash := range strings.FieldsSeq(r.Git("rev-list", "--objects", "--no-object-names", "--all")) {
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
			if _, _, err := store.Read(hash); err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q", err)
			}
		}
	})
}
