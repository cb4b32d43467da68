package unittest

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
)

func parseEqualRaw(p params) (check, error) {
	var want string
	if err := p.read("value", &want); err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		return in.eachDocument(func(doc *document) verdict { return equality(want, doc.raw()) })
	}, nil
}

func parseMatchRaw(p params) (check, error) {
	re, err := p.pattern("pattern")
	if err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		return in.eachDocument(func(doc *document) verdict { return matching(re, doc.raw()) })
	}, nil
}

func parseKind(p params) (check, error)       { return parseOf(p, "kind") }
func parseAPIVersion(p params) (check, error) { return parseOf(p, "apiVersion") }

func parseOf(p params, field string) (check, error) {
	var want string
	if err := p.read("of", &want); err != nil {
		return nil, err
	}
	if want == "" {
		return nil, errors.New("of is missing")
	}
	return func(in checkInput) []Failure {
		return in.eachDocument(func(doc *document) verdict {
			got, isString := doc.value[field].(string)
			return verdict{
				holds:   isString && got == want,
				message: fmt.Sprintf("its %s is %s, not %s", field, show(doc.value[field]), want),
				opposed: fmt.Sprintf("its %s must not be %s", field, want),
			}
		})
	}, nil
}

// wanted is the document that containsDocument looks for. An empty name or
// namespace matches all.
type wanted struct {
	kind, apiVersion, name, namespace string
}

func (w wanted) String() string {
	text := w.apiVersion + " " + w.kind
	if w.name != "" {
		text += " " + w.name
	}
	if w.namespace != "" {
		text += " in the namespace " + w.namespace
	}
	return text
}

func (w wanted) matches(doc *document) bool {
	metadata, _ := doc.value["metadata"].(map[string]any)
	is := func(v any, want string) bool {
		text, ok := v.(string)
		return !ok || text == want
	}
	return is(doc.value["kind"], w.kind) && is(doc.value["apiVersion"], w.apiVersion) &&
		(w.name == "" || metadata["name"] == w.name) && (w.namespace == "" || metadata["namespace"] == w.namespace)
}

// parseContainsDocument: all documents must match or, with any, one of them.
// The opposite holds if one does not match or, with any, none does.
func parseContainsDocument(p params) (check, error) {
	var w wanted
	var one bool
	if err := p.readAll("kind", &w.kind, "apiVersion", &w.apiVersion, "name", &w.name, "namespace", &w.namespace, "any", &one); err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		if len(in.selected) == 0 {
			return in.noDocument()
		}
		var out []Failure
		for i, doc := range in.selected {
			v := verdict{holds: w.matches(doc), message: "it is not " + w.String(), opposed: "it must not be " + w.String()}
			f := v.judge(i, "", in.negative)
			if f == nil && one != in.negative {
				return nil
			}
			out = append(out, f...)
		}
		return out
	}, nil
}

func parseHasDocuments(p params) (check, error) {
	var count int
	var filterAware bool
	if err := p.readAll("count", &count, "filterAware", &filterAware); err != nil {
		return nil, err
	}
	return func(in checkInput) []Failure {
		docs := in.all
		if filterAware {
			docs = in.selected
		}
		return verdict{
			holds:   len(docs) == count,
			message: fmt.Sprintf("the template renders %s, not %d", numbered(len(docs), "document"), count),
			opposed: fmt.Sprintf("the template must not render %s", numbered(count, "document")),
		}.judge(allDocuments, "", in.negative)
	}, nil
}

func parseFailed(p params) (check, error) {
	var message, pattern string
	if err := p.readAll("errorMessage", &message, "errorPattern", &pattern); err != nil {
		return nil, err
	}
	if message != "" && pattern != "" {
		return nil, errors.New("errorMessage and errorPattern cannot stand together")
	}
	expected := expectedError{message: message, pattern: pattern}
	if pattern != "" {
		literal := regexp.MustCompile(regexp.QuoteMeta(pattern))
		expected.accept = []*regexp.Regexp{literal}
		if re, err := regexp.Compile(pattern); err == nil {
			expected.accept = []*regexp.Regexp{re, literal}
		}
	}
	return expected.check, nil
}

// expectedError is what failedTemplate asks for: a message, or a pattern, which
// may also be meant literally, or any error.
type expectedError struct {
	message, pattern string
	accept           []*regexp.Regexp
}

func (e expectedError) check(in checkInput) []Failure {
	switch {
	case in.failure != nil:
		return e.judge(in.failure, in.negative)
	case in.negative:
		return nil
	}
	return whole("the template must fail, but it does not")
}

func (e expectedError) judge(failure *failedRender, negative bool) []Failure {
	want := cmp.Or(e.message, e.pattern)
	if want == "" {
		return nil
	}
	v := verdict{message: "the template fails in another way", opposed: "the template must not fail with: " + want}
	v.diff = diffLines(want, failure.content)
	for _, text := range failure.wordings {
		if e.message != "" {
			v.holds = v.holds || text == e.message
		}
		for _, re := range e.accept {
			v.holds = v.holds || re.MatchString(text)
		}
	}
	return v.judge(allDocuments, "", negative)
}

func parseSnapshot(p params) (check, error) {
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	var options snapshotOptions
	for name, re := range map[string]**regexp.Regexp{"matchRegex": &options.match, "notMatchRegex": &options.notMatch} {
		var inner struct{ Pattern string }
		if err := p.read(name, &inner); err != nil {
			return nil, err
		}
		if inner.Pattern == "" {
			continue
		}
		if *re, err = regexp.Compile(inner.Pattern); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return func(in checkInput) []Failure {
		if len(in.selected) == 0 {
			return in.noSnapshot()
		}
		return in.eachValue(path, func(v any) verdict { return in.snapshot.compare(v, options) })
	}, nil
}

func parseSnapshotRaw(params) (check, error) {
	return func(in checkInput) []Failure {
		if len(in.selected) == 0 {
			return in.noSnapshot()
		}
		return in.eachDocument(func(doc *document) verdict { return in.snapshot.compare(doc.raw(), snapshotOptions{}) })
	}, nil
}

// noSnapshot is about a template without documents: it matches its snapshot,
// which has none either.
func (in checkInput) noSnapshot() []Failure {
	if in.negative {
		return whole("the template renders no document")
	}
	return nil
}
