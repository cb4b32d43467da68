package render

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"text/template"
	"unicode"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// Manifest is the text of all manifests that Helm keeps in a release record: for each in install order "---\n# Source:
// <path>\n<document>\n" (facts/helm-format.md 4.2). Hooks and CRDs are not in it.
func (r *Result) Manifest() string {
	var b strings.Builder
	for _, m := range r.Manifests {
		writeDocument(&b, m.Source, m.Content)
	}
	return b.String()
}

// documentFrame is what writeDocument adds, in bytes.
const documentFrame = len("---\n# Source: \n\n")

func writeDocument(b *strings.Builder, source, content string) {
	for _, s := range []string{"---\n# Source: ", source, "\n", content, "\n"} {
		b.WriteString(s)
	}
}

// TemplateOptions choose what TemplateOutput prints.
type TemplateOptions struct {
	NoHooks   bool
	SkipTests bool
	ShowOnly  []string // template paths or patterns, without the chart's name: templates/service.yaml
}

// TemplateOutput is what helm template prints: CRDs if Options asked for them, manifests, hooks. It is an error if an
// entry of ShowOnly shows nothing.
func (r *Result) TemplateOutput(opts TemplateOptions) (string, error) {
	var b strings.Builder
	b.Grow(r.outputSize())
	if r.includeCRDs {
		for _, crd := range r.CRDs {
			writeDocument(&b, crd.Source, string(crd.Data))
		}
	}
	for _, m := range r.Manifests {
		writeDocument(&b, m.Source, m.Content)
	}
	text := b.String() // begins with dashes
	if end := len(strings.TrimRightFunc(text, unicode.IsSpace)); end == len(text) || text[end] != '\n' {
		text = text[:end] + "\n"
	} else {
		text = text[:end+1] // without a copy
	}
	var hooks strings.Builder
	if !opts.NoHooks {
		for _, h := range r.Hooks {
			if !opts.SkipTests || !slices.Contains(h.Events, testEvent) {
				writeDocument(&hooks, h.Source, h.Content)
			}
		}
	}
	if hooks.Len() > 0 {
		text += hooks.String()
	}
	if len(opts.ShowOnly) == 0 {
		return text, nil
	}
	return r.showOnly(text, opts.ShowOnly)
}

// outputSize is about how many bytes CRDs and manifests take.
func (r *Result) outputSize() int {
	size := 0
	if r.includeCRDs {
		for _, crd := range r.CRDs {
			size += len(crd.Source) + len(crd.Data) + documentFrame
		}
	}
	for _, m := range r.Manifests {
		size += len(m.Source) + len(m.Content) + documentFrame
	}
	return size
}

// TemplateFile is a document as helm template --output-dir writes it.
type TemplateFile struct {
	Name   string // slash path: <chart>/templates/<file>
	Text   string // with its separator and source comment
	CRD    bool   // of a crds/ folder: --release-name does not move it
	Append bool   // an earlier one has this name: they share the file
}

// TemplateFiles are the documents that helm template --output-dir writes, in its order: CRDs, manifests, hooks.
// ShowOnly of the options does not count.
func (r *Result) TemplateFiles(opts TemplateOptions) []TemplateFile {
	var files []TemplateFile
	seen := map[string]bool{}
	add := func(name, content string, crd bool) {
		var b strings.Builder
		writeDocument(&b, name, content)
		files = append(files, TemplateFile{Name: name, Text: b.String(), CRD: crd, Append: seen[name]})
		seen[name] = true
	}
	if r.includeCRDs {
		for _, crd := range r.CRDs {
			add(crd.Source, string(crd.Data), true)
		}
	}
	for _, m := range r.Manifests {
		add(m.Source, m.Content, false)
	}
	for _, h := range r.Hooks {
		if opts.NoHooks || opts.SkipTests && slices.Contains(h.Events, testEvent) {
			continue
		}
		add(h.Source, h.Content, false)
	}
	return files
}

var sourceComment = lazyregexp.New("# Source: [^/]+/(.+)")

// ShowOnlyError says that an entry of ShowOnly shows nothing.
type ShowOnlyError struct {
	Pattern   string
	Exists    bool     // the chart has that template, it only renders to nothing
	Reason    string   // which value makes it empty; may be empty
	Templates []string // those that render to something
}

// Error is one line.
func (e *ShowOnlyError) Error() string {
	if e.Exists {
		return "template " + e.Pattern + " renders to nothing"
	}
	return "template " + e.Pattern + " is not in the chart"
}

// showOnly picks the documents of the named templates, in the order of the names, then of the documents.
func (r *Result) showOnly(text string, patterns []string) (string, error) {
	docs := splitDocuments(text)
	names := make([]string, len(docs))
	for i, doc := range docs {
		if match := sourceComment.FindStringSubmatch(doc.text); match != nil {
			names[i] = match[1]
		}
	}
	var b strings.Builder
	for _, pattern := range patterns {
		found := false
		for i, doc := range docs {
			if ok, err := path.Match(pattern, names[i]); err == nil && ok && names[i] != "" {
				found = true
				fmt.Fprintf(&b, "---\n%s\n", doc.text)
			}
		}
		if !found {
			shows := &ShowOnlyError{Pattern: pattern, Templates: slices.Compact(slices.Sorted(slices.Values(names)))}
			if i := slices.IndexFunc(r.Chart.Templates, func(f *chart.File) bool { return f.Name == pattern }); i >= 0 {
				shows.Exists, shows.Reason = true, r.whyEmpty(string(r.Chart.Templates[i].Data))
			}
			return "", shows
		}
	}
	return b.String(), nil
}

var firstCondition = lazyregexp.New(`^(?:\s|\{\{-?\s*/\*(?s:.*?)\*/\s*-?\}\})*` +
	`\{\{-?\s*(?:if|with)\s+\.Values((?:\.\w+)+)\s*-?\}\}`)

// whyEmpty is the value that a template begins with asking for, if that is false, not set or empty.
func (r *Result) whyEmpty(text string) string {
	m := firstCondition.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	keys := strings.Split(m[1][1:], ".")
	at := any(r.Values)
	for i, key := range keys {
		table, _ := tableOf(at)
		next, ok := table[key]
		if !ok {
			return ".Values." + strings.Join(keys[:i+1], ".") + " is not set"
		}
		at = next
	}
	if truth, _ := template.IsTrue(at); truth {
		return ""
	}
	name := (&explainer{}).name(keys, at)
	if _, isList := at.([]any); isList {
		name = "an empty list"
	} else if _, isMap := tableOf(at); isMap {
		name = "an empty map"
	}
	return ".Values" + m[1] + " is " + name
}
