package render

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"sync/atomic"

	"github.com/pintle-ci/pintle/internal/parallel"
)

// Templates are executed in Helm's order, because one may change the values that the next one sees. Where none of them
// can, the order does not show, and large sets are executed on several goroutines, each with an engine of its own.

// minParallel is how many templates are worth the engines.
const minParallel = 48

// errOrdered says that a text given to tpl changes values, which nobody could know before. Nothing has been changed
// yet.
var errOrdered = errors.New("templates depend on their order")

// mayGoParallel reports whether the order of execution cannot show. In a cluster it can: a chart may look up the same
// object twice.
func (e *engine) mayGoParallel(count int) bool {
	return !e.mutating && count >= minParallel && runtime.GOMAXPROCS(0) > 1 && e.opts.Lookup == nil && !e.opts.Lint
}

// executeParallel executes templates of which none changes the values.
func (e *engine) executeParallel(set *templateSet, sources []source) ([]*rendering, error) {
	last := map[string]source{}
	for _, s := range sources {
		last[s.basePath] = s
	}
	for _, s := range last { // what a chart's last template leaves for others to see
		s.root["Template"] = s.template()
	}
	p := &parallelRun{sources: sources, out: make([]*rendering, len(sources)), errs: make([]error, len(sources))}
	known := newMemo()
	if err := parallel.Each(e.ctx, parallel.Workers(len(sources)), func(_, _ int) error {
		runtime.LockOSThread() // for the meter
		defer runtime.UnlockOSThread()
		fork, err := e.fork(set)
		if err != nil {
			return err
		}
		fork.memo = known
		p.execute(fork)
		return nil
	}); err != nil && e.ctx.Err() == nil {
		return nil, err
	}
	for i, err := range p.errs {
		if errors.Is(err, errOrdered) {
			return nil, errOrdered
		}
		if err != nil {
			return nil, e.executionError(sources[i].name, err)
		}
	}
	if err := context.Cause(e.ctx); err != nil {
		return nil, err
	}
	return p.out, nil
}

// fork is an engine with the same templates and bounds and a state of its own.
func (e *engine) fork(set *templateSet) (*templateSet, error) {
	fork := newEngine(e.ctx, e.opts)
	fork.parallel = true
	clone, err := set.templates.Clone()
	if err != nil {
		return nil, err
	}
	return fork.newSet(clone), nil
}

// parallelRun is what the workers share.
type parallelRun struct {
	sources  []source
	next     atomic.Int64
	failed   atomic.Bool
	rendered atomic.Int64 // bytes
	out      []*rendering
	errs     []error
}

// execute takes one template after the other, in order: when one fails, all before it have been begun, so the first
// failure of all is found. It decodes each at once, while it is at hand.
func (p *parallelRun) execute(set *templateSet) {
	e := set.engine
	for !p.failed.Load() && e.ctx.Err() == nil {
		i := int(p.next.Add(1)) - 1
		if i >= len(p.sources) {
			return
		}
		s := p.sources[i]
		root := maps.Clone(s.root)
		root["Template"] = s.template()
		e.root, e.place = identity(root), s.basePath
		text, err := e.execute(set.templates.Lookup(s.name), root)
		if err == nil && p.rendered.Add(int64(len(text))) > maxOutput {
			err = limitf("more than %d MiB of manifests", maxOutput>>20)
		}
		if err != nil {
			p.errs[i] = err
			p.failed.Store(true)
			return
		}
		p.out[i] = &rendering{name: s.name, text: dropNoValue(text)}
		p.out[i].decode()
	}
}
