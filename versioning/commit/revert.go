package commit

import (
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// maxReverted bounds the hashes that are taken from one message.
const maxReverted = 100

var (
	// revertLine is what git revert writes; hashes of merges are followed by more text.
	revertLine   = lazyregexp.New(`^This reverts commit ([0-9a-f]{7,40})\b`)
	revertFooter = lazyregexp.New(`^Refs(?:: | #)([0-9a-f]{7,40}(?:,\s*[0-9a-f]{7,40})*)\s*$`)
)

// Reverted returns the beginnings of the hashes that a message says it reverts, as git revert writes it and as
// Conventional Commits proposes.
func Reverted(message string) []string {
	subject, rest, _ := strings.Cut(message, "\n")
	lower := strings.ToLower(subject)
	conventional := strings.HasPrefix(lower, "revert:") || strings.HasPrefix(lower, "revert(")
	if !conventional && !strings.HasPrefix(subject, `Revert "`) && !strings.HasPrefix(subject, `Reapply "`) {
		return nil
	}
	var hashes []string
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		if m := revertLine.FindStringSubmatch(line); m != nil {
			hashes = append(hashes, m[1])
		}
		if m := revertFooter.FindStringSubmatch(line); m != nil && conventional {
			for hash := range strings.SplitSeq(m[1], ",") {
				hashes = append(hashes, strings.TrimSpace(hash))
			}
		}
		if len(hashes) > maxReverted {
			break
		}
	}
	return hashes
}
