// Command docs writes what is generated from the command tree and from the configuration's types. "make docs" runs it
// in the repository's root; "make drift" fails when its output differs from what is checked in.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pintle-ci/pintle/internal/exitcode"
)

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

func write() error {
	files, err := documents()
	if err != nil {
		return err
	}
	if err := addTables(files); err != nil {
		return err
	}
	if err := addExamples(files); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// addTables adds the documents that hold the table of exit codes.
func addTables(files map[string][]byte) error {
	names, err := filepath.Glob("docs/*.md")
	if err != nil {
		return err
	}
	for _, name := range append(names, "README.md") {
		old, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if text := exitcode.Rewrite(string(old)); text != string(old) && files[filepath.ToSlash(name)] == nil {
			files[filepath.ToSlash(name)] = []byte(text)
		}
	}
	return nil
}

// examples is the folder with a pintle.yaml for each section of docs/config.md, named after it; that of the whole file
// is file.yaml.
const examples = "examples/config"

// addExamples puts the example of each section of docs/config.md under its table. A test holds that each key has one
// and that each is a valid file.
func addExamples(files map[string][]byte) error {
	const page = "docs/config.md"
	sections := strings.Split(string(files[page]), "\n## ")
	for i, section := range sections[1:] {
		title, _, _ := strings.Cut(section, "\n")
		name := strings.ToLower(strings.TrimPrefix(title, "The "))
		text, err := os.ReadFile(filepath.Join(examples, name+".yaml"))
		if err != nil {
			return fmt.Errorf("the section %s has no example: %w", title, err)
		}
		sections[i+1] = strings.TrimRight(section, "\n") + "\n\n```yaml\n" + string(text) + "```\n"
	}
	files[page] = []byte(strings.Join(sections, "\n## "))
	return nil
}
