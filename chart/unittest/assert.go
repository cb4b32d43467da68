package unittest

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// assert checks one assertion against what a test rendered.
func (j *job) assert(a *Assertion, out *rendered, snapshot *comparer) []Failure {
	byTemplate := map[string][]*document{}
	for _, name := range j.templatesOf(a, out) {
		byTemplate[name] = out.docs[name]
	}
	if f := out.failed; f != nil && a.kind.failure {
		return j.assertFailed(a, f, byTemplate)
	}
	selected, err := j.selectDocuments(a, byTemplate)
	if err != nil {
		return whole("%v", err)
	}
	if len(selected) == 0 {
		if j.test.Selector != nil && j.test.Selector.SkipEmptyTemplates {
			j.unasked++
			return nil
		}
		return j.assertTemplate(a, out, "", nil, snapshot)
	}
	var failures []Failure
	for _, name := range sortedKeys(selected) {
		for _, f := range j.assertTemplate(a, out, name, selected[name], snapshot) {
			f.Template = name
			failures = append(failures, f)
		}
	}
	return failures
}

// assertTemplate checks an assertion for one template; without a name, for the
// lack of any.
func (j *job) assertTemplate(a *Assertion, out *rendered, name string, selected []*document, snapshot *comparer) []Failure {
	switch {
	case out.failed != nil && !a.kind.failure:
		return whole("the render failed: %v", out.failed.err)
	case out.failed == nil && a.kind.failure:
		return whole("the template must fail, but it does not")
	}
	if _, ok := out.docs[name]; !ok && name != "" && out.failed == nil {
		return whole("%s", cmp.Or(j.unselected(name), "the template does not exist, or the suite's templates do not select it"))
	}
	return a.check(checkInput{
		all: out.docs[name], selected: selected, negative: a.negative(), failure: out.failed, snapshot: snapshot,
		warn: func(message string) {
			j.warnings = append(j.warnings, Problem{File: j.suite.File, Line: a.Line, Message: a.Type + ": " + message})
		},
	})
}

// assertFailed checks what is expected of a failure. If one template failed, the
// assertion must be about that one.
func (j *job) assertFailed(a *Assertion, failed *failedRender, byTemplate map[string][]*document) []Failure {
	if len(byTemplate) == 0 {
		byTemplate = map[string][]*document{failed.file: nil}
	}
	var failures []Failure
	for _, name := range sortedKeys(byTemplate) {
		in := checkInput{negative: a.negative()}
		if failed.file == "" || name == failed.file {
			in.failure = failed
		}
		for _, f := range a.check(in) {
			f.Template = name
			if in.failure == nil {
				f.Message = fmt.Sprintf("the template must fail, but %s does: %v", failed.file, failed.err)
			}
			failures = append(failures, f)
		}
	}
	return failures
}

// templatesOf are the templates that an assertion is about: its own, the
// test's, or the suite's; all that were rendered if the suite gives patterns.
func (j *job) templatesOf(a *Assertion, out *rendered) []string {
	var names []string
	switch {
	case a.Template != "":
		names = []string{a.Template}
	case len(j.test.Templates) > 0:
		names = j.test.Templates
	case j.test.Template != "":
		names = []string{j.test.Template}
	case j.suite.hasPatterns():
		return out.names
	default:
		names = j.suite.Templates
	}
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = j.suite.templatePath(name)
	}
	return paths
}

// selectDocuments picks the documents that an assertion is about. The test's
// index wins over the assertion's, the assertion's selector over the test's.
func (j *job) selectDocuments(a *Assertion, byTemplate map[string][]*document) (map[string][]*document, error) {
	selector, index := a.Selector, a.Index
	if selector == nil {
		selector = j.test.Selector
	}
	if j.test.Index != nil {
		index = *j.test.Index
	}
	if selector != nil && selector.path != nil {
		return selector.choose(byTemplate)
	}
	if index == allDocuments {
		return byTemplate, nil
	}
	out := map[string][]*document{}
	for _, name := range sortedKeys(byTemplate) {
		docs := byTemplate[name]
		if index < 0 || index >= len(docs) {
			if message := j.unselected(name); message != "" {
				return nil, errors.New(message)
			}
			return nil, fmt.Errorf("%s renders %s: there is none with the index %d", name, numbered(len(docs), "document"), index)
		}
		out[name] = docs[index : index+1]
	}
	return out, nil
}

// choose picks the documents of each template that a selector matches, of all
// templates together at least one.
func (s *Selector) choose(byTemplate map[string][]*document) (map[string][]*document, error) {
	out := map[string][]*document{}
	total := 0
	for _, name := range sortedKeys(byTemplate) {
		var chosen []*document
		for _, doc := range byTemplate[name] {
			ok, err := s.matches(doc)
			if err != nil {
				return nil, err
			}
			if ok {
				chosen = append(chosen, doc)
			}
		}
		if total += len(chosen); total > 1 && !s.MatchMany {
			return nil, errors.New("documentSelector matches several documents: narrow it, or set matchMany")
		}
		if len(chosen) > 0 {
			out[name] = chosen
		}
	}
	if total == 0 && !s.SkipEmptyTemplates {
		return nil, fmt.Errorf("documentSelector matches no document of %s: set skipEmptyTemplates if that is fine", strings.Join(sortedKeys(byTemplate), ", "))
	}
	return out, nil
}

func (s *Selector) matches(doc *document) (bool, error) {
	values, err := doc.find(s.path)
	return slices.ContainsFunc(values, func(v any) bool { return s.Value == nil || reflect.DeepEqual(s.Value, v) }), err
}
