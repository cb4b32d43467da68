package yaml

import "strings"

// scalarOrFlow reads a scalar or a flow collection from the beginning of text,
// which is the rest of a line, and returns what follows it.
func scalarOrFlow(text string) (v any, rest string, ok bool) {
	switch text[0] {
	case '"', '\'':
		s, rest, ok := quoted(text)
		return s, rest, ok
	case '[', '{':
		return flow(text, 0)
	}
	if !plainStart(text) {
		return nil, "", false
	}
	end := len(text)
	if i := strings.Index(text, " #"); i >= 0 {
		end = i
	}
	plain := strings.TrimRight(text[:end], " ")
	if strings.HasSuffix(plain, ":") || strings.Contains(plain, ": ") {
		return nil, "", false
	}
	v, ok = resolvePlain(plain)
	return v, text[end:], ok
}

// quoted reads a quoted scalar that ends on its line.
func quoted(text string) (s, rest string, ok bool) {
	if text[0] == '\'' {
		return singleQuoted(text)
	}
	end := strings.IndexAny(text[1:], `"\`)
	if end < 0 {
		return "", "", false
	}
	if text[1+end] == '"' {
		return text[1 : 1+end], text[2+end:], true
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return b.String(), text[i+1:], true
		case '\\':
			i++
			if i == len(text) {
				return "", "", false
			}
			escaped := strings.IndexByte(`nt"\ `, text[i])
			if escaped < 0 {
				return "", "", false
			}
			b.WriteByte("\n\t\"\\ "[escaped])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

func singleQuoted(text string) (s, rest string, ok bool) {
	end := strings.IndexByte(text[1:], '\'')
	if end < 0 {
		return "", "", false
	}
	if after := text[2+end:]; !strings.HasPrefix(after, "'") {
		return text[1 : 1+end], after, true
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		if text[i] == '\'' {
			if !strings.HasPrefix(text[i+1:], "'") {
				return b.String(), text[i+1:], true
			}
			i++
		}
		b.WriteByte(text[i])
	}
	return "", "", false
}

// flow reads [a, b] or {a: b} that ends on its line.
func flow(text string, depth int) (v any, rest string, ok bool) {
	if depth > plainNesting {
		return nil, "", false
	}
	if text[0] == '[' {
		return flowList(text[1:], depth)
	}
	return flowMap(text[1:], depth)
}

func flowList(text string, depth int) (v any, rest string, ok bool) {
	list := []any{}
	text = strings.TrimLeft(text, " ")
	if after, ok := strings.CutPrefix(text, "]"); ok {
		return list, after, true
	}
	for {
		item, after, ok := flowValue(text, depth)
		if !ok {
			return nil, "", false
		}
		list = append(list, item)
		next, done, ok := flowNext(after, ']')
		if !ok {
			return nil, "", false
		}
		if done {
			return list, next, true
		}
		text = next
	}
}

func flowMap(text string, depth int) (v any, rest string, ok bool) {
	m := map[string]any{}
	text = strings.TrimLeft(text, " ")
	if after, ok := strings.CutPrefix(text, "}"); ok {
		return m, after, true
	}
	for {
		key, after, ok := flowKey(text)
		if _, seen := m[key]; seen || !ok {
			return nil, "", false
		}
		value, after, ok := flowValue(after, depth)
		if !ok {
			return nil, "", false
		}
		m[key] = value
		next, done, ok := flowNext(after, '}')
		if !ok {
			return nil, "", false
		}
		if done {
			return m, next, true
		}
		text = next
	}
}

// flowKey reads a key with its colon and the space after it.
func flowKey(text string) (key, rest string, ok bool) {
	if text == "" {
		return "", "", false
	}
	if text[0] == '"' || text[0] == '\'' {
		key, rest, ok = quoted(text)
	} else {
		var plain string
		if plain, rest, ok = flowPlain(text); ok {
			key, ok = plainKey(plain)
		}
	}
	if !ok || !strings.HasPrefix(rest, ": ") {
		return "", "", false
	}
	return key, strings.TrimLeft(rest[1:], " "), len(key) < 512
}

// flowValue reads one value of a flow collection.
func flowValue(text string, depth int) (v any, rest string, ok bool) {
	if text == "" {
		return nil, "", false
	}
	switch text[0] {
	case '"', '\'':
		s, rest, ok := quoted(text)
		return s, rest, ok
	case '[', '{':
		return flow(text, depth+1)
	}
	plain, rest, ok := flowPlain(text)
	if !ok {
		return nil, "", false
	}
	v, ok = resolvePlain(plain)
	return v, rest, ok
}

// flowPlain reads a plain scalar up to a comma, a bracket or a colon.
func flowPlain(text string) (plain, rest string, ok bool) {
	end := strings.IndexAny(text, ",[]{}:#?")
	if end <= 0 || text[end] == '#' || text[end] == '?' || !plainStart(text) || text[0] == '-' {
		return "", "", false
	}
	if text[end] == ':' && !strings.HasPrefix(text[end:], ": ") {
		return "", "", false
	}
	plain = strings.TrimRight(text[:end], " ")
	return plain, text[end:], plain != "" && (text[end] != ':' || len(plain) == end)
}

// flowNext reads the comma before the next entry, or the closing bracket.
func flowNext(text string, closing byte) (rest string, done, ok bool) {
	text = strings.TrimLeft(text, " ")
	switch {
	case text == "":
		return "", false, false
	case text[0] == closing:
		return text[1:], true, true
	case text[0] == ',':
		return strings.TrimLeft(text[1:], " "), false, true
	}
	return "", false, false
}
