package render

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"text/template"
	"text/template/parse"
)

// engine executes the templates of one render.
type engine struct {
	ctx      context.Context // of the render; text/template has no other way to hand it to functions
	opts     Options
	sources  []source // in execution order
	funcs    template.FuncMap
	findings []Finding

	includes map[string]int // how often each name is being included
	depth    int            // nested includes and tpls
	ticks    int
	written  int64
	rendered int64
}

// rendering is what one template file came to.
type rendering struct {
	name string
	text string
}

func newEngine(ctx context.Context, opts Options, sources []source) *engine {
	e := &engine{ctx: ctx, opts: opts, includes: map[string]int{}}
	e.sources = inOrder(sources)
	e.funcs = e.functions(ctx)
	return e
}

func (e *engine) find(id, message string) {
	e.findings = append(e.findings, Finding{ID: id, Message: message})
}

// inOrder sorts templates as they are parsed and executed: the deepest path
// first, then names backwards, so that a parent's definition replaces a
// subchart's. Of two files with one name the later counts.
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
	slices.SortFunc(out, func(a, b source) int {
		return cmp.Or(
			cmp.Compare(strings.Count(b.name, "/"), strings.Count(a.name, "/")),
			strings.Compare(b.name, a.name),
		)
	})
	return out
}

// run parses and executes every template. Partials are not executed.
func (e *engine) run() ([]rendering, error) {
	set, err := e.parse()
	if err != nil {
		return nil, err
	}
	out := make([]rendering, 0, len(e.sources))
	for _, s := range e.sources {
		if isPartial(s.name) {
			continue
		}
		if err := context.Cause(e.ctx); err != nil {
			return nil, err
		}
		s.root["Template"] = values{"Name": s.name, "BasePath": s.basePath}
		text, err := e.execute(set.templates.Lookup(s.name), s.root)
		if err != nil {
			return nil, e.executionError(s.name, err)
		}
		text = dropNoValue(text)
		if e.rendered += int64(len(text)); e.rendered > maxOutput {
			return nil, limitf("more than %d MiB of manifests", maxOutput>>20)
		}
		out = append(out, rendering{s.name, text})
	}
	return out, nil
}

// execute runs a template and returns what it wrote.
func (e *engine) execute(t *template.Template, root any) (string, error) {
	out := &output{engine: e}
	err := t.Execute(out, root)
	return string(out.text), err
}

// parse parses all files, concurrently, and adds them to one set in order.
func (e *engine) parse() (*templateSet, error) {
	set := e.newSet(template.New("gotpl"))
	trees := make([]map[string]*parse.Tree, len(e.sources))
	errs := make([]error, len(e.sources))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 4) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(e.sources) && e.ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				s := e.sources[i]
				trees[i], errs[i] = set.parse(s.name, s.text)
			}
		})
	}
	workers.Wait()
	if err := context.Cause(e.ctx); err != nil {
		return nil, err
	}
	for i, s := range e.sources {
		if errs[i] != nil {
			return nil, e.parseError(s.name, errs[i])
		}
		for name, tree := range trees[i] {
			if _, err := set.templates.AddParseTree(name, tree); err != nil {
				return nil, e.parseError(s.name, err)
			}
		}
	}
	return set, nil
}
