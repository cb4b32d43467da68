package lint

import "strings"

// secret finds literal data of a Secret in the template's text.
func (l *linter) secret(o *object) {
	if o.kind != "Secret" {
		return
	}
	for _, section := range []string{"data", "stringData"} {
		data := mapAt(o.fields, section)
		for _, key := range sortedKeys(data) {
			value := text(data[key])
			for i, line := range o.template {
				if name, rest, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && value != "" &&
					strings.Trim(name, `"'`) == key && strings.Trim(strings.TrimSpace(rest), `"'`) == value {
					l.add("secret/literal", o.file, i+1, "%s has the literal value of %s", o, key)
				}
			}
		}
	}
}
