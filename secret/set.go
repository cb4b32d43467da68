// Package secret knows what must not be shown: which keys of values promise a
// secret, in which forms a secret turns up in text, and how to mask it there.
// It refuses to read files and to know charts and clusters: whoever reads values
// or objects tells them to a Set, and whoever prints asks it.
package secret

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pintle-ci/pintle/internal/text"
)

// Mark stands where a secret was.
const Mark = "***"

// minLength is the length in bytes of the shortest secret that is masked wherever
// it stands. A shorter one ("root", "8080") is masked as the value of a key that
// promises a secret only: hidden everywhere it would make a report unreadable,
// and would betray itself.
const minLength = 6

// Set is the secrets of one release, and of whatever it is part of. It grows
// while work goes on: what is learnt of a Secret is masked from then on. The
// zero Set and nil know nothing; all methods are safe for concurrent use.
type Set struct {
	parent *Set

	mu    sync.Mutex
	long  map[string]bool // masked everywhere
	short map[string]bool // masked as values only
	made  *masker         // of both; nil: to be made
}

type masker struct {
	replacer *strings.Replacer // nil: nothing is long
	short    map[string]bool
}

// NewSet makes a Set of these secrets.
func NewSet(secrets ...string) *Set {
	s := &Set{}
	s.Add(secrets...)
	return s
}

// Child makes a Set that masks what s does, now and later, and more. What is
// added to it stays unknown to s.
func (s *Set) Child() *Set { return &Set{parent: s} }

// Add makes secrets known: their single lines too, and every form in which they
// turn up. Switches and empty strings are no secrets.
func (s *Set) Add(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.long == nil {
		s.long, s.short = map[string]bool{}, map[string]bool{}
	}
	for _, secret := range secrets {
		secret = strings.Trim(secret, "\r\n")
		known := s.long
		if len(secret) < minLength {
			known = s.short
		}
		if !isSwitch(secret) && !known[secret] {
			known[secret] = true
			s.made = nil
		}
	}
}

// AddValues makes known what a tree of values holds under keys that promise a
// secret, and the passwords in its URLs and connection strings.
func (s *Set) AddValues(values map[string]any) { s.Add(find(nil, "", values)...) }

// AddText makes known what a text holds that promises a secret: the passwords in
// URLs and connection strings, and "password=..." in arguments.
func (s *Set) AddText(text string) { s.Add(inText(nil, text)...) }

// Text is what may be shown of a text: every known secret is masked, and the
// passwords of all URLs. It is cleaned first, for an escape sequence within a secret
// would hide it here, and whoever shows text takes escape sequences out.
func (s *Set) Text(shown string) string { return URLs(s.Known(text.Clean(shown))) }

// Known is a text with every known secret masked, and otherwise as it is.
func (s *Set) Known(text string) string {
	for at := s; at != nil; at = at.parent {
		text = at.mask(text)
	}
	return text
}

func (s *Set) mask(text string) string {
	m := s.masker()
	if m == nil {
		return text
	}
	if m.replacer != nil { // first: a part of a secret may look like a short one
		text = m.replacer.Replace(text)
	}
	if len(m.short) > 0 {
		text = maskShort(text, m.short)
	}
	return text
}

// masker makes what masks, if it is not made yet. Its replacer prefers the longest
// form, so that a secret which holds another leaves no part of itself behind.
func (s *Set) masker() *masker {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made != nil || s.long == nil {
		return s.made
	}
	s.made = &masker{short: maps.Clone(s.short)}
	all := map[string]bool{}
	for secret := range s.long {
		for _, form := range forms(secret) {
			all[form] = true
		}
	}
	longest := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
	})
	pairs := make([]string, 0, 2*len(longest))
	for _, form := range longest {
		pairs = append(pairs, form, Mark)
	}
	if len(pairs) > 0 {
		s.made.replacer = strings.NewReplacer(pairs...)
	}
	return s.made
}

// Value is a value as JSON has it, with its texts masked as Text does and with
// everything masked that stands under a key which promises a secret.
func (s *Set) Value(v any) any {
	switch v := v.(type) {
	case string:
		return Pairs(s.Text(v)) // what is known first, whose forms a pair may cut
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = s.Value(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		name, _ := v["name"].(string)
		for k, e := range v {
			switch {
			case Promised(k) || k == "value" && Promised(name): // an environment variable
				out[k] = s.Hidden(e)
			default:
				out[k] = s.Value(e)
			}
		}
		return out
	}
	return v
}

// Hidden is a value under a key that promises a secret: its scalars are masked.
// Maps are treated as their own keys say, and what is no secret stays.
func (s *Set) Hidden(v any) any {
	switch v := v.(type) {
	case nil, bool:
		return v
	case map[string]any:
		return s.Value(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = s.Hidden(e)
		}
		return out
	case string:
		if isSwitch(v) {
			return v
		}
	}
	return Mark
}

func isSwitch(s string) bool {
	switch strings.ToLower(s) {
	case "", "true", "false", "yes", "no", "on", "off", "null", "none", "~", "***":
		return true
	}
	return false
}
