package edit

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestSetPattern(t *testing.T) {
	tests := []struct {
		name, src, pattern string
		all                bool
		want, err          string
	}{
		{"a group", "<a/>\r\n<version>1.0</version>\r\n", "<version>(.*)</version>", false, "<a/>\r\n<version>2.0.0</version>\r\n", ""},
		{"the named group", "v=1.0 # x\n", `(v)=(?P<version>\S+)`, false, "v=2.0.0 # x\n", ""},
		{"the whole match", "1.0.0\n", `\d+\.\d+\.\d+`, false, "2.0.0\n", ""},
		{"a dollar is a dollar and bytes stay", "\ufeff\xffv=$1\n", `v=(\S+)`, false, "\ufeff\xffv=2.0.0\n", ""},
		{"there already", "v=2.0.0\n", `v=(\S+)`, false, "v=2.0.0\n", ""},
		{"an empty group", "v=\n", `v=(\S*)`, false, "v=2.0.0\n", ""},
		{"all", "v=1\nv=2\n", `v=(\S+)`, true, "v=2.0.0\nv=2.0.0\n", ""},
		{"nothing", "w=1\n", `v=(\S+)`, false, "", "the pattern matches nothing"},
		{"several", "v=1\n\nv=2\n", `v=(\S+)`, false, "", "the pattern matches 2 places (lines 1, 3): make it match one, or write all: true"},
		{"never again", "v=1.0\n", `v=(1\.0)`, false, "", "the pattern does not match \"2.0.0\", which it is to be replaced by: put what changes in a group that takes any version, as ([^\"]*)"},
		{"an optional group", "v\n", `v(=.*)?`, false, "", "the group of the pattern takes no part in its match in line 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := SetPattern([]byte(tt.src), regexp.MustCompile(tt.pattern), "2.0.0", tt.all)
			if text := errorText(err); text != tt.err || string(got) != tt.want {
				t.Errorf("got %q, %s\nwant %q, %s", got, text, tt.want, tt.err)
			}
		})
	}
	if _, err := SetPattern([]byte("x"), regexp.MustCompile("y"), "1", true); !errors.Is(err, ErrNoMatch) {
		t.Errorf("got %v, want ErrNoMatch", err)
	}
	if _, err := SetPattern(bytes.Repeat([]byte("v"), MaxBytes+1), regexp.MustCompile("v"), "1", true); err == nil || !strings.Contains(err.Error(), "bytes are more than") {
		t.Errorf("a huge file: %v", err)
	}
	if _, err := SetPattern(bytes.Repeat([]byte("v"), maxPatternMatches+1), regexp.MustCompile("v"), "v", true); err == nil || !strings.Contains(err.Error(), "more than 10000 places") {
		t.Errorf("many matches: %v", err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
