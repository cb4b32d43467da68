package chart

import (
	"fmt"
	"slices"
	"strings"
)

// importAll fulfils import-values, children first.
func (r *resolver) importAll(c *Chart) error {
	for _, sub := range c.Dependencies {
		if err := r.importAll(sub); err != nil {
			return err
		}
	}
	return r.importValues(c)
}

// importValues merges what c imports from its subcharts under its own values.
// A chart with dependencies gets the subcharts' defaults into its values even
// if it imports nothing.
func (r *resolver) importValues(c *Chart) error {
	if c.Metadata.Dependencies == nil {
		return nil
	}
	values := map[string]any{}
	if err := r.chart(c, values, "", true); err != nil {
		return err
	}
	if slices.ContainsFunc(c.Metadata.Dependencies, func(d *Dependency) bool { return len(d.ImportValues) > 0 }) {
		values = copyMap(values) // importing changes it
	}
	imported := map[string]any{}
	for _, d := range c.Metadata.Dependencies {
		var normal []any
		for _, entry := range d.ImportValues {
			child, parent, ok := importPaths(entry)
			if !ok {
				continue
			}
			if r.imports++; r.imports > maxImports {
				return fmt.Errorf("%w: more than %d import-values", ErrTooLarge, maxImports)
			}
			normal = append(normal, map[string]string{"child": child, "parent": parent})
			table, ok := lookupTable(values, d.Name+"."+child)
			if !ok {
				r.warn("dependencies/import-values", "dependency %s has no table %s to import", d.Name, child)
				continue
			}
			if len(table) == 0 {
				table = map[string]any{} // an empty one is not shared
			}
			r.tables(imported, wrap(parent, table), "")
		}
		d.ImportValues = normal
	}
	if len(imported) > 0 {
		values = copyMap(values)
		r.tables(values, imported, "")
	}
	c.Values = values
	return nil
}

// importPaths reads an entry of import-values: a name in the child's exports,
// or a map {child, parent}.
func importPaths(entry any) (child, parent string, ok bool) {
	switch e := entry.(type) {
	case string:
		return "exports." + e, ".", true
	case map[string]any:
		return fmt.Sprint(e["child"]), fmt.Sprint(e["parent"]), true
	}
	return "", "", false
}

// wrap puts a table at a dotted path; "." is the root.
func wrap(path string, table map[string]any) map[string]any {
	if path == "." {
		return table
	}
	keys := strings.Split(path, ".")
	for _, key := range slices.Backward(keys) {
		table = map[string]any{key: table}
	}
	return table
}
