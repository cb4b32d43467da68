package registry

import (
	"time"
)

// What tests from outside hold errors and counts against.
const (
	MaxAttempts      = maxAttempts
	MaxRequests      = maxRequests
	MaxDocumentBytes = maxDocumentBytes
)

// Causes of failures.
var (
	ErrTooLarge = errTooLarge
	ErrEndless  = errEndless
)

// WithDeadlines is a with other deadlines than the usual ones; 0 means those.
func (a Access) WithDeadlines(stall, request time.Duration) Access {
	a.stall, a.request = stall, request
	return a
}
