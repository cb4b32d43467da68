package jsonschema_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pintle-ci/pintle/internal/jsonschema"
)

// TestSuite runs the JSON-Schema-Test-Suite of json-schema-org, if JSON_SCHEMA_SUITE
// says where it is. What the oracle answers otherwise than the suite, we may too.
func TestSuite(t *testing.T) {
	suite := os.Getenv("JSON_SCHEMA_SUITE")
	if suite == "" {
		t.Skip("JSON_SCHEMA_SUITE is not set")
	}
	remotes := func(address string) (any, error) {
		path, ok := strings.CutPrefix(address, "http://localhost:1234/")
		if !ok {
			return load(address)
		}
		text, err := os.ReadFile(filepath.Join(suite, "remotes", filepath.FromSlash(path)))
		if err != nil {
			return nil, err
		}
		return decode(text)
	}
	for name, draft := range map[string]*santhosh.Draft{
		"draft4": santhosh.Draft4, "draft6": santhosh.Draft6, "draft7": santhosh.Draft7,
		"draft2019-09": santhosh.Draft2019, "draft2020-12": santhosh.Draft2020,
	} {
		for _, optional := range []string{"", "optional", "optional/format"} {
			files, _ := filepath.Glob(filepath.Join(suite, "tests", name, optional, "*.json"))
			t.Run(name+"/"+optional, func(t *testing.T) {
				s := &suiteRun{draft: draft, formats: optional != "", load: remotes}
				for _, file := range files {
					s.file(t, file)
				}
				t.Logf("%d tests, %d otherwise than the suite, as the oracle", s.tests, s.shared)
			})
		}
	}
}

type suiteRun struct {
	draft         *santhosh.Draft
	formats       bool
	load          loader
	tests, shared int
}

var versions = map[*santhosh.Draft]int{
	santhosh.Draft4: 4, santhosh.Draft6: 6, santhosh.Draft7: 7, santhosh.Draft2019: 2019, santhosh.Draft2020: 2020,
}

func (s *suiteRun) file(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var groups []struct {
		Description string
		Schema      json.RawMessage
		Tests       []struct {
			Description string
			Data        json.RawMessage
			Valid       bool
		}
	}
	if err := json.Unmarshal(text, &groups); err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		where := filepath.Base(path) + ": " + g.Description
		theirs, theirErr := newOracle(g.Schema, s.draft, s.formats, s.load)
		ours, err := jsonschema.Compile(t.Context(), g.Schema, jsonschema.Options{URL: home, Load: s.load, Draft: versions[s.draft], Formats: s.formats})
		if (err != nil) != (theirErr != nil) {
			t.Errorf("%s: compiling says %v, the oracle says %v", where, err, theirErr)
		}
		if err != nil || theirErr != nil {
			t.Logf("%s: refused: %v", where, err)
			continue
		}
		for _, test := range g.Tests {
			v, err := decode(test.Data)
			if err != nil {
				t.Fatal(err)
			}
			s.tests++
			found, err := ours.Validate(t.Context(), v)
			valid := len(found) == 0
			oracle := theirs.validate(v)
			if err != nil && !errors.Is(err, jsonschema.ErrLimit) || valid != (oracle == nil) {
				t.Errorf("%s: %s: valid %v %v %v, the oracle says %v", where, test.Description, valid, found, err, oracle)
			} else if valid != test.Valid {
				s.shared++
				t.Logf("%s: %s: valid %v, as the oracle", where, test.Description, valid)
			}
		}
	}
}
