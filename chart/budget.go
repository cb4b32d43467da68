package chart

import (
	"errors"
	"fmt"
	"sync"
)

// Bounds of what is loaded. Helm has the first (facts/helm-format.md 4.10);
// the others keep a hostile chart within memory and time.
const (
	maxChartBytes = 100 << 20 // of one archive, or of one folder
	maxTotalBytes = 256 << 20 // with every archive inside
	maxFiles      = 100_000   // with those of every archive inside
	maxNesting    = 32        // charts within charts
	maxEntries    = 200_000   // of one folder, ignored ones too

	maxMetadata  = 1 << 20 // bytes of Chart.yaml, Chart.lock, requirements.yaml and .lock
	maxDocuments = 100     // of one values file

	maxIgnoreBytes = 64 << 10       // of .helmignore
	maxIgnoreWork  = 10_000_000_000 // bytes of its patterns times bytes of the names held against them

	maxResolved      = 10_000   // charts, once for each alias
	maxImports       = 1000     // import-values of all of them
	maxResolvedBytes = 64 << 20 // of their values.yaml
)

// ErrTooLarge says that a chart exceeds a bound of what is loaded.
var ErrTooLarge = errors.New("chart is too large")

// budget counts down what one load may still read, nested archives included.
// It is safe for concurrent use.
type budget struct {
	mu    sync.Mutex
	bytes int64
	files int // and folders
}

func newBudget() *budget { return &budget{bytes: maxTotalBytes, files: maxFiles} }

// take books files and what is in them.
func (b *budget) take(files int, bytes int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bytes -= bytes
	b.files -= files
	switch {
	case b.bytes < 0:
		return fmt.Errorf("%w: more than %d MiB with the archives in it", ErrTooLarge, maxTotalBytes>>20)
	case b.files < 0:
		return fmt.Errorf("%w: more than %d files", ErrTooLarge, maxFiles)
	}
	return nil
}
