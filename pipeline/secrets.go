package pipeline

import (
	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
	"github.com/pintle-ci/pintle/pipeline/event"
)

// secretKey finds the keys of values that hold a secret themselves: not the
// name of a Secret (existingSecret), nor of a key in one (passwordKey).
var secretKey = lazyregexp.New(`(?i)(password|passwd|passphrase|token|secret_?key|private_?key|api_?key)$`)

// minSecret is the length in bytes of the shortest value that counts as a
// secret: to hide "root" everywhere would make evidence unreadable.
const minSecret = 6

// secrets are the strings that must not show in what is told about a unit: the
// run's, and what its values, the chart's defaults among them, hold under keys
// that promise a secret. What Secrets hold is known to the deployer.
func (j *job) secrets(values map[string]any) []string {
	if all, _, err := chart.Coalesce(j.chart, values); err == nil {
		values = all
	}
	return append(secretValues(values, nil), j.Secrets...)
}

// SecretValues are the strings that values hold under keys that promise a secret.
func SecretValues(values map[string]any) []string { return secretValues(values, nil) }

func secretValues(values map[string]any, found []string) []string {
	for key, value := range values {
		switch v := value.(type) {
		case map[string]any:
			found = secretValues(v, found)
		case []any:
			for _, element := range v {
				if m, ok := element.(map[string]any); ok {
					found = secretValues(m, found)
				}
			}
		case string:
			if len(v) >= minSecret && secretKey.MatchString(key) {
				found = append(found, v)
			}
		}
	}
	return found
}

// masked hides the secrets of a unit in a result: a template may quote any value.
func (j *job) masked(values map[string]any, r event.Result) event.Result {
	var m event.Mask
	m.Add(j.secrets(values)...)
	r.Message, r.Details = m.Text(r.Message), m.Text(r.Details)
	return r
}
