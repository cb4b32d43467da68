package git

import (
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// userInfo is the part of an address that may hold a password.
var userInfo = lazyregexp.New(`([A-Za-z][A-Za-z0-9+.-]*://)[^/@\s]*@`)

// Complaint makes one line of what git and the remote's hooks said: the remote's words say why, git's say what.
func Complaint(text string) string {
	var said, other []string // with git's marks and without, as of a hook
	add := func(line string) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(said, line) {
			said = append(said, line)
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(strings.ReplaceAll(line, "\x1b[K", ""), "\r\n ")
		marked := false
		for _, prefix := range []string{"remote: ", "fatal: ", "error: ", "ERROR: "} {
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				marked = true
				add(strings.TrimPrefix(rest, "error: ")) // a remote's hook may say so too
				break
			}
		}
		if line = strings.TrimSpace(line); !marked && line != "" && !strings.HasPrefix(line, "hint: ") {
			other = append(other, line)
		}
	}
	vague := len(said) == 0 || len(said) == 1 && strings.HasPrefix(said[0], "failed to push some refs")
	if vague && len(other) > 0 {
		add(other[0])
	}
	if len(said) == 0 {
		return "failed without a word"
	}
	line := strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(strings.Join(said[:min(len(said), 4)], "; "), "?"))
	line = userInfo.ReplaceAllString(line, "$1")
	const limit = 400
	if len(line) > limit {
		line = strings.ToValidUTF8(line[:limit], "") + "..."
	}
	return line
}
