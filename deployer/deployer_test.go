package deployer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMergeLabels(t *testing.T) {
	got := mergeLabels(map[string]string{"a": "1", "b": "2"}, map[string]string{"b": "null", "c": "3"})
	if d := cmp.Diff(map[string]string{"a": "1", "c": "3"}, got); d != "" {
		t.Error(d)
	}
}
