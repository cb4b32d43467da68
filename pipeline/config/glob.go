package config

import (
	"errors"
	"path"
	"strings"
)

// maxGlob is the longest pattern, and the longest branch name, in bytes.
const maxGlob = 256

// MatchBranch reports whether a branch matches a pattern: "*" and "?" stand
// for anything but "/", [a-z] for one of a set, and "**" as a whole element
// for any number of elements. The error says what is wrong with the pattern.
func MatchBranch(pattern, branch string) (bool, error) {
	if err := checkGlob(pattern); err != nil {
		return false, err
	}
	if len(branch) > maxGlob {
		return false, nil
	}
	return match(strings.Split(pattern, "/"), strings.Split(branch, "/")), nil
}

func checkGlob(pattern string) error {
	elements := strings.Split(pattern, "/")
	switch {
	case pattern == "":
		return errors.New("is empty")
	case len(pattern) > maxGlob:
		return errors.New("is too long")
	case strings.Count(pattern, "**") > 3:
		return errors.New(`has more than three "**"`)
	}
	for _, e := range elements {
		if _, err := path.Match(e, ""); err != nil {
			return errors.New("has a bracket that is not closed, or a stray backslash")
		}
		if e == "" {
			return errors.New(`has an empty element beside "/"`)
		}
		if strings.Contains(e, "**") && e != "**" {
			return errors.New(`has "**" beside other characters; it stands alone between "/"`)
		}
	}
	return nil
}

func match(pattern, elements []string) bool {
	for len(pattern) > 0 {
		if pattern[0] == "**" {
			for i := range len(elements) + 1 {
				if match(pattern[1:], elements[i:]) {
					return true
				}
			}
			return false
		}
		if len(elements) == 0 {
			return false
		}
		if ok, err := path.Match(pattern[0], elements[0]); err != nil || !ok {
			return false
		}
		pattern, elements = pattern[1:], elements[1:]
	}
	return len(elements) == 0
}

// literal reports whether a pattern matches exactly one name: itself.
func literal(pattern string) bool { return !strings.ContainsAny(pattern, `*?[\`) }
