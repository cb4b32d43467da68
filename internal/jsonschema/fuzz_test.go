package jsonschema_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pintle-ci/pintle/internal/jsonschema"
)

// Deliberate differences: numbers that only machines write (the oracle wraps
// counts above 2^63), its spelling of large numbers, details of formats, and the
// place of a wrong property name, which it overwrites when it goes on.
var (
	huge   = regexp.MustCompile(`[0-9]{19}|[0-9][eE]`)
	spelt  = regexp.MustCompile(`×10|is not valid|[0-9]{7}|[0-9],[0-9]{3},|causing reference cycle|invalid propertyName`)
	custom = regexp.MustCompile(`\$vocabulary|/meta/|\\u`)
)

// compare compares what we make of a schema and a value with what the oracle does.
func compare(t *testing.T, text, value []byte) {
	t.Helper()
	if huge.Match(text) || huge.Match(value) || custom.Match(text) {
		return
	}
	v, err := decode(value)
	if err != nil {
		return
	}
	ours, err := jsonschema.Compile(t.Context(), text, jsonschema.Options{URL: home, Load: load})
	if errors.Is(err, jsonschema.ErrLimit) {
		return
	}
	theirs, theirErr := newOracle(text, nil, false, load)
	if (err != nil) != (theirErr != nil) {
		t.Fatalf("compiling %s says\n%v, the oracle says\n%v", text, err, theirErr)
	}
	if err != nil {
		return
	}
	both{text, ours, theirs}.compare(t, v)
}

// both are the two compilations of one schema.
type both struct {
	text   []byte
	ours   *jsonschema.Schema
	theirs *oracle
}

// compare compares what both say about a value and reports whether it fits.
func (b both) compare(t *testing.T, v any) bool {
	t.Helper()
	found, err := b.ours.Validate(t.Context(), v)
	if err != nil {
		return false
	}
	oracle := b.theirs.validate(v)
	if (len(found) > 0) != (oracle != nil) {
		t.Fatalf("%.4000s\nfor %v finds %v, the oracle\n%v", b.text, v, found, oracle)
	}
	if invalid, ok := errors.AsType[*santhosh.ValidationError](oracle); ok {
		var got []string
		for _, f := range found {
			got = append(got, strings.Join(f.Path, "/")+": "+f.Message)
		}
		theirs := lines(invalid)
		if got, want := bag(got), bag(theirs); got != want && !spelt.MatchString(strings.Join(theirs, "\n")) {
			t.Errorf("%.4000s\nfor %v says\n%s\nthe oracle\n%s", b.text, v, got, want)
		}
	}
	return oracle == nil
}

func FuzzSchema(f *testing.F) {
	for _, test := range table {
		for _, v := range append(test.fits, test.breaks...) {
			f.Add([]byte(test.schema), []byte(v))
		}
	}
	files, _ := filepath.Glob(filepath.Join(os.Getenv("JSON_SCHEMA_SUITE"), "tests", "draft*", "*.json"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var groups []struct {
			Schema json.RawMessage
			Tests  []struct{ Data json.RawMessage }
		}
		if err := json.Unmarshal(text, &groups); err != nil {
			f.Fatal(err)
		}
		for _, g := range groups {
			if !strings.Contains(string(g.Schema), "$schema") {
				g.Schema = declare(g.Schema, file)
			}
			for _, test := range g.Tests {
				f.Add([]byte(g.Schema), []byte(test.Data))
			}
		}
	}
	f.Fuzz(compare)
}

// declare puts the draft into a schema of the suite.
func declare(text []byte, file string) []byte {
	for name, url := range map[string]string{"draft4": "04", "draft6": "06", "draft7": "07"} {
		if rest, ok := strings.CutPrefix(string(text), "{"); ok && strings.Contains(file, "/"+name+"/") {
			return []byte(`{"$schema": "http://json-schema.org/draft-` + url + `/schema#",` + rest)
		}
	}
	return text
}
