package versioning

import (
	"bytes"
	"testing"

	"github.com/Masterminds/semver/v3"
)

// Whatever a message holds, it asks for a bump that there is and for a version that is one; what stands behind it in a
// quotation asks for nothing.
func FuzzReadChange(f *testing.F) {
	for _, message := range []string{
		"feat: x", "fix(a)!: x\r\n\r\nBREAKING CHANGE: y", "chore: x\n\nRelease-As: 2.0.0-rc.1", "Release-As: 1e400.0.0", "feat(登录): 支持", "feat\x00: x",
		"x\n\nBREAKING CHANGE #y", "\nfeat: x", "feat: x\n\nRelease-As: v99999999999999999999.0.0", "\xff\xfe: x",
	} {
		f.Add([]byte(message))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		found := readChange(message)
		if found.bump < BumpNone || found.bump > BumpMajor {
			t.Fatalf("bump %d", found.bump)
		}
		if as := found.releaseAs; as != "" {
			if v, err := semver.StrictNewVersion(as); err != nil || v.Metadata() != "" || !bytes.Contains(message, []byte(as)) {
				t.Errorf("Release-As %q: %v", as, err)
			}
		}
		quoted := append([]byte("docs: quote\n\n> "), bytes.ReplaceAll(message, []byte("\n"), []byte("\n> "))...)
		if got := readChange(quoted); got != (change{}) {
			t.Errorf("a quotation asks for %+v", got)
		}
	})
}
