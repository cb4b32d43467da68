package pipeline

import (
	"fmt"

	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// criteria compiles what pintle.yaml says about kinds. Loading the file has
// compiled the same once, so an error means another program's file.
func criteria(kinds map[string]*config.Readiness) (map[string]readiness.Criteria, error) {
	out := make(map[string]readiness.Criteria, len(kinds))
	for kind, r := range kinds {
		c := readiness.Criteria{Tolerate: r.Tolerate}
		for _, e := range []struct {
			text string
			into **readiness.Expression
		}{{r.Ready, &c.Ready}, {r.Failed, &c.Failed}} {
			if e.text == "" {
				continue
			}
			compiled, err := readiness.Compile(e.text)
			if err != nil {
				return nil, fmt.Errorf("readiness of %s: %w", kind, err)
			}
			*e.into = compiled
		}
		out[kind] = c
	}
	return out, nil
}
