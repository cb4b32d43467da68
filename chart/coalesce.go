package chart

import (
	"fmt"
	"maps"
	"slices"
)

// Warning is something about values or dependencies that a user should look
// at; it stops nothing.
type Warning struct {
	ID      string // stable: values/not-a-table, dependencies/no-bool, ...
	Message string // one line
}

// merger merges values as Helm does (facts/helm-format.md 4.13) and remembers
// what it could not merge.
type merger struct {
	warnings []Warning
	shares   bool // the result is only read, so it may hold parts of the charts' values
}

func (m *merger) warn(id, format string, args ...any) {
	w := Warning{ID: id, Message: fmt.Sprintf(format, args...)}
	if !slices.Contains(m.warnings, w) {
		m.warnings = append(m.warnings, w)
	}
}

// Coalesce merges the user's values with the defaults of a chart and of all its
// subcharts, and hands globals down. The user's win; a null of the user's
// removes a default. Neither argument is changed, and the result shares nothing
// with the chart, so templates may change it.
func Coalesce(c *Chart, user map[string]any) (map[string]any, []Warning, error) {
	m := &merger{}
	values, err := m.coalesce(c, user)
	return values, m.warnings, err
}

func (m *merger) coalesce(c *Chart, user map[string]any) (map[string]any, error) {
	dest := copyMap(user)
	if dest == nil {
		dest = map[string]any{}
	}
	return dest, m.chart(c, dest, "", false)
}

// chart merges the defaults of c and of its subcharts under dest. With
// keepNulls, nulls stay to remove defaults in a later merge.
func (m *merger) chart(c *Chart, dest map[string]any, prefix string, keepNulls bool) error {
	prefix = join(prefix, c.Name())
	m.defaults(c, dest, prefix, keepNulls)
	for _, sub := range c.Dependencies {
		section, err := m.section(dest, sub.Name(), prefix)
		if err != nil {
			return err
		}
		m.globals(section, dest, prefix)
		if err := m.chart(sub, section, prefix, keepNulls); err != nil {
			return err
		}
	}
	return nil
}

// section is the part of dest that is a subchart's values, made if missing.
func (m *merger) section(dest map[string]any, name, prefix string) (map[string]any, error) {
	old, ok := dest[name]
	if !ok {
		section := map[string]any{}
		dest[name] = section
		return section, nil
	}
	section, ok := old.(map[string]any)
	if !ok {
		return nil, &ValuesError{
			Path:   join(prefix, name),
			Reason: fmt.Sprintf("is %s, but %s is a subchart, so its values must be a map", describe(old), name),
		}
	}
	return section, nil
}

// ValuesError says which value does not fit.
type ValuesError struct {
	Path   string // chart names and keys, joined by dots
	Reason string
}

// Error is one line: the path and what is wrong with it.
func (e *ValuesError) Error() string { return fmt.Sprintf("value %s %s", e.Path, e.Reason) }

func join(prefix, key string) string {
	if prefix == "" {
		return key
	}
	return prefix + "." + key
}

// defaults merges a chart's own values under dest.
func (m *merger) defaults(c *Chart, dest map[string]any, prefix string, keepNulls bool) {
	for key, value := range c.Values {
		given, ok := dest[key]
		if !ok {
			m.addDefault(dest, key, value, keepNulls, key == GlobalKey || c.hasSubchart(key))
			continue
		}
		if given == nil {
			if !keepNulls {
				delete(dest, key)
			}
			continue
		}
		table, ok := given.(map[string]any)
		if !ok {
			continue
		}
		under, ok := value.(map[string]any)
		if !ok {
			if value != nil {
				m.noTable(join(prefix, key), value)
			}
			continue
		}
		// A subchart's section keeps its nulls: they have yet to remove the
		// subchart's own defaults.
		m.under(table, under, join(prefix, key), keepNulls || c.hasSubchart(key))
	}
}

// under merges a table of a chart under dst, which is the result's. The chart's
// stays as it is. Without keepNulls its nulls count for nothing, and a null in
// dst removes the key if the chart has a value for it.
func (m *merger) under(dst, table map[string]any, prefix string, keepNulls bool) {
	for key, value := range table {
		if value == nil && !keepNulls {
			continue
		}
		given, ok := dst[key]
		switch {
		case !ok:
			m.addDefault(dst, key, value, keepNulls, true)
		case given == nil && !keepNulls:
			delete(dst, key)
		case given != nil:
			if over, under, both := m.pair(given, value, join(prefix, key)); both {
				m.under(over, under, join(prefix, key), keepNulls)
			}
		}
	}
}

func (m *merger) noTable(path string, value any) {
	m.warn("values/not-a-table", "%s is a map in the given values but %s in the chart's", path, describe(value))
}

// addDefault takes over a chart's value that dest lacks, without its nulls. What
// is merged further, globals and the sections of subcharts, is never shared.
func (m *merger) addDefault(dest map[string]any, key string, value any, keepNulls, merged bool) {
	if value == nil && !keepNulls {
		return
	}
	if m.shares && !merged && (keepNulls || !hasNulls(value)) {
		dest[key] = value
		return
	}
	value = copyValue(value)
	if table, ok := value.(map[string]any); ok && !keepNulls {
		dropNulls(table)
	}
	dest[key] = value
}

func (c *Chart) hasSubchart(name string) bool {
	return slices.ContainsFunc(c.Dependencies, func(d *Chart) bool { return d.Name() == name })
}

// dropNulls removes the null entries of a table and of the tables in it.
func dropNulls(table map[string]any) {
	for k, v := range table {
		switch v := v.(type) {
		case nil:
			delete(table, k)
		case map[string]any:
			dropNulls(v)
		}
	}
}

func hasNulls(value any) bool {
	table, _ := value.(map[string]any)
	for _, v := range table {
		if v == nil || hasNulls(v) {
			return true
		}
	}
	return false
}

// tables merges src under dst, as Helm does with imports and globals: what dst
// lacks becomes a part of both, so a later merge into one shows in the other,
// and the nulls of dst stand in src too. Nulls stay.
func (m *merger) tables(dst, src map[string]any, prefix string) {
	if dst == nil {
		return
	}
	for key, v := range dst {
		if v == nil && src != nil {
			src[key] = nil
		}
	}
	for key, value := range src {
		given, ok := dst[key]
		if !ok {
			dst[key] = value
			continue
		}
		if over, under, both := m.pair(given, value, join(prefix, key)); both {
			m.tables(over, under, join(prefix, key))
		}
	}
}

// pair are a given value and the one under it as tables, where they are; a table
// and something else do not merge.
func (m *merger) pair(given, value any, path string) (over, under map[string]any, both bool) {
	over, overIsTable := given.(map[string]any)
	under, underIsTable := value.(map[string]any)
	switch {
	case underIsTable && !overIsTable:
		m.warn("values/table-replaced", "%s is a map in the chart's values; %s replaces it", path, describe(given))
	case overIsTable && !underIsTable && value != nil:
		m.noTable(path, value)
	}
	return over, under, overIsTable && underIsTable
}

// globals hands the global values of a chart down to a subchart's section. They
// win over the section's own. Tables below the first level are shared, so what a
// subchart adds there shows in its parent and in the subcharts after it: Helm
// does the same.
func (m *merger) globals(section, parent map[string]any, prefix string) {
	dest, ok := globalTable(section)
	if !ok {
		m.warn("values/global", "%s.global of a subchart is no map; globals are not handed down", prefix)
		return
	}
	src, ok := globalTable(parent)
	if !ok {
		m.warn("values/global", "%s.global is no map; globals are not handed down", prefix)
		return
	}
	for key, v := range src {
		table, isTable := v.(map[string]any)
		old, had := dest[key]
		oldTable, wasTable := old.(map[string]any)
		switch {
		case isTable && !had:
			dest[key] = maps.Clone(table)
		case isTable && wasTable:
			merged := maps.Clone(table)
			m.tables(merged, oldTable, join(prefix, key))
			dest[key] = merged
		case isTable:
			m.warn("values/global", "global.%s is a map in %s but %s below it", key, prefix, describe(old))
		case had && wasTable:
			m.warn("values/global", "global.%s is a map below %s but %s in it", key, prefix, describe(v))
		default:
			dest[key] = v
		}
	}
	section[GlobalKey] = dest
}

func globalTable(values map[string]any) (map[string]any, bool) {
	v, ok := values[GlobalKey]
	if !ok {
		return map[string]any{}, true
	}
	table, ok := v.(map[string]any)
	if ok && table == nil { // of a caller's, not of YAML
		table = map[string]any{}
	}
	return table, ok
}
