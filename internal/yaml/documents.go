package yaml

import (
	"iter"
	"strings"
)

// separator begins the line between two documents.
const separator = "---"

// Document is one document of a stream, or of what a template wrote.
type Document struct {
	Text      string // up to the next separator, the line end before it included
	Line      int    // of the stream, 1-based, where Text begins
	Separator string // the line that Text follows, without its end; empty before the first separator
}

// Documents cuts a stream at the lines that begin with three dashes, as Helm does
// (facts/helm-format.md 4.5): what follows the dashes and blanks on such a line belongs
// to the next document. Blank documents are left out. Nothing is decoded: a line that
// begins with dashes separates within a block scalar too.
func Documents(stream string) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		doc, rest, atLineStart := Document{Line: 1}, stream, true
		for {
			end := nextSeparator(rest, atLineStart)
			doc.Text = rest[:end]
			if strings.TrimSpace(doc.Text) != "" && !yield(doc) {
				return
			}
			if end == len(rest) {
				return
			}
			doc = Document{Line: doc.Line + strings.Count(doc.Text, "\n")}
			doc.Separator, rest, atLineStart = cutSeparator(rest[end:])
			if atLineStart {
				doc.Line++
			}
		}
	}
}

// nextSeparator is where the next line with a separator begins, or the text's length.
func nextSeparator(text string, atLineStart bool) int {
	if atLineStart && strings.HasPrefix(text, separator) {
		return 0
	}
	if i := strings.Index(text, "\n"+separator); i >= 0 {
		return i + 1
	}
	return len(text)
}

// cutSeparator cuts dashes and blanks from a text that begins with a separator. Where
// nothing else stands on the line, its end goes too, and rest begins on a line of its own.
func cutSeparator(text string) (line, rest string, atLineStart bool) {
	line, _, _ = strings.Cut(text, "\n")
	rest = strings.TrimLeft(text[len(separator):], " \t\r")
	rest, atLineStart = strings.CutPrefix(rest, "\n")
	return strings.TrimSuffix(line, "\r"), rest, atLineStart
}
