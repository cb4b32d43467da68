package plan

import (
	"strings"
	"testing"
)

func TestWriteScope(t *testing.T) {
	units := []Scoped{
		{"redis", Left, "tag a/v1 leaves releases as they are"},
		{"a", Taken, "tag a/v1"},
		{"b", Missing, "not deployed"},
		{"db", Left, "tag a/v1 leaves releases as they are"},
		{"c", Left, "not | named"},
	}
	var text strings.Builder
	if err := WriteScope(&text, units); err != nil {
		t.Fatal(err)
	}
	const want = "takes a: tag a/v1\nleaves redis and db: tag a/v1 leaves releases as they are\nleaves c: not | named\nmissing b: not deployed\n"
	if text.String() != want {
		t.Errorf("got\n%s", text.String())
	}
	if got := ScopeSummary(units); got != "takes a; leaves redis, db and c; missing: b" {
		t.Error(got)
	}
	if got := ScopeSummary(units[:1]); got != "takes nothing; leaves redis" {
		t.Error(got)
	}
	many := make([]Scoped, 7)
	for i := range many {
		many[i] = Scoped{"s", Taken, "branch main"}
	}
	if got := ScopeSummary(many); got != "takes 7 units" {
		t.Error(got)
	}
	if got := scopeTable(units); !strings.Contains(got, "| leaves | c | not \\| named |\n") || !strings.HasSuffix(got, "\n\n") {
		t.Error(got)
	}
}
