package render

import (
	"encoding/base64"
	"path"
	"strings"

	"github.com/gobwas/glob"

	"github.com/pintle-ci/pintle/chart"
)

// files is the template object .Files: a chart's files that have no other role (facts/helm-format.md 4.17).
type files map[string][]byte

func newFiles(list []*chart.File) files {
	f := make(files, len(list))
	for _, file := range list {
		f[file.Name] = file.Data
	}
	return f
}

// GetBytes is a file's content, empty if there is none.
func (f files) GetBytes(name string) []byte {
	if data, ok := f[name]; ok {
		return data
	}
	return []byte{}
}

// Get is a file's content as a string.
func (f files) Get(name string) string { return string(f[name]) }

// Glob is the files whose path matches; a pattern that does not parse matches every one.
func (f files) Glob(pattern string) files {
	if err := checkGlob(pattern); err != nil {
		panic(err) // text/template makes it the method's error
	}
	g, err := glob.Compile(pattern, '/')
	if err != nil {
		g = glob.MustCompile("**")
	}
	out := files{}
	for name, data := range f {
		if g.Match(name) {
			out[name] = data
		}
	}
	return out
}

// AsConfig is the files as the data of a ConfigMap: YAML, base names as keys.
func (f files) AsConfig() string {
	if f == nil {
		return ""
	}
	m := make(map[string]string, len(f))
	for name, data := range f {
		m[path.Base(name)] = string(data)
	}
	return toYAML(m)
}

// AsSecrets is the files as the data of a Secret.
func (f files) AsSecrets() string {
	if f == nil {
		return ""
	}
	m := make(map[string]string, len(f))
	for name, data := range f {
		m[path.Base(name)] = base64.StdEncoding.EncodeToString(data)
	}
	return toYAML(m)
}

// Lines is a file's lines without their ends.
func (f files) Lines(name string) []string {
	if len(f[name]) == 0 {
		return []string{}
	}
	return strings.Split(strings.TrimSuffix(string(f[name]), "\n"), "\n")
}
