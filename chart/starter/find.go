package starter

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Find is where the starter called so is: a path, or a name among Helm's
// starters ($HELM_DATA_HOME/starters). A path begins with / or . or is one in
// the current folder that is no name there.
func Find(starter string, getenv func(string) string) (string, error) {
	if filepath.IsAbs(starter) || strings.HasPrefix(starter, ".") {
		return starter, nil
	}
	home := starters(getenv)
	for _, path := range []string{filepath.Join(home, starter), starter} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no starter %q: it is neither a path nor one of %s, which has %s", starter, home, list(home))
}

// list names the starters in a folder.
func list(home string) string {
	entries, err := os.ReadDir(home)
	if err != nil || len(entries) == 0 {
		return "none"
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, ", ")
}

func starters(getenv func(string) string) string {
	home := getenv("HELM_DATA_HOME")
	switch {
	case home != "":
	case getenv("XDG_DATA_HOME") != "":
		home = filepath.Join(getenv("XDG_DATA_HOME"), "helm")
	case runtime.GOOS == "darwin":
		home = filepath.Join(getenv("HOME"), "Library", "helm")
	default:
		home = filepath.Join(getenv("HOME"), ".local", "share", "helm")
	}
	return filepath.Join(home, "starters")
}
