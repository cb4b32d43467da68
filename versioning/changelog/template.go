package changelog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"text/template/parse"
	"time"
)

const (
	// MaxTemplate bounds a template, in bytes.
	MaxTemplate = 64 << 10
	// maxOutput bounds what a template may write, in bytes.
	maxOutput = 4 << 20
	// maxTime bounds how long it may take.
	maxTime = 10 * time.Second
)

// View is what a template sees. Every text is Markdown already: what commits said is escaped.
type View struct {
	Service  string // empty with one version for all
	Version  string // empty: not released yet
	Tag      string
	Previous string // the tag of the version before
	Date     string // 2026-01-31
	Compare  string // the address of the difference to Previous; empty without a forge
	Sections []SectionView
}

// SectionView is a group of changes.
type SectionView struct {
	Title   string
	Entries []EntryView
	More    int // how many were left out
}

// EntryView is one change.
type EntryView struct {
	Type, Scope, Description string
	Breaking                 bool
	Note                     string // what a BREAKING CHANGE footer says
	Hash, Short              string
	URL                      string // of the commit; empty without a forge
	Author                   string
}

func (n Notes) view(f Forge) View {
	v := View{Service: n.Service, Version: n.Version, Tag: n.Tag, Previous: n.Previous, Compare: f.Compare(n.Previous, n.Tag)}
	if !n.Date.IsZero() {
		v.Date = n.Date.UTC().Format("2006-01-02")
	}
	for _, s := range n.Sections {
		section := SectionView{Title: s.Title, More: s.More}
		for _, e := range s.Entries {
			section.Entries = append(section.Entries, EntryView{
				Type: e.Type, Scope: Forge{}.Escape(e.Scope), Description: f.Escape(e.Description), Breaking: e.Breaking, Note: f.Escape(e.Note),
				Hash: e.Hash, Short: e.Hash[:min(shortHash, len(e.Hash))], URL: f.Commit(e.Hash), Author: Forge{}.Escape(clean(e.Author)),
			})
		}
		v.Sections = append(v.Sections, section)
	}
	return v
}

// Execute writes a version's section as a Go template says, of which name is for messages. Time and output are bounded:
// a template may come with a change that nobody has looked at yet.
func (n Notes) Execute(ctx context.Context, name, text string, f Forge) (string, error) {
	if len(text) > MaxTemplate {
		return "", fmt.Errorf("template %s: %d bytes are more than %d", name, len(text), MaxTemplate)
	}
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	tick := func() (string, error) {
		if ctx.Err() != nil {
			return "", errors.New("it takes too long")
		}
		return "", nil
	}
	t, err := template.New(name).Option("missingkey=error").Funcs(template.FuncMap{tickName: tick}).Parse(text)
	if err != nil {
		return "", fmt.Errorf("changelog %w", err)
	}
	ticking := template.Must(template.New("").Funcs(template.FuncMap{tickName: tick}).Parse("{{" + tickName + "}}")).Root.Nodes[0]
	for _, each := range t.Templates() {
		if each.Tree != nil {
			interrupt(each.Root, ticking)
		}
	}
	out := &limited{}
	if err := t.Execute(out, n.view(f)); err != nil {
		return "", fmt.Errorf("changelog %w", err)
	}
	return strings.TrimRight(out.String(), "\n") + "\n", nil
}

// tickName is a function that no template would call by accident.
const tickName = "__tick"

// interrupt puts a look at the clock into every list of a template that can be run again and again: an empty loop over a
// number would otherwise never end.
func interrupt(list *parse.ListNode, tick parse.Node) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.RangeNode:
			interrupt(n.List, tick)
			interrupt(n.ElseList, tick)
		case *parse.IfNode:
			interrupt(n.List, tick)
			interrupt(n.ElseList, tick)
		case *parse.WithNode:
			interrupt(n.List, tick)
			interrupt(n.ElseList, tick)
		}
	}
	list.Nodes = append([]parse.Node{tick}, list.Nodes...)
}

// limited keeps a bounded text.
type limited struct{ strings.Builder }

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxOutput {
		return 0, fmt.Errorf("it writes more than %d bytes", maxOutput)
	}
	return l.Builder.Write(p)
}
