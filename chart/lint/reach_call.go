package lint

import "text/template/parse"

// plain are functions that pass on what they get, so that a missing value shows.
var plain = map[string]bool{
	"quote": true, "squote": true, "toYaml": true, "toJson": true, "nindent": true, "indent": true, "int": true, "int64": true,
	"float64": true, "toString": true, "b64enc": true, "trunc": true, "trim": true, "trimSuffix": true, "trimPrefix": true,
	"lower": true, "upper": true, "print": true, "printf": true, "replace": true, "join": true, "title": true, "kebabcase": true,
}

// questions are functions that only ask about their arguments.
var questions = map[string]bool{
	"not": true, "empty": true, "and": true, "or": true, "eq": true, "ne": true, "lt": true, "le": true, "gt": true, "ge": true,
	"kindIs": true, "kindOf": true, "typeIs": true, "typeOf": true, "len": true, "hasPrefix": true, "hasSuffix": true, "contains": true,
	"semverCompare": true, "regexMatch": true,
}

// call reads a call of a function; args are in order, a piped one last.
func (w *walker) call(name string, args []argument, how mode) []ref {
	switch name {
	case "index", "get":
		if len(args) > 1 {
			return w.index(args[0], args[1:], how)
		}
	case "hasKey":
		if len(args) == 2 {
			w.shielded(func() { w.index(args[0], args[1:], test) })
			return nil
		}
	case "dig":
		if n := len(args); n > 2 {
			w.shielded(func() { args[n-2].eval(use); w.index(args[n-1], args[:n-2], use) })
			return nil
		}
	case "set", "unset":
		w.changed = true
	case "default", "coalesce", "ternary", "required":
		return w.choice(args, how)
	}
	if questions[name] && how == test {
		for _, a := range args {
			a.eval(test)
		}
		return nil
	}
	for _, a := range args {
		if plain[name] {
			a.eval(use)
		} else {
			w.shielded(func() { a.eval(use) })
		}
	}
	return nil
}

// choice is a function that gives one of its arguments.
func (w *walker) choice(args []argument, how mode) []ref {
	var refs []ref
	w.shielded(func() {
		for _, a := range args {
			refs = append(refs, a.eval(how)...)
		}
	})
	w.guards = append(w.guards, refs...) // wherever the choice is kept
	return refs
}

// index follows keys that are constants; with others everything is reached.
func (w *walker) index(base argument, keys []argument, how mode) []ref {
	var fields []string
	for _, k := range keys {
		if !k.isText {
			w.shielded(func() { k.eval(use); base.eval(use) })
			return nil
		}
		fields = append(fields, k.literal)
	}
	var refs []ref
	for _, r := range base.eval(follow) {
		refs = append(refs, append(append(ref{}, r...), fields...))
	}
	var marked []ref
	w.shielded(func() { marked = w.mark(refs, how, parse.Pos(0)) })
	return marked
}
