package config

import (
	"strings"
	"testing"
)

const head = "apiVersion: pintle/v1\nproject: shop\n"

// TestBounds loads files that are made to be expensive. That it ends, with an
// error of bounded size, is the test.
func TestBounds(t *testing.T) {
	bomb := head + "services:\n  cart:\n    set:\n      a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	merges := head + "services:\n  cart: &m0 {set: {a: 1}}\n"
	for i := range 30 {
		this, next := string(rune('a'+i%26))+"x", string(rune('a'+(i+1)%26))+"x"
		if i == 0 {
			this = "a0"
		}
		bomb += "      k" + next + ": &" + next + strings.Repeat("y", i) + " [" + strings.Repeat("*"+this+strings.Repeat("y", max(0, i-1))+", ", 9) + "x]\n"
	}
	merges += "  catalog: {<<: [" + strings.Repeat("*m0, ", 40_000) + "*m0]}\n"
	for name, text := range map[string]string{
		"aliases":        bomb,
		"merges":         merges,
		"nesting":        head + "services: " + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000),
		"set nesting":    head + "services: {cart: {set: " + strings.Repeat("{a: ", 500) + "1" + strings.Repeat("}", 500) + "}}",
		"too large":      head + strings.Repeat("# comment\n", 200_000),
		"unknown keys":   head + strings.Repeat("k", 1000) + ": 1\n" + manyKeys(10_000),
		"late error":     head + strings.Repeat("# comment\n", 20_000) + "registry: {",
		"wide late line": head + "lint: {disable: [" + strings.Repeat("a, ", 80_000) + "}",
		"long needs":     head + "services: {cart: {needs: [" + strings.Repeat("redis, ", 30_000) + "x]}}",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadText(text)
			if err == nil {
				t.Fatal("loads")
			}
			if len(err.Error()) > 100_000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("key" + strings.Repeat("x", i%10) + string(rune(0x4e00+i)) + ": 1\n")
	}
	return b.String()
}
