package event

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// minSecret is the length in bytes below which a string is not masked: hiding
// "yes" or "1" everywhere would make a report unreadable and betray the value.
const minSecret = 4

// Mask hides known secret strings in text. The zero Mask hides nothing; secrets
// may be added while a run goes on, and all methods are safe for concurrent use.
type Mask struct {
	mu       sync.RWMutex
	known    map[string]bool
	replacer *strings.Replacer
}

// Add makes secrets known, together with the forms in which they turn up: Base64
// (Secret data), query-escaped (URLs), JSON-escaped, and the single lines of a
// secret of many lines. Strings of fewer than 4 bytes are not taken.
func (m *Mask) Add(secrets ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = make(map[string]bool)
	}
	before := len(m.known)
	for _, s := range secrets {
		for _, form := range forms(s) {
			m.known[form] = true
		}
	}
	if len(m.known) > before {
		m.replacer = replacer(m.known)
	}
}

// Text returns s with every known secret replaced by ***.
func (m *Mask) Text(s string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.replacer == nil {
		return s
	}
	return m.replacer.Replace(s)
}

// Sink returns a sink that hands every event on to next with the secrets masked
// in all the text that a run's objects and tools can have put there.
func (m *Mask) Sink(next Sink) Sink {
	return func(e Event) {
		for _, field := range []*string{&e.Message, &e.Details, &e.Object, &e.Version} {
			*field = m.Text(*field)
		}
		next(e)
	}
}

// replacer prefers the longest secret, so that one which holds another leaves
// no part of itself behind.
func replacer(known map[string]bool) *strings.Replacer {
	longest := slices.SortedFunc(maps.Keys(known), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
	})
	pairs := make([]string, 0, 2*len(longest))
	for _, s := range longest {
		pairs = append(pairs, s, "***")
	}
	return strings.NewReplacer(pairs...)
}

func forms(secret string) []string {
	secret = strings.TrimRight(secret, "\r\n")
	if len(secret) < minSecret {
		return nil
	}
	quoted, _ := json.Marshal(secret) // a string always marshals
	out := []string{
		secret,
		base64.StdEncoding.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte(secret + "\n")),
		base64.RawURLEncoding.EncodeToString([]byte(secret)),
		url.QueryEscape(secret), url.PathEscape(secret),
		string(quoted[1 : len(quoted)-1]),
	}
	if !strings.Contains(secret, "\n") {
		return out
	}
	for line := range strings.Lines(secret) {
		// Short lines of a key or a file ("}", "data:") are no secret.
		if line = strings.TrimSpace(line); len(line) >= 2*minSecret {
			out = append(out, line)
		}
	}
	return out
}
