package hostile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hostileValues are values and schemas that want too much.
func hostileValues() map[string]hostile {
	schema := func(text string) hostile {
		return hostile{files: map[string]string{"values.schema.json": text, "values.yaml": "a: {b: 1}\n"}, verbs: []string{"template", "lint"}}
	}
	values := func(text string) hostile {
		return hostile{files: map[string]string{"values.yaml": text}, verbs: []string{"template", "lint", "package", "show values"}, ok: true}
	}
	given := func(text string) hostile {
		return hostile{make: func(t *testing.T, dir string) string {
			if err := os.WriteFile(filepath.Join(dir, "v.yaml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			writeChart(t, filepath.Join(dir, "chart"), nil)
			return filepath.Join(dir, "chart")
		}, args: []string{"-f", "v.yaml"}, verbs: []string{"template", "lint"}, ok: true}
	}
	set := func(args ...string) hostile { return hostile{args: args, verbs: []string{"template", "lint"}} }
	cases := map[string]hostile{
		"laughs":              values(laughs(12)),
		"laughs as a map":     values(mapLaughs(12)),
		"quadratic aliases":   values("a: &a [" + strings.Repeat("x,", 50_000) + "]\nb: [" + strings.Repeat("*a,", 50_000) + "]\n"),
		"merge keys":          values("a: &a {" + keys(5_000) + "}\n" + strings.Repeat("---\n", 1) + mergeKeys(5_000)),
		"deep lists":          values("a: " + strings.Repeat("[", 1_000_000)),
		"deep maps":           values("a: " + strings.Repeat("{a: ", 1_000_000)),
		"deep blocks":         values(deepBlocks(9_000)),
		"deep dashes":         values("a:\n " + strings.Repeat("- ", 1_000_000) + "x\n"),
		"closed deep lists":   values("a: " + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000)),
		"a wide list":         values("a: [\n" + strings.Repeat("1, ", 7_000_000) + "1]\n"),
		"a wide map":          values(wideMap(1_500_000)),
		"a long string":       values("a: \"" + strings.Repeat("\\\"", 20_000_000) + "\"\n"),
		"a folded scalar":     values("a: >\n" + strings.Repeat("  words words\n", 1_200_000)),
		"folds of one letter": values("a: >\n" + strings.Repeat("  x\n", 4_000_000)),
		"a plain scalar":      values("a: x\n" + strings.Repeat("  y\n", 3_000_000)),
		"a quoted scalar":     values("a: \"x\n" + strings.Repeat("  y\n", 1_000_000) + "  z\"\n"),
		"a scalar of quotes":  values("a: 'x\n" + strings.Repeat("  '' \\\n", 1_000_000) + "  z'\n"),
		"no end of a quote":   values("a: \"x\n" + strings.Repeat("  y\n", 1_000_000)),
		"quotes without end":  values(strings.Repeat("a: \"x\n  y\n", 1_000_000)),
		"line ends":           values("a: |+\n  x\n" + strings.Repeat("\n", 16_000_000)),
		"folded line ends":    values("a: x\n" + strings.Repeat("\n", 8_000_000) + "  y\n" + strings.Repeat("\n", 8_000_000) + "  z\n"),
		"many documents":      values(strings.Repeat("a: 1\n---\n", 4_000_000)),
		"large documents":     values(strings.Repeat(wideMap(2_000)+"---\n", 1_000)),
		"comments":            values(strings.Repeat("# x\n", 15_000_000)),
		"equal keys":          values(strings.Repeat("a: 1\n", 5_000_000)),
		"tags":                values("a: !!binary " + strings.Repeat("AAAA", 5_000_000) + "\n"),
		"a binary document":   values(strings.Repeat("\x00", 10_000_000)),
		"given laughs":        given(laughs(12)),
		"given deep lists":    given("a: " + strings.Repeat("[", 1_000_000)),
		"given a wide list":   given("a: [\n" + strings.Repeat("1, ", 7_000_000) + "1]\n"),
		"-f of a folder":      set("-f", "."),
		"-f of /dev/zero":     set("-f", "/dev/zero"),
		"--set-file of zero":  set("--set-file", "a=/dev/zero"),
		"a huge index":        set("--set", "a[1000000000]=x"),
		"many indexes":        set("--set", manyIndexes()),
		"deep indexes":        {args: []string{"--set", "a" + strings.Repeat("[0]", 40_000) + "=x"}, verbs: []string{"template", "lint"}, ok: true},
		"deep keys":           set("--set", strings.Repeat("a.", 40_000)+"b=x"),
		"deep JSON":           set("--set-json", "a="+strings.Repeat("[", 120_000)),
		"deep JSON, closed":   {args: []string{"--set-json", "a=" + strings.Repeat("[", 9_990) + strings.Repeat("]", 9_990)}, verbs: []string{"template", "lint"}, ok: true},
		"many values":         {args: []string{"--set", strings.Repeat("a=1,", 30_000) + "a=1"}, verbs: []string{"template", "lint"}, ok: true},
		"many JSON values":    {args: []string{"--set-json", strings.Repeat("a=1,", 30_000) + "a=1"}, verbs: []string{"template", "lint"}, ok: true},
		"schema: passwd":      schema(`{"$ref": "file:///etc/passwd"}`),
		"schema: relative":    schema(`{"$ref": "../../../../../../etc/passwd"}`),
		"schema: http":        schema(`{"$ref": "http://127.0.0.1:1/x"}`),
		"schema: itself":      schema(`{"$ref": "#"}`),
		"schema: doubling":    schema(doublingSchema(40, "allOf", `{"type": "string"}`)),
		"schema: any":         schema(doublingSchema(40, "anyOf", `{"type": "string"}`)),
		"schema: one":         schema(doublingSchema(40, "oneOf", `true`)),
		"schema: not":         schema(doublingSchema(60, "allOf", `{"not": {"not": true}}`)),
		"schema: deep":        schema(strings.Repeat(`{"allOf": [`, 4_000) + `{"type":"string"}` + strings.Repeat(`]}`, 4_000)),
		"schema: deeper":      schema(strings.Repeat(`{"allOf": [`, 1_000_000)),
		"schema: wide":        schema(`{"allOf": [` + strings.Repeat(`{"type": "string"},`, 300_000) + `true]}`),
		"schema: regex":       schema(`{"properties": {"a": {"patternProperties": {"(((a{1,100}){1,100}){1,100})": true}}}, "type": "string"}`),
		"schema: enum":        schema(`{"properties": {"a": {"enum": [` + strings.Repeat("1,", 1_000_000) + `2]}}}`),
		"schema: metaschema":  schema(`{"$schema": "http://127.0.0.1:1/schema"}`),
		"schema: anchors":     schema(`{"$dynamicRef": "#a", "$dynamicAnchor": "a"}`),
		"schema: violations": {files: map[string]string{"values.schema.json": `{"properties": {"a": {"items": {"type": "string"}}}}`,
			"values.yaml": "a: [\n" + strings.Repeat("1, ", 200_000) + "1]\n"}, verbs: []string{"template", "lint"}},
		"schema: unknown keys": {files: map[string]string{"values.schema.json": `{"additionalProperties": false, "properties": {` + properties(9_000) + `}}`, "values.yaml": wideMap(200_000)}, verbs: []string{"template", "lint"}},
		"schema: unknown often": {files: map[string]string{"values.schema.json": `{"properties": {"a": {"items": {"additionalProperties": false, "properties": {` + properties(100) + `}}}}}`,
			"values.yaml": "a:\n" + strings.Repeat("- {property: 1}\n", 50_000)}, verbs: []string{"template", "lint"}},
		"schema: garbage":    schema(strings.Repeat("\xff", 1_000_000)),
		"schema: over files": {files: map[string]string{"values.schema.json": `{"$ref": "a.json"}`, "a.json": `{"$ref": "b.json"}`, "b.json": `{"$ref": "a.json"}`}, ok: true},
	}
	return cases
}

// properties are n properties of a schema.
func properties(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"properties%d": true, `, i)
	}
	return b.String() + `"last": true`
}

func mapLaughs(n int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 {x: 1, y: 2}\n")
	for i := 1; i < n*4; i++ {
		fmt.Fprintf(&b, "a%d: &a%d {x: *a%d, y: *a%d}\n", i, i, i-1, i-1)
	}
	return b.String()
}

func keys(n int) string { return strings.ReplaceAll(wideMap(n), "\n", ", ") }

func mergeKeys(n int) string {
	return "a: &a {" + keys(n) + "}\n" + strings.Repeat("b: {<<: [*a, *a, *a, *a, *a, *a, *a, *a]}\n", 1) + "c:\n" + strings.Repeat("- {<<: *a}\n", n)
}

func deepBlocks(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func manyIndexes() string {
	var b strings.Builder
	for i := range 4_000 {
		fmt.Fprintf(&b, "a%d[65000]=x,", i)
	}
	return b.String() + "b=1"
}

// doublingSchema has n levels, each of which asks for the next twice.
func doublingSchema(n int, keyword, last string) string {
	var b strings.Builder
	b.WriteString(`{"$defs": {`)
	for i := range n {
		ref := fmt.Sprintf(`{"$ref": "#/$defs/d%d"}`, i+1)
		fmt.Fprintf(&b, `"d%d": {"%s": [%s, %s]}, `, i, keyword, ref, ref)
	}
	fmt.Fprintf(&b, `"d%d": %s}, "$ref": "#/$defs/d0"}`, n, last)
	return b.String()
}
