package jsonschema

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// compiler turns a schema, and those that it refers to, into nodes. What nothing
// refers to is checked against the metaschema only.
type compiler struct {
	opts      Options
	stop      func() error   // not nil: the reason to end
	texts     map[string]any // by URL
	documents map[string]*document
	dialects  map[string]dialect // by $schema
	nodes     map[place]*node
	queue     []*node
}

func newCompiler(opts Options) *compiler {
	return &compiler{opts: opts, stop: func() error { return nil }, texts: map[string]any{}, documents: map[string]*document{}, dialects: map[string]dialect{}, nodes: map[place]*node{}}
}

// compile returns the node of a place with all nodes that it needs.
func (c *compiler) compile(p place) (*node, error) {
	root := c.node(p)
	for len(c.queue) > 0 {
		n := c.queue[0]
		c.queue = c.queue[1:]
		if len(c.nodes) > maxNodes {
			return nil, limitf("more than %d schemas", maxNodes)
		}
		if err := c.fill(n); err != nil {
			return nil, err
		}
	}
	return root, nil
}

// node is the node of a place; it is filled later.
func (c *compiler) node(p place) *node {
	n := c.nodes[p]
	if n == nil {
		n = &node{place: p}
		c.nodes[p] = n
		c.queue = append(c.queue, n)
	}
	return n
}

func (c *compiler) fill(n *node) error {
	d, err := c.document(n.url)
	if err != nil {
		return err
	}
	v, err := n.place.lookup(d.text)
	if err != nil {
		return err
	}
	if err := c.include(d, n.pointer, v); err != nil {
		return err
	}
	r := d.resource(n.pointer)
	n.draft = r.dialect.draft.version
	n.resource = c.node(place{d.url, r.pointer})
	if n.draft >= 2020 && n.resource == n {
		for _, name := range r.dynamic {
			if n.dynamicAnchors == nil {
				n.dynamicAnchors = map[string]*node{}
			}
			n.dynamicAnchors[name] = c.node(place{d.url, r.anchors[name]})
		}
	}
	switch v := v.(type) {
	case bool:
		n.always = &v
	case map[string]any:
		if len(v) == 0 {
			n.always = new(true)
			return nil
		}
		return (&object{compiler: c, node: n, document: d, resource: r, keywords: v}).compile()
	}
	return nil
}

// load returns the text at a URL.
func (c *compiler) load(address string) (any, error) {
	if text, ok := c.texts[address]; ok {
		return text, nil
	}
	text, err := metaschemaText(address)
	if text == nil && err == nil {
		err = errors.New("nothing loads it")
		if c.opts.Load != nil {
			text, err = c.opts.Load(address)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("failing loading %q: %w", address, err)
	}
	c.texts[address] = text
	return text, nil
}

// document returns the document at a URL, after checking it against its
// metaschema.
func (c *compiler) document(address string) (*document, error) {
	if d := c.documents[address]; d != nil {
		return d, nil
	}
	text, err := c.load(address)
	if err != nil {
		return nil, err
	}
	d := &document{url: address, text: text, resources: map[string]*resource{}, byID: map[string]*resource{}, seen: map[string]bool{}}
	if err := c.collect(d, text, "", nil, dialect{draft: draftOfVersion(c.opts.Draft)}); err != nil {
		return nil, err
	}
	if name := withoutScheme(address); name == address || !strings.HasPrefix(name, "json-schema.org/") {
		if err := c.checkMeta(d, text, ""); err != nil {
			return nil, err
		}
	}
	c.documents[address] = d
	return d, nil
}

// include makes a schema known that stands where no keyword has one.
func (c *compiler) include(d *document, at string, v any) error {
	if d.seen[at] {
		return nil
	}
	r := d.resource(at)
	if err := c.collect(d, v, at, r, r.dialect); err != nil {
		return err
	}
	return c.checkMeta(d, v, at)
}

// checkMeta refuses a schema that does not fit its metaschema.
func (c *compiler) checkMeta(d *document, v any, at string) error {
	meta, err := d.resource(at).dialect.metaschema()
	if err != nil {
		return err
	}
	run := &validation{stop: c.stop, check: c.opts.CheckPattern, limit: maxSteps * 50, dialects: d.resources, meta: meta}
	found := run.run(meta, v)
	if run.err != nil {
		return run.err
	}
	if len(found) == 0 {
		return nil
	}
	lines := make([]string, 0, len(found))
	for _, f := range report(found) {
		lines = append(lines, fmt.Sprintf("at %s: %s", quote(pointerTo(at, f.Path...)), f.Message))
	}
	slices.Sort(lines)
	return fmt.Errorf("no valid schema: %s", strings.Join(slices.Compact(lines), ", "))
}

// object compiles the keywords of one schema.
type object struct {
	*compiler
	*node
	document *document
	resource *resource
	keywords map[string]any
}

// reference is the node that a keyword refers to, nil without the keyword.
func (o *object) reference(keyword string) (*node, error) {
	ref, ok := o.keywords[keyword].(string)
	if !ok {
		return nil, nil
	}
	address, fragment, err := join(o.resource.id, ref)
	if err != nil {
		return nil, err
	}
	p, ok, err := o.document.resolve(address, fragment)
	if !ok && err == nil {
		var other *document
		if other, err = o.compiler.document(address); err == nil {
			p, _, err = other.resolve(address, fragment)
		}
	}
	if err != nil {
		return nil, err
	}
	return o.compiler.node(p), nil
}

func (o *object) schema(keyword string) *node {
	if _, ok := o.keywords[keyword]; !ok {
		return nil
	}
	return o.compiler.node(o.down(keyword))
}

func (o *object) schemas(keyword string) []*node {
	list, _ := o.keywords[keyword].([]any)
	nodes := make([]*node, len(list))
	for i := range list {
		nodes[i] = o.compiler.node(o.down(keyword, fmt.Sprint(i)))
	}
	return nodes
}

func (o *object) named(keyword string) map[string]*node {
	held, _ := o.keywords[keyword].(map[string]any)
	nodes := make(map[string]*node, len(held))
	for name := range held {
		nodes[name] = o.compiler.node(o.down(keyword, name))
	}
	return nodes
}

func (o *object) rest(keyword string) rest {
	if allowed, ok := o.keywords[keyword].(bool); ok {
		return rest{given: true, refuses: !allowed}
	}
	n := o.schema(keyword)
	return rest{node: n, given: n != nil}
}

func (o *object) patterns(keyword string) ([]patternNode, error) {
	named := o.named(keyword)
	var out []patternNode
	for _, pattern := range slices.Sorted(maps.Keys(named)) {
		re, err := o.regexp(keyword, pattern)
		if err != nil {
			return nil, err
		}
		out = append(out, patternNode{named[pattern], re})
	}
	return out, nil
}

func (o *object) regexp(keyword, pattern string) (*regexp.Regexp, error) {
	re, err := compilePattern(o.opts.CheckPattern, pattern)
	if err != nil {
		return nil, fmt.Errorf("invalid regex %q at %q: %w", pattern, o.down(keyword), err)
	}
	return re, nil
}

// compilePattern compiles a regular expression, of Go's syntax as in Helm.
func compilePattern(check func(pattern, text string) error, pattern string) (*regexp.Regexp, error) {
	if check != nil {
		if err := check(pattern, ""); err != nil {
			return nil, err
		}
	}
	return regexp.Compile(pattern)
}
