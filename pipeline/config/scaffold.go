package config

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"text/template"

	"github.com/pintle-ci/pintle/jenkins"
)

// The files that Scaffold writes beside pintle.yaml.
const (
	jenkinsfile = "Jenkinsfile"
	gitlabFile  = ".gitlab-ci.yml"
)

//go:embed scaffold/*.tmpl
var templates embed.FS

// Options is what Scaffold cannot see in the files. Every field may be empty.
type Options struct {
	Project  string   // the name of the product; default: that of the remote, of the folder
	Remote   string   // the address of the git remote
	Folder   string   // the name of the repository's folder
	Branch   string   // the default branch; default: main
	Branches []string // the branches that there are: develop is used where it exists
	Tags     []string // the tags that there are: they tell how tags are named
	Charts   string   // where charts are pushed: oci://HOST/PATH
	Images   string   // where images are: HOST/PATH
}

// File is a file that init writes, by its slash path from the root of the
// repository.
type File struct {
	Path string
	Data []byte
	Kept bool // there is one already: it is not written
}

// ErrNoCharts says that there is nothing to write a pintle.yaml about.
var ErrNoCharts = errors.New(`no chart (Chart.yaml) in this repository; make one with "pintle chart create services/NAME/chart", then run "pintle init" again`)

// Scaffold returns a pintle.yaml, a Jenkinsfile and a .gitlab-ci.yml that work
// as they are for what was found. Those that exist are marked as kept; where
// that is pintle.yaml, the others follow it. The error is ErrNoCharts, or a
// Problem with an option.
func Scaffold(found Found, o Options) ([]File, error) {
	if found.Config == nil && len(found.Charts) == 0 {
		return nil, ErrNoCharts
	}
	if o.Charts != "" && !ociReference.MatchString(o.Charts) {
		return nil, Problem{Position: Position{File: "charts"}, Message: fmt.Sprintf("%q is no OCI reference", o.Charts), Hint: "write oci://HOST/PATH"}
	}
	if o.Images != "" && !imageName.MatchString(o.Images) && !imageHost.MatchString(o.Images) {
		return nil, Problem{Position: Position{File: "images"}, Message: fmt.Sprintf("%q is no image name", o.Images), Hint: "write HOST/PATH"}
	}
	draft := newDraft(found, o)
	var files []File
	for _, f := range []struct{ path, template string }{
		{FileName, scaffold("pintle.yaml.tmpl")}, {jenkinsfile, jenkins.Jenkinsfile()}, {gitlabFile, scaffold("gitlab-ci.yml.tmpl")},
	} {
		data, err := execute(f.path, f.template, draft)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", f.path, err)
		}
		files = append(files, File{Path: f.path, Data: data, Kept: slices.Contains(found.Existing, f.path)})
	}
	return files, nil
}

// Write writes the files that are not kept below dir. It never overwrites: a
// file that appeared meanwhile becomes a kept one.
func Write(dir string, files []File) error {
	for i := range files {
		f := &files[i]
		if f.Kept {
			continue
		}
		out, err := os.OpenFile(filepath.Join(dir, filepath.FromSlash(f.Path)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			f.Kept = true
			continue
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
		_, err = out.Write(f.Data)
		if err = errors.Join(err, out.Close()); err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
	}
	return nil
}

// scaffold returns an embedded template.
func scaffold(name string) string {
	data, _ := templates.ReadFile("scaffold/" + name) // it is there: it was embedded
	return string(data)
}

func execute(name, text string, d draft) ([]byte, error) {
	t, err := template.New(name).Funcs(template.FuncMap{
		"yaml": yamlText, "groovy": groovyText, "ref": gitlabRef, "branch": jenkinsBranch, "join": joinYAML,
		"jenkinsTag": jenkinsTag, "gitlabTag": gitlabTag,
		"pad": func(s string, n int) string { return fmt.Sprintf("%-*s", n, s) },
	}).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, d); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
