package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// suggest returns a hint that names the known word nearest to word, or lists
// the known ones when none is near.
func suggest(word string, known []string) string {
	if best := Nearest(word, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	const few = 16
	if len(known) == 0 || len(known) > few {
		return ""
	}
	return "known here: " + strings.Join(known, ", ")
}

// Nearest returns the known word that word was most likely meant to be, or "".
func Nearest(word string, known []string) string {
	best, least := "", max(1, min(len(word), 12)/3)+1
	for _, k := range known {
		if strings.EqualFold(word, k) {
			return k
		}
		if len(word) <= 64 && len(k) <= 64 {
			if d := distance(strings.ToLower(word), strings.ToLower(k)); d < least {
				best, least = k, d
			}
		}
	}
	return best
}

// distance is the number of single edits between a and b: insert, delete,
// replace, or swap of two neighbours (optimal string alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// sortedKeys returns the keys of m in order.
func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
