package unittest

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// assertionType is one kind of assertion.
type assertionType struct {
	params  []string // the keys that it takes
	parse   func(p params) (check, error)
	antonym bool // it asserts the opposite of what its check says
	failure bool // it is about a render that fails
}

// assertionTypes are all kinds of assertions.
var assertionTypes = map[string]assertionType{
	"equal":             {params: []string{"path", "value", "decodeBase64"}, parse: parseEqual},
	"notEqual":          {params: []string{"path", "value", "decodeBase64"}, parse: parseEqual, antonym: true},
	"equalRaw":          {params: []string{"value"}, parse: parseEqualRaw},
	"notEqualRaw":       {params: []string{"value"}, parse: parseEqualRaw, antonym: true},
	"matchRegex":        {params: []string{"path", "pattern", "decodeBase64"}, parse: parseMatch},
	"notMatchRegex":     {params: []string{"path", "pattern", "decodeBase64"}, parse: parseMatch, antonym: true},
	"matchRegexRaw":     {params: []string{"pattern"}, parse: parseMatchRaw},
	"notMatchRegexRaw":  {params: []string{"pattern"}, parse: parseMatchRaw, antonym: true},
	"contains":          {params: []string{"path", "content", "count", "any"}, parse: parseContains},
	"notContains":       {params: []string{"path", "content", "count", "any"}, parse: parseContains, antonym: true},
	"isSubset":          {params: []string{"path", "content"}, parse: parseSubset},
	"isNotSubset":       {params: []string{"path", "content"}, parse: parseSubset, antonym: true},
	"exists":            {params: []string{"path"}, parse: parseExists},
	"notExists":         {params: []string{"path"}, parse: parseExists, antonym: true},
	"isNotNull":         {params: []string{"path"}, parse: parseExists},
	"isNull":            {params: []string{"path"}, parse: parseExists, antonym: true},
	"isNullOrEmpty":     {params: []string{"path"}, parse: parseEmpty},
	"isNotNullOrEmpty":  {params: []string{"path"}, parse: parseEmpty, antonym: true},
	"isEmpty":           {params: []string{"path"}, parse: parseEmpty},
	"isNotEmpty":        {params: []string{"path"}, parse: parseEmpty, antonym: true},
	"isType":            {params: []string{"path", "type"}, parse: parseType},
	"isNotType":         {params: []string{"path", "type"}, parse: parseType, antonym: true},
	"greaterOrEqual":    {params: []string{"path", "value"}, parse: parseGreater},
	"notGreaterOrEqual": {params: []string{"path", "value"}, parse: parseGreater, antonym: true},
	"lessOrEqual":       {params: []string{"path", "value"}, parse: parseLess},
	"notLessOrEqual":    {params: []string{"path", "value"}, parse: parseLess, antonym: true},
	"lengthEqual":       {params: []string{"path", "paths", "count"}, parse: parseLength},
	"notLengthEqual":    {params: []string{"path", "paths", "count"}, parse: parseLength, antonym: true},
	"isKind":            {params: []string{"of"}, parse: parseKind},
	"isAPIVersion":      {params: []string{"of"}, parse: parseAPIVersion},
	"containsDocument":  {params: []string{"kind", "apiVersion", "name", "namespace", "any"}, parse: parseContainsDocument},
	"hasDocuments":      {params: []string{"count", "filterAware"}, parse: parseHasDocuments},
	"matchSnapshot":     {params: []string{"path", "matchRegex", "notMatchRegex"}, parse: parseSnapshot},
	"matchSnapshotRaw":  {parse: parseSnapshotRaw},
	"failedTemplate":    {params: []string{"errorMessage", "errorPattern"}, parse: parseFailed, failure: true},
	"notFailedTemplate": {params: []string{"errorMessage", "errorPattern"}, parse: parseFailed, antonym: true},
}

// assertionOptions are the keys of an assertion beside its kind.
var assertionOptions = []string{"not", "template", "documentIndex", "documentSelector"}

// UnmarshalYAML reads an assertion: its kind with its parameters, and options.
// It keeps what is wrong, so that the whole suite is read.
func (a *Assertion) UnmarshalYAML(node *yaml.Node) error {
	*a = Assertion{Line: node.Line, Index: allDocuments}
	if node.Kind != yaml.MappingNode {
		a.wrong = messages(node.Line, errors.New("an assertion must be a map: equal: {path: a.b, value: c}"))
		return nil
	}
	for _, e := range entries(node) {
		if err := a.entry(e); err != nil {
			a.wrong = append(a.wrong, messages(e.key.Line, err)...)
		}
	}
	if len(a.wrong) == 0 && a.Type == "" {
		a.wrong = messages(node.Line, errors.New("the assertion says nothing: write equal, isKind, matchRegex or another kind"))
	}
	return nil
}

func (a *Assertion) entry(e entry) error {
	switch name := e.key.Value; name {
	case "not":
		return decode(e, &a.Not)
	case "template":
		return decode(e, &a.Template)
	case "documentIndex":
		return a.index(e)
	case "documentSelector":
		return a.selector(e)
	default:
		return a.parameters(e)
	}
}

func (a *Assertion) index(e entry) error {
	if err := decode(e, &a.Index); err != nil {
		return err
	}
	if a.Index < allDocuments {
		return fmt.Errorf("documentIndex must not be negative")
	}
	return nil
}

func (a *Assertion) selector(e entry) error {
	a.Selector = &Selector{}
	if err := decode(e, a.Selector); err != nil {
		return err
	}
	if a.Selector.Path == "" {
		return fmt.Errorf("documentSelector must have a path")
	}
	checkShape(e.value, selectorShape, "documentSelector", a.notRead)
	var err error
	a.Selector.path, err = ParsePath(a.Selector.Path)
	return err
}

// parameters reads the kind of the assertion and what it is given.
func (a *Assertion) parameters(e entry) error {
	name := e.key.Value
	kind, ok := assertionTypes[name]
	if !ok {
		known := append(sortedKeys(assertionTypes), assertionOptions...)
		return fmt.Errorf("there is no assertion %s%s", name, suggest(name, known))
	}
	if a.Type != "" {
		return fmt.Errorf("%s and %s are two assertions: begin each with a dash", a.Type, name)
	}
	a.Type, a.kind = name, kind
	value := resolve(e.value)
	if value.Kind != yaml.MappingNode && value.Tag != "!!null" {
		return fmt.Errorf("%s must be a map of its parameters: %s", name, strings.Join(kind.params, ", "))
	}
	allowed := keysOf(kind.params...)
	allowed.fold = true
	checkShape(value, allowed, name, a.notRead)
	var err error
	a.check, err = kind.parse(newParams(value))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// unreadKey is a key that nothing reads.
type unreadKey struct {
	line    int
	message string
}

func (a *Assertion) notRead(line int, message string) {
	a.unread = append(a.unread, unreadKey{line, message})
}

func decode(e entry, into any) error {
	if err := e.value.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", e.key.Value, err)
	}
	return nil
}

// messages turns an error into texts as the YAML decoder collects them: line 3:
// message. Those of the YAML decoder have their
// lines already.
func messages(line int, err error) []string {
	text := err.Error()
	if prefix, rest, ok := strings.Cut(text, "yaml: unmarshal errors:\n  line "); ok {
		if number, rest, ok := strings.Cut(rest, ": "); ok {
			return []string{"line " + number + ": " + prefix + plainMessage(rest)}
		}
	}
	return []string{fmt.Sprintf("line %d: %s", line, text)}
}

// params are the parameters of an assertion. Their names count whatever their
// case.
type params map[string]*yaml.Node

func newParams(node *yaml.Node) params {
	p := params{}
	for _, e := range entries(node) {
		p[strings.ToLower(e.key.Value)] = e.value
	}
	return p
}

// read decodes a parameter, if it is there and not null.
func (p params) read(name string, into any) error {
	node, ok := p[strings.ToLower(name)]
	if !ok || resolve(node).Tag == "!!null" {
		return nil
	}
	if err := node.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// readAll reads several parameters: name, place, name, place...
func (p params) readAll(pairs ...any) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := p.read(pairs[i].(string), pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// path reads the parameter of that name; without it the whole document is meant.
func (p params) path() (*Path, error) {
	var text string
	if err := p.read("path", &text); err != nil {
		return nil, err
	}
	return ParsePath(text)
}
