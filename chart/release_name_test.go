package chart

import (
	"strings"
	"testing"
)

func TestIsReleaseName(t *testing.T) {
	for name, want := range map[string]bool{
		"web": true, "web-1.a": true, "9": true, "": false, "Web": false, "-web": false, "web.": false, "web..a": false, "web.-a": false, "a/b": false, "a\n": false,
		strings.Repeat("a", 53): true, strings.Repeat("a", 54): false,
	} {
		if got := IsReleaseName(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
