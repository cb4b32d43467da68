package runner

import (
	"fmt"
	"strings"
)

// order returns the units so that each stands after what it needs, otherwise
// in the order given. A need that is not among the units is dropped: a run of
// chosen services takes the others as they are. A cycle is an error that shows it.
func order(units []Unit) ([]Unit, error) {
	byName := make(map[string]*Unit, len(units))
	for i := range units {
		byName[units[i].Name] = &units[i]
	}
	var out []Unit
	const visiting, done = 1, 2
	state := make(map[string]int, len(units))
	var visit func(u *Unit, path []string) error
	visit = func(u *Unit, path []string) error {
		path = append(path, u.Name)
		switch state[u.Name] {
		case done:
			return nil
		case visiting:
			return fmt.Errorf("order services: needs form a cycle: %s: remove one of these needs", strings.Join(path, " -> "))
		}
		state[u.Name] = visiting
		kept := make([]string, 0, len(u.Needs))
		for _, need := range u.Needs {
			needed, ok := byName[need]
			if !ok {
				continue
			}
			kept = append(kept, need)
			if err := visit(needed, path); err != nil {
				return err
			}
		}
		state[u.Name] = done
		ordered := *u
		ordered.Needs = kept
		out = append(out, ordered)
		return nil
	}
	for i := range units {
		if err := visit(&units[i], nil); err != nil {
			return nil, err
		}
	}
	return out, nil
}
