package config

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

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
	Tags      Tags
	Approve   bool
	Namespace string
}

func newDraft(found Found, o Options) draft {
	d := draft{SchemaURL: SchemaURL, Report: defaultReport, Parts: found.Parts, Convention: true}
	if c := found.Config; c != nil {
		d.Project, d.Report, d.Tag = c.Project, path.Clean(c.Report.Dir), c.Version.Tag
		for _, name := range c.EnvironmentNames() {
			e := c.Environments[name]
			d.Environments = append(d.Environments, draftEnvironment{Name: name, Branches: e.Branches, Tags: e.Tags, Approve: e.Approve})
		}
		return d
	}
	d.Project = nameLike(cmp.Or(o.Project, remoteName(o.Remote), o.Folder, "app"))
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
	return append(list, draftEnvironment{Name: prod, Tags: ReleaseTags, Namespace: project})
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
