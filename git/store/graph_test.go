package store

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/pintle-ci/pintle/git/gittest"
)

// A commit is read whole or refused; then it has a tree, and a time that no walk stumbles over.
func FuzzCommit(f *testing.F) {
	hash := strings.Repeat("ab", 20)
	whole := "tree " + hash + "\nparent " + hash + "\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1700000000 +0800\n\nfeat: x\n"
	for _, text := range []string{
		whole, "tree " + hash + "\n\n", strings.Replace(whole, "1700000000", "-5", 1), strings.Replace(whole, "1700000000", "99999999999999999999", 1),
		strings.ReplaceAll(whole, "ab", "zz"), strings.Replace(whole, "\n\n", "\n", 1), "parent\n" + whole, strings.Repeat("parent "+hash+"\n", 100) + whole,
		strings.Replace(whole, "\n\nfeat", "\ngpgsig -----BEGIN\n tree x\n \n -----END\n\nfeat", 1),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		g := newGraph(nil, nil)
		n := g.Node(plumbing.NewHash(strings.Repeat("cd", 20)))
		if err := g.parse(n, content); err != nil {
			if n.Tree != plumbing.ZeroHash && n.Parents != nil {
				t.Error("refused, and taken over")
			}
			return
		}
		if n.time < 0 {
			t.Errorf("time %d", n.time)
		}
		header, _, _ := bytes.Cut(content, []byte("\n\n"))
		if parents := bytes.Count(append([]byte("\n"), header...), []byte("\nparent ")); len(n.Parents) > parents {
			t.Errorf("%d parents of %d lines", len(n.Parents), parents)
		}
		if slices.Contains(n.Parents, nil) {
			t.Error("a parent that is none")
		}
	})
}

// The object behind an annotated tag: a commit that is there, nothing, or an error; never an endless chain.
func FuzzTagObject(f *testing.F) {
	r := gittest.New(f)
	commit := r.Commit("x")
	r.Annotated("v1.0.0")
	tag := r.Git("rev-parse", "v1.0.0")
	for _, text := range []string{
		"object " + commit + "\ntype commit\ntag v1\n\n", "object " + tag + "\ntype tag\n", "object " + strings.Repeat("0", 40) + "\n", "object x\n", "", "type commit\n",
		"object " + r.Git("rev-parse", "HEAD^{tree}") + "\n", "object " + commit,
	} {
		f.Add([]byte(text))
	}
	store, err := openObjects(filepath.Join(r.Dir, ".git", "objects"), false)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := store.close(); err != nil {
			f.Error(err)
		}
	})
	f.Fuzz(func(t *testing.T, content []byte) {
		g := newGraph(store, nil)
		hash := plumbing.ComputeHash(plumbing.TagObject, content)
		writeLoose(t, r.Dir, plumbing.TagObject, content)
		n, ok, err := g.Peel(hash)
		if err != nil && (ok || strings.ContainsAny(err.Error(), "\n\x1b")) {
			t.Errorf("got %v, %t, %q", n, ok, err)
		}
		if ok && n.Hash.String() != commit {
			t.Errorf("peeled to %s, which is no commit here", n.Hash)
		}
	})
}

// writeLoose writes an object as a file of its own.
func writeLoose(t *testing.T, dir string, kind plumbing.ObjectType, content []byte) {
	t.Helper()
	var file bytes.Buffer
	z := zlib.NewWriter(&file)
	_, err := fmt.Fprintf(z, "%s %d\x00%s", kind, len(content), content)
	name := plumbing.ComputeHash(kind, content).String()
	folder := filepath.Join(dir, ".git", "objects", name[:2])
	err = errors.Join(err, z.Close(), os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, name[2:]), file.Bytes(), 0o644))
	if err != nil {
		t.Fatal(err)
	}
}
