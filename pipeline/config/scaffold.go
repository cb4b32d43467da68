package config

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
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
		{FileName, "pintle.yaml.tmpl"}, {jenkinsfile, "Jenkinsfile.tmpl"}, {gitlabFile, "gitlab-ci.yml.tmpl"},
	} {
		data, err := execute(f.template, draft)
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

func execute(name string, d draft) ([]byte, error) {
	t, err := template.New(name).Funcs(template.FuncMap{
		"yaml": yamlText, "groovy": groovyText, "ref": gitlabRef, "branch": jenkinsBranch, "join": joinYAML,
		"pad": func(s string, n int) string { return fmt.Sprintf("%-*s", n, s) },
	}).ParseFS(templates, "scaffold/"+name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, d); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// draft is what the templates are filled with.
type draft struct {
	SchemaURL, Project, Tag, Report string
	Charts, Images                  string
	Guessed                         bool // the registry was seen in values.yaml
	Convention                      bool // services/NAME/chart says it all
	Services                        []draftService
	Parts                           []string
	Environments                    []draftEnvironment
	Width                           int // of the longest service name and its colon
}

type draftService struct {
	Name   string
	Fields []string // "key: value", in flow style
}

type draftEnvironment struct {
	Name      string
	Branches  []string
	Tags      bool
	Namespace string
}

func newDraft(found Found, o Options) draft {
	d := draft{SchemaURL: SchemaURL, Report: defaultReport, Parts: found.Parts, Convention: true}
	if c := found.Config; c != nil {
		d.Project, d.Report = c.Project, path.Clean(c.Report.Dir)
		for _, name := range c.EnvironmentNames() {
			e := c.Environments[name]
			d.Environments = append(d.Environments, draftEnvironment{Name: name, Branches: e.Branches, Tags: e.Tags})
		}
		return d
	}
	d.Project = labelLike(cmp.Or(o.Project, remoteName(o.Remote), o.Folder, "app"))
	d.Project = strings.Trim(d.Project[:min(len(d.Project), 40)], "- ")
	d.Charts, d.Images = o.Charts, o.Images
	if d.Images == "" {
		if d.Images = commonRegistry(found.Charts); d.Images != "" {
			d.Guessed = d.Charts == ""
			d.Charts = cmp.Or(d.Charts, "oci://"+d.Images+"/charts")
		}
	}
	for _, c := range found.Charts {
		s := d.service(c)
		d.Services = append(d.Services, s)
		d.Width = max(d.Width, len(s.Name)+1)
		d.Convention = d.Convention && len(s.Fields) == 0 && c.Folder == path.Join("services", s.Name, "chart")
	}
	d.Tag = tagOf(o.Tags, d.Services)
	d.Environments = environmentsOf(found.Charts, o, d.Project)
	return d
}

// service says what the convention does not.
func (d *draft) service(c FoundChart) draftService {
	s := draftService{Name: c.Name}
	say := func(key, value string) { s.Fields = append(s.Fields, key+": "+value) }
	if c.Path != path.Join("services", c.Name) {
		say("path", yamlText(c.Path))
	}
	if c.Folder != path.Join(c.Path, "chart") && c.Folder != c.Path {
		say("chart", yamlText(c.Folder))
	}
	byConvention := d.Images != "" && c.Image.Repository == d.Images+"/"+c.Name
	plain := c.Image.RepositoryPath == defaultRepoPath && c.Image.TagPath == defaultTagPath
	usable := imageName.MatchString(c.Image.Repository) && !byConvention && d.Images != ""
	switch {
	case c.Image.None:
		say("image", "none")
	case plain && usable:
		say("image", yamlText(c.Image.Repository))
	case !plain:
		inner := []string{}
		if usable {
			inner = append(inner, "repository: "+yamlText(c.Image.Repository))
		}
		inner = append(inner, "repositoryPath: "+yamlText(c.Image.RepositoryPath), "tagPath: "+yamlText(c.Image.TagPath))
		say("image", "{"+strings.Join(inner, ", ")+"}")
	}
	if len(c.Values) > 0 {
		say("values", joinYAML(c.Values))
	}
	if len(c.Watch) > 0 {
		say("watch", joinYAML(c.Watch))
	}
	return s
}

// commonRegistry returns HOST/PATH when the images of all services that name
// a host are HOST/PATH/NAME.
func commonRegistry(charts []FoundChart) string {
	common := ""
	for _, c := range charts {
		host, rest, ok := strings.Cut(c.Image.Repository, "/")
		if c.Image.None || !ok || !strings.ContainsAny(host, ".:") && host != "localhost" {
			continue
		}
		prefix := strings.TrimSuffix(host+"/"+rest, "/"+path.Base(rest))
		if common != "" && common != prefix || !imageName.MatchString(c.Image.Repository) {
			return ""
		}
		common = prefix
	}
	return common
}

// tagOf returns how tags are named, from the tags that there are.
func tagOf(tags []string, services []draftService) string {
	for _, s := range services {
		for _, separator := range []string{"/v", "-v", "/", "@"} {
			prefix := s.Name + separator
			if slices.ContainsFunc(tags, func(t string) bool { return strings.HasPrefix(t, prefix) && startsWithNumber(t[len(prefix):]) }) {
				return "{service}" + separator + "{version}"
			}
		}
	}
	if slices.ContainsFunc(tags, startsWithNumber) {
		return "{version}"
	}
	return defaultTag
}

var number = regexp.MustCompile(`^\d+\.\d+\.\d+`)

func startsWithNumber(s string) bool { return number.MatchString(s) }

// environmentsOf returns the environments that values files are for, else dev
// and prod: the first is fed by a branch, production by tags.
func environmentsOf(charts []FoundChart, o Options, project string) []draftEnvironment {
	var names []string
	for _, c := range charts {
		names = append(names, c.Targets...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	branch := cmp.Or(o.Branch, "main")
	if slices.Contains(o.Branches, "develop") {
		branch = "develop"
	}
	dev, prod := pick(names, "dev", "develop", "development"), pick(names, "prod", "production", "prd", "live")
	if len(names) == 0 {
		names = []string{"dev", "prod"}
	}
	list := []draftEnvironment{{Name: dev, Branches: []string{branch}, Namespace: project + "-" + dev}}
	for _, name := range names {
		if name != dev && name != prod && label.MatchString(name) && len(list) < 10 {
			list = append(list, draftEnvironment{Name: name, Namespace: project + "-" + name})
		}
	}
	return append(list, draftEnvironment{Name: prod, Tags: true, Namespace: project})
}

// pick returns the first of choices that is among names, else the first.
func pick(names []string, choices ...string) string {
	for _, c := range choices {
		if slices.Contains(names, c) {
			return c
		}
	}
	return choices[0]
}

// remoteName returns the repository's name in the address of a remote.
func remoteName(remote string) string {
	remote = strings.TrimSuffix(strings.TrimRight(remote, "/"), ".git")
	return remote[strings.LastIndexAny(remote, "/:")+1:]
}

var plainYAML = regexp.MustCompile(`^[A-Za-z_]([\w./:-]*[\w./-])?$`)

// yamlText writes a text as a YAML scalar that flow style reads as text.
func yamlText(s string) string {
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n", ".", "..":
		return strconv.Quote(s)
	}
	if plainYAML.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}

func joinYAML(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = yamlText(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// groovyText writes a text as a Groovy string.
func groovyText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`).Replace(s) + "'"
}

// gitlabRef writes a branch pattern as a condition of a GitLab rule, quoted
// for YAML.
func gitlabRef(pattern string) string {
	if literal(pattern) && !strings.ContainsAny(pattern, `"'$`) {
		return fmt.Sprintf(`'$CI_COMMIT_BRANCH == "%s"'`, pattern)
	}
	return `'$CI_COMMIT_BRANCH =~ /` + strings.ReplaceAll(branchExpression(pattern), "/", `\/`) + `/'`
}

// jenkinsBranch writes a branch pattern as a condition of a Jenkins stage.
func jenkinsBranch(pattern string) string {
	if strings.ContainsAny(pattern, `[\`) { // which Ant's patterns do not know
		return "branch pattern: " + groovyText(branchExpression(pattern)) + ", comparator: 'REGEXP'"
	}
	return "branch " + groovyText(pattern)
}

// branchExpression writes a branch pattern as a regular expression. Characters
// that would need quoting in some place or other become ".".
func branchExpression(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case strings.HasPrefix(pattern[i:], "**/"):
			b.WriteString("(.*/)?")
			i += 2
		case strings.HasPrefix(pattern[i:], "**"):
			b.WriteString(".*")
			i++
		case c == '*':
			b.WriteString(`[^/]*`)
		case c == '?':
			b.WriteString(`[^/]`)
		case c == '.':
			b.WriteString(`\.`)
		case strings.IndexByte(`'"$+(){}|`, c) >= 0:
			b.WriteByte('.')
		default:
			b.WriteByte(c)
		}
	}
	return "^" + b.String() + "$"
}
