package chart

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/pintle-ci/pintle/chart/render"
)

// templateFolder is what --output-dir names.
type templateFolder struct {
	path    string
	release string    // a folder of this name holds all but CRDs; may be empty
	log     io.Writer // the names of the files, as Helm prints them
}

// write writes the files, none of them outside the folder, whatever links stand in it. What stood in a file before is
// replaced.
func (f templateFolder) write(files []render.TemplateFile) error {
	if len(files) == 0 {
		return nil
	}
	if err := os.MkdirAll(f.path, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(f.path)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // a folder that was only written into
	for _, file := range files {
		if err := f.writeFile(root, file); err != nil {
			return fmt.Errorf("write the templates into %s: %w", f.path, err)
		}
	}
	_, err = fmt.Fprintln(f.log) // where Helm prints the manifests of which there are none
	return err
}

func (f templateFolder) writeFile(root *os.Root, file render.TemplateFile) error {
	name, shown := file.Name, f.path
	if f.release != "" && !file.CRD {
		name, shown = path.Join(f.release, name), filepath.Join(f.path, f.release)
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	mode := os.O_TRUNC
	if file.Append {
		mode = os.O_APPEND
	}
	out, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|mode, 0o666)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(out, file.Text); err != nil {
		out.Close()
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(f.log, "wrote %s/%s\n", shown, file.Name)
	return err
}
