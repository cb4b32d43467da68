package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The most that a file may ask for: docs/security.md promises no more to who
// builds a fork.
const (
	maxRenderTime = 2 * time.Minute
	maxRenderHeap = 2 << 30
)

func (v *validator) limits() {
	const more = "; the job may allow more, with --limits or $PINTLE_LIMITS"
	if v.c.Limits.Time > maxRenderTime {
		v.bad("limits.time", "write at most "+brief(maxRenderTime)+more, "%s is too long", brief(v.c.Limits.Time))
	}
	if !v.says("limits.heap") {
		return
	}
	switch heap, err := ParseSize(v.c.Limits.Heap); {
	case err != nil:
		v.bad("limits.heap", "write 512MiB or 1GiB", "%s", err.Error())
	case heap > maxRenderHeap:
		v.bad("limits.heap", "write at most 2GiB"+more, "%s is too much", v.c.Limits.Heap)
	}
}

// ParseSize reads a size in bytes as it is written in pintle.yaml and on the
// command line: a whole number of MiB or GiB, 1 MiB to 1024 GiB.
func ParseSize(text string) (int64, error) {
	for unit, bytes := range map[string]int64{"MiB": 1 << 20, "GiB": 1 << 30} {
		digits, ok := strings.CutSuffix(text, unit)
		n, err := strconv.ParseInt(digits, 10, 64)
		if ok && err == nil && n > 0 && n <= 1<<40/bytes {
			return n * bytes, nil
		}
	}
	return 0, fmt.Errorf("%q is no size: a whole number with MiB or GiB", text)
}
