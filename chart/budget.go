package chart

import (
	"errors"
	"fmt"
)

// Bounds of what is loaded. Helm has the first (facts/helm-format.md 4.10);
// the others keep a hostile chart within memory and time.
const (
	maxChartBytes = 100 << 20 // of one archive, or of one folder
	maxTotalBytes = 256 << 20 // with every archive inside
	maxFiles      = 100_000   // with those of every archive inside
	maxNesting    = 32        // charts within charts
)

// ErrTooLarge says that a chart exceeds a bound of what is loaded.
var ErrTooLarge = errors.New("chart is too large")

// budget counts down what one load may still read, nested archives included.
type budget struct {
	bytes int64
	files int
}

func newBudget() *budget { return &budget{bytes: maxTotalBytes, files: maxFiles} }

// take books one file of size bytes.
func (b *budget) take(size int64) error {
	b.bytes -= size
	b.files--
	switch {
	case b.bytes < 0:
		return fmt.Errorf("%w: more than %d MiB with the archives in it", ErrTooLarge, maxTotalBytes>>20)
	case b.files < 0:
		return fmt.Errorf("%w: more than %d files", ErrTooLarge, maxFiles)
	}
	return nil
}
