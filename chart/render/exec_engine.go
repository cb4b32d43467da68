package render

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"text/template"
	"text/template/parse"
	"unsafe"

	"github.com/pintle-ci/pintle/chart"
	charttemplate "github.com/pintle-ci/pintle/chart/template"
	"github.com/pintle-ci/pintle/internal/parallel"
)

// engine executes the templates of one render.
type engine struct {
	ctx      context.Context // of the render; text/template has no other way to hand it to functions
	opts     Options
	shared   *Shared  // with other renders; may be nil
	sources  []source // in execution order
	funcs    template.FuncMap
	findings []Finding
	meter    meter

	parsing sync.WaitGroup
	set     *templateSet // what parsing came to
	err     error

	mutating  bool                 // templates change values, so their order counts
	parallel  bool                 // other engines execute templates of this render
	parsedAs  map[string]string    // file -> the file with the same text whose parse it shares
	tplParser charttemplate.Parser // of texts given to tpl
	root      unsafe.Pointer       // the root object of the file that is being executed
	place     string               // and its chart
	includes  map[string]int       // how often each name is being included
	depth     int                  // nested includes and tpls
	steps     int
	written   int64
	rendered  int64
	buffers   [][]byte   // of outputs that ended, to be written again
	sourceMap *sourceMap // nil but for finding out who wrote what
	probe     *probe     // nil but for finding out what a failing action sees
}

// rendering is what one template file came to.
type rendering struct {
	name string
	text string
	docs []document
	err  error // the first document that is no valid YAML
}

func newEngine(ctx context.Context, opts Options) *engine {
	e := &engine{ctx: ctx, opts: opts, includes: map[string]int{}, parsedAs: map[string]string{}, meter: newMeter()}
	e.funcs = e.functions(ctx)
	return e
}

func (e *engine) find(id, message string) {
	e.findings = append(e.findings, Finding{ID: id, Message: message})
}

// inOrder sorts templates as they are parsed and executed: the deepest path first, then names backwards, so that a
// parent's definition replaces a subchart's. Of two files with one name the later counts.
func inOrder(sources []source) []source {
	last := make(map[string]int, len(sources))
	for i, s := range sources {
		last[s.name] = i
	}
	out := make([]source, 0, len(last))
	for i, s := range sources {
		if last[s.name] == i {
			out = append(out, s)
		}
	}
	for i := range out {
		out[i].depth = strings.Count(out[i].name, "/")
	}
	slices.SortFunc(out, func(a, b source) int {
		return cmp.Or(cmp.Compare(b.depth, a.depth), strings.Compare(b.name, a.name))
	})
	return out
}

// begin parses the wanted templates of a chart, for which nobody needs the values, until parsing is done.
func (e *engine) begin(c *chart.Chart, wanted func(name string) bool) {
	e.parsing.Go(func() {
		listed := list(nil, c, c.Name())
		e.sources = inOrder(slices.DeleteFunc(listed, func(s source) bool { return !wanted(s.name) }))
		e.set, e.err = e.parse()
	})
}

// run executes every template after begin, each with the root object of its basePath, in order unless that cannot show,
// while what they wrote is decoded beside. Partials are not executed.
func (e *engine) run(roots map[string]values) ([]*rendering, error) {
	e.parsing.Wait()
	if e.err != nil {
		return nil, e.err
	}
	for i, s := range e.sources {
		e.sources[i].root = roots[s.basePath]
	}
	work := make(chan *rendering, len(e.sources))
	var decoder sync.WaitGroup
	decoder.Go(func() {
		for r := range work {
			r.decode()
		}
	})
	out, err := e.executeAll(e.set, e.files(), work)
	close(work)
	decoder.Wait()
	return out, err
}

// files are the sources that become output.
func (e *engine) files() []source {
	return slices.DeleteFunc(slices.Clone(e.sources), func(s source) bool { return isPartial(s.name) })
}

func (e *engine) executeAll(set *templateSet, sources []source, work chan<- *rendering) ([]*rendering, error) {
	if e.mayGoParallel(len(sources)) {
		if out, err := e.executeParallel(set, sources); !errors.Is(err, errOrdered) {
			return out, err
		}
	}
	if !e.mutating && !e.opts.Lint {
		set.memo = newMemo()
	}
	out := make([]*rendering, 0, len(sources))
	for _, s := range sources {
		if err := context.Cause(e.ctx); err != nil {
			return nil, err
		}
		s.root["Template"] = s.template()
		e.root, e.place = identity(s.root), s.basePath
		text, err := e.execute(set.templates.Lookup(s.name), s.root)
		if err != nil {
			return nil, e.executionError(s.name, err)
		}
		text = dropNoValue(text)
		if e.rendered += int64(len(text)); e.rendered > maxOutput {
			return nil, limitf("more than %d MiB of manifests", maxOutput>>20)
		}
		r := &rendering{name: s.name, text: text}
		out = append(out, r)
		work <- r
	}
	return out, nil
}

const maxReused = 1 << 20 // bytes of an output's buffer

// execute runs a template and returns what it wrote.
func (e *engine) execute(t *template.Template, root any) (string, error) {
	out := &output{engine: e}
	if n := len(e.buffers); n > 0 {
		out.text, e.buffers = e.buffers[n-1], e.buffers[:n-1]
	}
	if e.probe != nil {
		e.probe.enter()
	}
	err := t.Execute(out, root)
	if e.probe != nil && err == nil {
		e.probe.leave()
	}
	text := string(out.text)
	if cap(out.text) <= maxReused && e.sourceMap == nil { // a source map looks at it later
		e.buffers = append(e.buffers, out.text[:0])
	}
	return text, err
}

// parse parses all files, concurrently, and adds them to one set in order. A text that several subcharts carry, as
// library charts are copied, is parsed once.
func (e *engine) parse() (*templateSet, error) {
	set := e.newSet(template.New(tplName))
	unique := make([]int, 0, len(e.sources)) // indexes of the first file with each text
	originals := make([]int, len(e.sources)) // that index, for each file
	first := make(map[string]int, len(e.sources))
	for i, s := range e.sources {
		original, ok := first[s.text]
		if !ok {
			first[s.text], original = i, i
			unique = append(unique, i)
		}
		originals[i] = original
	}
	trees := make([]map[string]*parse.Tree, len(e.sources))
	errs := make([]error, len(e.sources))
	var parsers [parallel.MaxWorkers]charttemplate.Parser
	_ = parallel.Each(e.ctx, len(unique), func(worker, n int) error {
		i := unique[n]
		trees[i], errs[i] = e.shared.parse(set, &parsers[worker], e.sources[i].name, e.sources[i].text)
		return nil // the first of the files is told, not of those
	})
	if err := context.Cause(e.ctx); err != nil {
		return nil, err
	}
	for i := range parsers {
		e.mutating = e.mutating || parsers[i].Calls
	}
	for i, s := range e.sources {
		original := originals[i]
		if errors.Is(errs[original], ErrLimit) {
			return nil, &Error{Template: e.sources[original].name, Cause: errs[original]}
		}
		if errs[original] != nil {
			return nil, e.parseError(e.sources[original].name, errs[original])
		}
		if err := set.add(trees[original], e.sources[original].name, s.name); err != nil {
			return nil, e.parseError(s.name, err)
		}
		if original != i {
			e.parsedAs[s.name] = e.sources[original].name
		}
	}
	return set, nil
}

// add adds the definitions of a file that was parsed under another name.
func (s *templateSet) add(trees map[string]*parse.Tree, parsed, name string) error {
	for define, tree := range trees {
		if define == parsed && parsed != name {
			renamed := *tree // it knows the text, for the positions in errors
			renamed.Name, renamed.ParseName = name, name
			define, tree = name, &renamed
		}
		if _, err := s.templates.AddParseTree(define, tree); err != nil {
			return err
		}
	}
	return nil
}
