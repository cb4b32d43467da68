package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/internal/files"
)

// KeepEvidence is where the engine hands the bundle of a failure to: a file of
// the reports' folder, and an event that names it.
func KeepEvidence(dir, service string, span event.Span) func(archive []byte) error {
	return func(archive []byte) error {
		name := fmt.Sprintf("pintle-evidence-%s-%s.tgz", service, time.Now().UTC().Format("20060102T150405Z"))
		path := filepath.Join(dir, name)
		if err := files.WriteBelow(dir, name, archive); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		if from, err := os.Getwd(); err == nil {
			if rel, err := filepath.Rel(from, path); err == nil && !strings.HasPrefix(rel, "..") {
				path = rel
			}
		}
		span.File(name, "evidence is kept in "+path)
		return nil
	}
}
