package cmd_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// keeps-secret FILE [FOLDER...] fails when a line of the file is in what the last command has printed, in a file of the
// folders, or in one of an archive there. Packed charts, which hold what the repository does, are left out.
func keepsSecret(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: keeps-secret FILE [FOLDER...]")
	}
	told := map[string]string{"stdout": ts.ReadFile("stdout"), "stderr": ts.ReadFile("stderr")}
	for _, folder := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(folder), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "charts":
				return fs.SkipDir
			case d.IsDir():
				return nil
			}
			data, err := os.ReadFile(path)
			if told[path] = string(data); strings.HasSuffix(path, ".tgz") {
				delete(told, path)
				err = untar(path, told)
			}
			return err
		}))
	}
	for secret := range strings.Lines(ts.ReadFile(args[0])) {
		if secret = strings.TrimSuffix(secret, "\n"); secret == "" {
			continue
		}
		for where, text := range told {
			if at := strings.Index(text, secret); at >= 0 {
				ts.Fatalf("%s is told in %s: %q", secret, where, text[max(0, at-80):min(len(text), at+len(secret)+40)])
			}
		}
	}
}

// untar puts the files of an archive beside the others.
func untar(path string, files map[string]string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		files[path+"/"+h.Name] = string(data)
	}
}
