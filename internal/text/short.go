package text

import (
	"fmt"
	"strings"
)

// Counted is "1 object", or "2 objects".
func Counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// Clip is the first n bytes of s, with "..." behind them where that is not all.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}

// Brief is a message on one line of at most 240 bytes, cut between words where that costs no more than half of it: a
// secret that is cut in two would not be known.
func Brief(s string) string {
	const limit = 240
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		if end := strings.LastIndexByte(s[:limit], ' '); end > limit/2 {
			return s[:end] + "..."
		}
	}
	return Clip(s, limit)
}

// Short cuts a name of unknown length, as a tag or a path has, for a message.
func Short(s string) string {
	const limit = 80
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}

// HasControl reports whether s has control characters, which garble a terminal.
func HasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 })
}

// KiB is a number of bytes as kibibytes: "12 KiB".
func KiB(n int) string { return fmt.Sprintf("%d KiB", (n+512)>>10) }
