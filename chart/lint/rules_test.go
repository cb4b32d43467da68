package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestEveryFindingHasARule looks for the ids of findings in the code of those that make
// some: an id without a rule would have no severity and nothing to do about it.
func TestEveryFindingHasARule(t *testing.T) {
	var known, groups []string
	for _, rule := range Rules() {
		group, _, _ := strings.Cut(rule.ID, "/")
		known, groups = append(known, rule.ID), append(groups, group)
	}
	id := regexp.MustCompile(`^(?:` + strings.Join(groups, "|") + `)/[a-z0-9]+(?:-[a-z0-9]+)*$`)
	found := 0
	for _, folder := range []string{".", "..", "../render"} {
		sources, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range sources {
			if strings.HasSuffix(name, "_test.go") || name == "rules.go" || name == "examples.go" {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range texts(file) {
				if !id.MatchString(text) {
					continue
				}
				if found++; !slices.Contains(known, text) {
					t.Errorf("%s: %s has no rule", name, text)
				}
			}
		}
	}
	if found < len(known)/2 {
		t.Errorf("only %d ids in the code, of %d rules: does this test look in the right place?", found, len(known))
	}
}

// texts lists the string literals of a source file.
func texts(file *ast.File) []string {
	var list []string
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil {
				list = append(list, text)
			}
		}
		return true
	})
	return list
}
