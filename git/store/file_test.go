package store

import (
	"errors"
	"github.com/pintle-ci/pintle/git/gittest"
	"io/fs"
	"strings"
	"testing"
)

// A file is what HEAD has, not what the work tree has, from loose objects and from packs with deltas alike.
func TestFile(t *testing.T) {
	r := gittest.New(t)
	long := strings.Repeat("a line that repeats\n", 500)
	r.Write("dir/登录", long)
	r.Write("empty", "")
	r.Write("large", strings.Repeat("x", blobLimit+1))
	r.Git("add", "-A")
	r.Git("commit", "-q", "-m", "one")
	r.Write("dir/登录", long+"more\n")
	r.Git("commit", "-q", "-a", "-m", "two")
	r.Write("dir/登录", "not committed")
	for _, state := range []string{"loose", "packed"} {
		t.Run(state, func(t *testing.T) {
			if state == "packed" {
				r.Git("repack", "-q", "-a", "-d", "-f")
				r.Git("prune-packed")
			}
			repository, err := Open(r.Dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := repository.Close(); err != nil {
					t.Error(err)
				}
			}()
			for name, want := range map[string]string{"dir/登录": long + "more\n", "./dir//登录": long + "more\n", "empty": ""} {
				if got, err := repository.File(name); err != nil || string(got) != want {
					t.Errorf("%s: %d bytes, %v", name, len(got), err)
				}
			}
			for _, name := range []string{"none", "dir", "dir/none", "empty/x", "../x", "."} {
				if _, err := repository.File(name); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if _, err := repository.File("large"); err == nil || !strings.Contains(err.Error(), "more than") {
				t.Errorf("large: %v", err)
			}
		})
	}
}
