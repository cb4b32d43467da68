package chart

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// value reads what follows the equals sign, and the comma after it.
func (p *setParser) value() (any, error) {
	switch {
	case p.mode == setLiteral:
		text := string(p.text[p.pos:])
		p.pos = len(p.text)
		return text, nil
	case p.mode == setJSON:
		return p.jsonValue()
	case p.pos == len(p.text):
		return "", errSetEnd
	case p.text[p.pos] == '{':
		p.pos++
		return p.list()
	}
	text, _ := p.until(",")
	return p.convert(text)
}

// list reads "a,b}" and the comma after it.
func (p *setParser) list() (any, error) {
	list := []any{}
	for {
		text, stop := p.until(",}")
		if stop == 0 {
			return nil, errors.New("a list must end with }")
		}
		v, err := p.convert(text)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if stop == '}' {
			if p.pos < len(p.text) && p.text[p.pos] == ',' {
				p.pos++
			}
			return list, nil
		}
	}
}

func (p *setParser) convert(text string) (any, error) {
	switch p.mode {
	case setString:
		return text, nil
	case setFile:
		data, err := p.read(text)
		if err != nil {
			return nil, err
		}
		return string(data), nil
	}
	return typedScalar(text), nil
}

// typedScalar gives a --set value its type. Fractions, exponents and numbers
// with a leading zero stay strings.
func typedScalar(text string) any {
	switch {
	case strings.EqualFold(text, "true"):
		return true
	case strings.EqualFold(text, "false"):
		return false
	case strings.EqualFold(text, "null"):
		return nil
	case text == "0":
		return int64(0)
	case text != "" && text[0] != '0':
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return i
		}
	}
	return text
}

// jsonValue reads one JSON value, or nothing, which is null, and the comma
// after it.
func (p *setParser) jsonValue() (any, error) {
	if p.skipComma() {
		return nil, nil
	}
	rest := p.text[p.pos:]
	decoder := json.NewDecoder(&runeReader{rest})
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, jsonError(err)
	}
	for read := int64(0); read < decoder.InputOffset(); p.pos++ {
		read += int64(utf8.RuneLen(p.text[p.pos]))
	}
	p.skipComma()
	return v, nil
}

// skipComma skips white space and one comma; it reports whether there was a comma
// or the end.
func (p *setParser) skipComma() bool {
	for p.pos < len(p.text) {
		r := p.text[p.pos]
		if r != ',' && !unicode.IsSpace(r) {
			return false
		}
		p.pos++
		if r == ',' {
			return true
		}
	}
	return true
}

// runeReader reads runes as UTF-8, no more than is asked for.
type runeReader struct{ text []rune }

// Read implements io.Reader.
func (r *runeReader) Read(p []byte) (n int, err error) {
	for len(r.text) > 0 && n+utf8.UTFMax <= len(p) {
		n += utf8.EncodeRune(p[n:], r.text[0])
		r.text = r.text[1:]
	}
	if n == 0 && len(r.text) == 0 {
		return 0, io.EOF
	}
	return n, nil
}
