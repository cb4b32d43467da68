// Package edit changes single values of YAML in place: comments, order and
// quotation marks stay, and the result is parsed again before it is returned. It
// edits other text by a regular expression. It refuses what it cannot change without
// touching the rest, and opens no file.
package edit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// MaxBytes bounds a YAML file that is edited: Helm reads no larger chart
// file either (facts/helm-format.md 4.10).
const MaxBytes = 5 << 20

// ErrNoSuchKey says that a path leads to nothing in the file.
var ErrNoSuchKey = errors.New("no such key")

// Change sets one scalar of a YAML file to a string.
type Change struct {
	Path  []string // mapping keys and list indexes, from the root: "image", "tag" or "containers", "0", "image"
	Value string   // always a YAML string: it gets quotes where plain text would be a number or a bool
}

// Error says which path could not be edited, and why.
type Error struct {
	Path string // as written by a human: image.tag
	Line int    // 1-based; 0 when the path was not found
	Err  error  // ErrNoSuchKey, or what stands in the way
}

// Error is one line: place, path, reason.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("line %d: %s: %v", e.Line, e.Path, e.Err)
}

// Unwrap gives the reason, so that errors.Is(err, ErrNoSuchKey) works.
func (e *Error) Unwrap() error { return e.Err }

// Set replaces the bytes of scalars in a YAML file and leaves every
// other byte as it is: comments, order, blank lines, line ends and the value's
// own quotes. In a file of several documents the last one that has the path is
// edited, because that one wins when values are merged (facts/helm-format.md
// 4.10). A value that is already the wanted string is not touched.
//
// The result is parsed again and compared with the original node by node; an
// edit that would change anything else is an error, so no broken file comes
// out. A path that is not there is an *Error with ErrNoSuchKey; block
// scalars, aliases, values shared through an anchor and duplicate keys are
// refused with an *Error too.
func Set(src []byte, edits []Change) ([]byte, error) {
	docs, err := Parse(src)
	if err != nil {
		return nil, err
	}
	return SetIn(src, docs, edits)
}

// SetIn is Set where src was parsed.
func SetIn(src []byte, docs []*yaml.Node, edits []Change) ([]byte, error) {
	var splices []splice
	wanted := map[*yaml.Node]string{}
	lines := LineStarts(src)
	for _, e := range edits {
		f, err := Find(docs, e.Path)
		if err == nil {
			err = f.editable()
		}
		if err != nil {
			return nil, &Error{Path: strings.Join(e.Path, "."), Line: f.Line(), Err: err}
		}
		if old, twice := wanted[f.Value]; twice && old != e.Value {
			return nil, &Error{Path: strings.Join(e.Path, "."), Line: f.Line(), Err: errors.New("set twice, to different values")}
		} else if twice || isString(f.Value, e.Value) {
			continue
		}
		wanted[f.Value] = e.Value
		start, end, err := Range(src, lines, f.Value)
		if err != nil {
			return nil, &Error{Path: strings.Join(e.Path, "."), Line: f.Line(), Err: err}
		}
		splices = append(splices, splice{start, end, f.encode(src, start, end, e.Value)})
	}
	return spliceVerified(src, docs, splices, wanted)
}

// splice replaces src[start:end] with text.
type splice struct {
	start, end int
	text       string
}

func spliceVerified(src []byte, docs []*yaml.Node, splices []splice, wanted map[*yaml.Node]string) ([]byte, error) {
	if len(splices) == 0 {
		return bytes.Clone(src), nil
	}
	slices.SortFunc(splices, func(a, b splice) int { return a.start - b.start })
	var out bytes.Buffer
	at := 0
	for _, s := range splices {
		if s.start < at {
			return nil, errors.New("edit YAML: two edits overlap")
		}
		out.Write(src[at:s.start])
		out.WriteString(s.text)
		at = s.end
	}
	out.Write(src[at:])
	edited, err := Parse(out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("edit YAML: the result would be broken: %w", err)
	}
	if !slices.EqualFunc(docs, edited, func(a, b *yaml.Node) bool { return sameExcept(a, b, wanted) }) {
		return nil, errors.New("edit YAML: the file is written in a way that cannot be edited safely; set the value by hand once, as plain or quoted text on one line")
	}
	return out.Bytes(), nil
}

// sameExcept reports whether b is a as it was, with only the wanted scalars changed.
func sameExcept(a, b *yaml.Node, wanted map[*yaml.Node]string) bool {
	if a.Anchor != b.Anchor {
		return false
	}
	if value, ok := wanted[a]; ok {
		return isString(b, value)
	}
	return a.Kind == b.Kind && a.Tag == b.Tag && a.Value == b.Value && a.Style == b.Style &&
		slices.EqualFunc(a.Content, b.Content, func(x, y *yaml.Node) bool { return sameExcept(x, y, wanted) })
}

func isString(n *yaml.Node, value string) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && n.Value == value
}

// Parse reads the documents of src, of at most MaxBytes.
func Parse(src []byte) ([]*yaml.Node, error) {
	if len(src) > MaxBytes {
		return nil, fmt.Errorf("parse YAML: %d bytes are more than the %d that a chart file may have", len(src), MaxBytes)
	}
	if !utf8.Valid(src) {
		return nil, errors.New("parse YAML: not UTF-8 text; save the file as UTF-8")
	}
	var docs []*yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	for {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("parse YAML: %w", err)
		}
		docs = append(docs, &doc)
	}
}

// Found is where a path leads.
type Found struct {
	root    *yaml.Node
	Parents []*yaml.Node // the collections on the way, outermost first
	Key     *yaml.Node   // nil in a list
	Value   *yaml.Node
}

// Line is the line of the value; 0 where there is none.
func (f Found) Line() int {
	if f.Value == nil {
		return 0
	}
	return f.Value.Line
}

// Find follows path in the last document that has it.
func Find(docs []*yaml.Node, path []string) (Found, error) {
	var first error
	for _, doc := range slices.Backward(docs) {
		f, err := findIn(doc, path)
		if err == nil || !errors.Is(err, ErrNoSuchKey) {
			return f, err
		}
		first = err
	}
	if first == nil {
		first = ErrNoSuchKey
	}
	return Found{}, first
}

func findIn(doc *yaml.Node, path []string) (Found, error) {
	f := Found{root: doc}
	if len(doc.Content) == 1 {
		f.Value = doc.Content[0]
	}
	if err := noMapping(f.Value, path); err != nil {
		return f, err
	}
	for _, step := range path {
		if f.Value == nil {
			return Found{}, ErrNoSuchKey
		}
		f.Parents = append(f.Parents, f.Value)
		var err error
		switch f.Value.Kind {
		case yaml.MappingNode:
			f.Key, f.Value, err = Lookup(f.Value, step)
		case yaml.SequenceNode:
			f.Key, f.Value = nil, lookupIndex(f.Value, step)
		case yaml.AliasNode:
			return f, fmt.Errorf("%s is the alias *%s; set the value at the anchor &%[2]s, or write it out here", step, f.Value.Value)
		default:
			f.Value = nil
		}
		if err != nil {
			return f, err
		}
	}
	if f.Value == nil {
		return Found{}, ErrNoSuchKey
	}
	return f, nil
}

// noMapping says what a whole file is that has no keys at all.
func noMapping(root *yaml.Node, path []string) error {
	switch {
	case root == nil || len(path) == 0 || root.ShortTag() == "!!null":
		return nil
	case root.Kind == yaml.ScalarNode:
		return errors.New("the file is a single value; it must be a mapping, with lines of KEY: VALUE")
	case root.Kind == yaml.SequenceNode && lookupIndex(root, path[0]) == nil:
		return errors.New("the file is a list; it must be a mapping, with lines of KEY: VALUE")
	}
	return nil
}

// Lookup finds a key of a mapping; both are nil where there is none. A key that is there twice is an error.
func Lookup(mapping *yaml.Node, name string) (key, value *yaml.Node, err error) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if k := mapping.Content[i]; k.Kind == yaml.ScalarNode && k.Value == name {
			if value != nil {
				return k, mapping.Content[i+1], fmt.Errorf("the key %s stands twice, also in line %d; remove one", name, key.Line)
			}
			key, value = k, mapping.Content[i+1]
		}
	}
	return key, value, nil
}

func lookupIndex(sequence *yaml.Node, step string) *yaml.Node {
	i, err := strconv.Atoi(step)
	if err != nil || i < 0 || i >= len(sequence.Content) {
		return nil
	}
	return sequence.Content[i]
}

// editable says why the found value must not be edited, if so.
func (f Found) editable() error {
	switch {
	case f.Value.Kind == yaml.AliasNode:
		return fmt.Errorf("is the alias *%s; set the value at the anchor &%[1]s, or write it out here", f.Value.Value)
	case f.Value.Kind == yaml.MappingNode:
		return errors.New("is a mapping, not a scalar")
	case f.Value.Kind == yaml.SequenceNode:
		return errors.New("is a list, not a scalar")
	case f.Value.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return errors.New("is a block scalar (| or >); write it as plain or quoted text on one line")
	case f.Value.Style&yaml.TaggedStyle != 0 && f.Value.ShortTag() != "!!str":
		return fmt.Errorf("has the tag %s, so it cannot be a string; remove the tag", f.Value.Tag)
	}
	for _, n := range append(slices.Clone(f.Parents), f.Value) {
		if line := aliasLine(f.root, n); line > 0 {
			return fmt.Errorf("is shared as *%s in line %d, which would change too; write it out there", n.Anchor, line)
		}
	}
	return nil
}

// aliasLine is the line of the first alias to target within n, or 0.
func aliasLine(n, target *yaml.Node) int {
	if target.Anchor == "" {
		return 0
	}
	if n.Kind == yaml.AliasNode && n.Alias == target {
		return n.Line
	}
	for _, c := range n.Content {
		if line := aliasLine(c, target); line > 0 {
			return line
		}
	}
	return 0
}

// encode is the text for value at src[start:end], in the quotes that stand
// there where they can hold it.
func (f Found) encode(src []byte, start, end int, value string) string {
	flow := slices.ContainsFunc(f.Parents, func(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 })
	json := flow && f.Key != nil && f.Key.Style&yaml.DoubleQuotedStyle != 0
	text := Quote(value)
	switch {
	case f.Value.Style&yaml.SingleQuotedStyle != 0 && fitsSingleQuotes(value):
		text = "'" + strings.ReplaceAll(value, "'", "''") + "'"
	case f.Value.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 && !json && plainString(value, flow):
		text = value
	}
	if start == end && start > 0 && strings.IndexByte(":-,!"+tagBytes, src[start-1]) >= 0 {
		text = " " + text // an empty value ends right behind its colon, dash or tag
	}
	if end < len(src) && src[end] == '#' {
		text += " "
	}
	return text
}
