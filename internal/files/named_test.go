package files_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/pintle-ci/pintle/internal/files"
)

func TestReadNamed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "values.yaml")
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := files.ReadNamed(path, 1<<20); err != nil || len(data) != 1<<20 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if data, err := files.ReadNamed(path, 1<<20-1); err == nil || data != nil {
		t.Errorf("%d bytes of a file that is too large, %v", len(data), err)
	}
	if _, err := files.ReadNamed(filepath.Join(dir, "absent"), 1); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := files.ReadNamed(dir, 1); err == nil {
		t.Error("a folder is read")
	}
}
