package store

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/pintle-ci/pintle/git/gittest"
)

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
				r.Remove(mustRel(t, r.Dir, name+".pack"))
				r.Remove(mustRel(t, r.Dir, name+".idx"))
				r.GitIn(r.Dir, string(content), "unpack-objects", "-q")
			}
			store, err := openObjects(filepath.Join(r.Dir, ".git", "objects"), false)
			if err != nil {
				t.Fatal(err)
			}
			defer closeStore(t, store)
			seen := map[string]int{}
			for line := range strings.SplitSeq(r.Git("cat-file", "--batch-all-objects", "--batch-check"), "\n") {
				fields := strings.Fields(line)
				hash := plumbing.NewHash(fields[0])
				kind, err := store.Kind(hash)
				if err != nil || kind.String() != fields[1] {
					t.Errorf("%s: got kind %v, %v", line, kind, err)
				}
				_, content, err := store.Read(hash)
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
	r := gittest.New(t)
	var script strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&script, "commit refs/heads/main\ncommitter A <a@x> %d +0000\ndata <<E\nfix: %x\nE\n", 1_600_000_000+60*i, sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
		fmt.Fprintf(&script, "M 100644 inline dir%d/%d/file\ndata <<E\n%d\nE\n", i%7, i%31, i)
	}
	r.GitIn(r.Dir, script.String(), "fast-import", "--quiet")
	r.Git("repack", "-q", "-a", "-d", "-f")
	store, err := openObjects(filepath.Join(r.Dir, ".git", "objects"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, store)
	if size := store.folders[0].packs[0].size; size < 10*pageSize {
		t.Fatalf("the pack has %d bytes, which are few pages", size)
	}
	for line := range strings.FieldsSeq(r.Git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")) {
		hash := plumbing.NewHash(line)
		for _, read := range []func(plumbing.Hash) (plumbing.ObjectType, []byte, error){store.Read, store.readOnce} {
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

func closeStore(t *testing.T, store *Objects) {
	t.Helper()
	if err := store.close(); err != nil {
		t.Error(err)
	}
}
