package deployer

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/secret"
)

// lookups answers the template function "lookup" for one rendering.
type lookups struct {
	cluster *kube.Client
	secrets *secret.Set // what is read of Secrets is added to it
	without bool        // Secrets are not read, and taken to be absent

	mu     sync.Mutex
	denied []string // the Secrets that were not read, by name
}

func (l *lookups) lookup(ctx context.Context, apiVersion, kind, namespace, name string) (map[string]any, error) {
	if apiVersion != "v1" || kind != "Secret" {
		return l.cluster.Lookup(ctx, apiVersion, kind, namespace, name)
	}
	if l.without {
		l.deny(namespace, name)
		return map[string]any{}, nil
	}
	object, err := l.cluster.Lookup(ctx, apiVersion, kind, namespace, name)
	if err != nil {
		return nil, err
	}
	learnSecret(l.secrets, object)
	items, _ := object["items"].([]any)
	for _, item := range items {
		if o, ok := item.(map[string]any); ok {
			learnSecret(l.secrets, o)
		}
	}
	return object, nil
}

func (l *lookups) deny(namespace, name string) {
	what := strings.Trim(namespace+"/"+name, "/")
	if name == "" {
		what = strings.TrimSuffix("all in "+namespace, " in ")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.denied, what) {
		l.denied = append(l.denied, what)
	}
}

// warnings say which Secrets templates asked for in vain.
func (l *lookups) warnings() []string {
	if len(l.denied) == 0 {
		return nil
	}
	return []string{"lookup of Secrets found nothing, as --no-lookup-secrets asks (" +
		strings.Join(l.denied, ", ") + "): with them it may render otherwise"}
}
