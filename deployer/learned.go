package deployer

import (
	"context"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/pintle-ci/pintle/deployer/kube"
)

// learned keeps the answers that are the same for all releases of a namespace:
// thirty of them, deployed at once, ask once. The zero learned knows nothing.
type learned[T any] struct {
	flights singleflight.Group
	mu      sync.Mutex
	answers map[string]T // by namespace
}

// get is the answer for a namespace, asked for if it is not known; old says that
// it was known, so that what has changed since is not in it. An answer that is
// not worth keeping is for those who wait for it now.
func (l *learned[T]) get(ctx context.Context, namespace string, ask func(context.Context) (answer T, keep bool, err error)) (answer T, old bool, err error) {
	if answer, old = l.recall(namespace); old {
		return answer, old, nil
	}
	_, err, shared := l.flights.Do(namespace, func() (any, error) {
		got, keep, err := ask(ctx)
		answer = got
		if err == nil && keep {
			l.keep(namespace, got)
		}
		return nil, err
	})
	if shared && err == nil {
		if answer, old = l.recall(namespace); old {
			return answer, old, nil
		}
	}
	if shared && (err == nil || kube.Is(err, kube.Cancelled) && ctx.Err() == nil) { // of another's: he was stopped, or it was not kept
		answer, _, err = ask(ctx)
	}
	return answer, false, err
}

func (l *learned[T]) recall(namespace string) (T, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	answer, ok := l.answers[namespace]
	return answer, ok
}

func (l *learned[T]) keep(namespace string, answer T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answers == nil {
		l.answers = map[string]T{}
	}
	l.answers[namespace] = answer
}

func (l *learned[T]) forget(namespace string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.answers, namespace)
}
