package unittest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMatchFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"tests/a_test.yaml", "tests/web/b_test.yaml", "tests/web/deep/c_test.yaml", "tests/web/values.yaml", "other/d_test.yaml"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	below := []string{"tests/a_test.yaml", "tests/web/b_test.yaml", "tests/web/deep/c_test.yaml"}
	for pattern, want := range map[string][]string{
		"tests/*_test.yaml":       {"tests/a_test.yaml"},
		"tests/**/*_test.yaml":    below,
		"./tests/**/*_test.yaml":  below,
		"tests/**/**/*_test.yaml": below,
		"**/*_test.yaml":          append([]string{"other/d_test.yaml"}, below...),
		"**/web/**/*_test.yaml":   below[1:],
		"tests/*/*_test.yaml":     {"tests/web/b_test.yaml"},
		"tests/{a,x}_test.yaml":   {"tests/a_test.yaml"},
		"{tests,other}/?_test.*":  {"other/d_test.yaml", "tests/a_test.yaml"},
		"tests/web/b_test.yaml":   {"tests/web/b_test.yaml"},
		"tests/**/none_test.yaml": nil,
		"none/**/*_test.yaml":     nil,
	} {
		got, err := matchFiles(dir, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if got[i], err = filepath.Rel(dir, got[i]); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", pattern, diff)
		}
	}
	if _, err := matchFiles(dir, "tests/[_test.yaml"); err == nil {
		t.Error("a pattern that is wrong is taken")
	}
}
