package project

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Two runs that wrote into one file of events would tell a mixture of both; the first one's events must not suffer from
// the attempt.
func TestCreateEventsOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "build", "pintle")
	first, err := createEvents(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.WriteString("{}\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := createEvents(dir); !errors.Is(err, errLocked) {
		t.Errorf("got %v", err)
	}
	if data, err := os.ReadFile(first.Name()); err != nil || string(data) != "{}\n" {
		t.Errorf("the first run's events are %q, %v", data, err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := createEvents(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if info, err := second.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("the second run does not begin anew: %v, %v", info, err)
	}
}
