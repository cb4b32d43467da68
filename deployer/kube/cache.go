package kube

import (
	"context"
	"sync"

	"golang.org/x/sync/singleflight"
)

// Cache keeps the answers that are the same for all releases of a namespace: thirty of them, deployed at once, ask
// once. The zero Cache knows nothing.
type Cache[T any] struct {
	flights singleflight.Group
	mu      sync.Mutex
	answers map[string]T // by namespace
}

// Get is the answer for a namespace, asked for if it is not known; old says that it was known, so that what has changed
// since is not in it. An answer that is not worth keeping is for those who wait for it now.
func (c *Cache[T]) Get(ctx context.Context, namespace string, ask func(context.Context) (answer T, keep bool, err error)) (answer T, old bool, err error) {
	if answer, old = c.recall(namespace); old {
		return answer, old, nil
	}
	_, err, shared := c.flights.Do(namespace, func() (any, error) {
		got, keep, err := ask(ctx)
		answer = got
		if err == nil && keep {
			c.keep(namespace, got)
		}
		return nil, err
	})
	if shared && err == nil {
		if answer, old = c.recall(namespace); old {
			return answer, old, nil
		}
	}
	if shared && (err == nil || Is(err, Cancelled) && ctx.Err() == nil) { // of another's: he was stopped, or it was not kept
		answer, _, err = ask(ctx)
	}
	return answer, false, err
}

func (c *Cache[T]) recall(namespace string) (T, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer, ok := c.answers[namespace]
	return answer, ok
}

func (c *Cache[T]) keep(namespace string, answer T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers == nil {
		c.answers = map[string]T{}
	}
	c.answers[namespace] = answer
}

// Forget makes the next Get for a namespace ask again.
func (c *Cache[T]) Forget(namespace string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.answers, namespace)
}
