package config

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// maxPattern bounds a pattern: RE2 takes time linear in the text, times the pattern's size.
const maxPattern = 1000

// ImagePlace is one of the further images of a service.
type ImagePlace struct {
	Key        string // as the file has it
	Path       []string
	Repository string // empty keeps what is there
}

func imagePlaces(images map[string]string) []ImagePlace {
	var places []ImagePlace
	for _, key := range sortedKeys(images) {
		places = append(places, ImagePlace{Key: key, Path: splitPath(key), Repository: images[key]})
	}
	return places
}

// SplitPath splits a dotted path; "\." is a dot within a key. It returns nil for what is no path.
func SplitPath(dotted string) []string { return splitPath(dotted) }

// Regexp compiles the pattern: "^" and "$" are the ends of a line. Load has checked that it compiles.
func (f VersionFile) Regexp() (*regexp.Regexp, error) {
	return regexp.Compile("(?m:" + f.Pattern + ")")
}

// FilesPath is where the files of a unit stand in pintle.yaml; the empty name means those of the one version for all.
func FilesPath(service string) string {
	if service == "" {
		return "version.files"
	}
	return child("services", service) + ".files"
}

// ImagePath is where a further image of a service stands in pintle.yaml.
func ImagePath(service, key string) string {
	return child(child("services", service)+".images", key)
}

// versionFiles checks version.files, version.commit and changelog.
func (v *validator) versionFiles() {
	v.placesOfVersion("version.files", v.c.Version.Files)
	if len(v.c.Version.Files) > 0 && strings.Contains(v.c.Version.Tag, "{service}") && !v.doubtful("version") {
		v.bad("version.files", "move the list to services.NAME.files", "there is no one version: version.tag gives one to each service")
	}
	if v.says("version.commit") && !v.doubtful("version.commit") {
		for _, name := range placeholders(v.c.Version.Commit) {
			if name != "version" && name != "services" {
				v.bad("version.commit", suggest(name, []string{"version", "services"}), "unknown placeholder {%s}", name)
			}
		}
		if strings.TrimSpace(v.c.Version.Commit) == "" || strings.HasPrefix(strings.TrimSpace(v.c.Version.Commit), "#") {
			v.bad("version.commit", "write "+defaultCommit, "%q is no message of a commit", v.c.Version.Commit)
		}
	}
	if v.says("changelog.file") {
		v.inside("changelog.file", v.c.Changelog.File)
	}
	if v.says("changelog.template") && !v.doubtful("changelog.template") {
		v.inside("changelog.template", v.c.Changelog.Template)
	}
}

// images checks the further images of a service.
func (v *validator) images(at string, s *Service) {
	for _, key := range v.inOrder(at+".images", sortedKeys(s.Images)) {
		place := child(at+".images", key)
		steps := splitPath(key)
		switch repository := s.Images[key]; {
		case v.doubtful(place):
		case steps == nil || key == "*":
			v.add(v.key(place), "write a dotted path into values.yaml: worker.image", "%s.images: %q is no path into values", at, key)
		case slices.Contains(steps, "*") && repository != "":
			v.bad(place, `write "" to keep the names that are there`, "%q stands for several images, which cannot have one name", key)
		case repository != "":
			v.imageName(place, repository)
		}
	}
}

// placesOfVersion checks a list of files that hold a version.
func (v *validator) placesOfVersion(at string, files []VersionFile) {
	for i, f := range files {
		place := fmt.Sprintf("%s[%d]", at, i)
		if v.doubtful(place) {
			continue
		}
		if f.File != "" {
			v.inside(place+".file", f.File)
		}
		switch {
		case f.Pattern == "" && f.Path == "", f.Pattern != "" && f.Path != "":
			v.bad(place, `write one of the two: path: version, or pattern: "version = (.*)"`, "needs a pattern or a path, and not both")
		case f.Path != "" && splitPath(f.Path) == nil:
			v.bad(place+".path", "write a dotted path: version, or project.version", "%q is no path", f.Path)
		case f.Pattern != "":
			v.pattern(place+".pattern", f)
		}
	}
}

func (v *validator) pattern(at string, f VersionFile) {
	if len(f.Pattern) > maxPattern {
		v.bad(at, "write a shorter one", "the pattern has %d characters, more than %d", len(f.Pattern), maxPattern)
		return
	}
	re, err := f.Regexp()
	switch {
	case err != nil:
		v.bad(at, `write a regular expression of RE2, in single quotes: 'version = "(.*)"'`, "%v", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	case re.MatchString(""):
		v.bad(at, "let it begin with what stands before the version", "the pattern matches the empty text, so everywhere")
	}
}

// filesOfVersion checks that they are there.
func (v *validator) filesOfVersion(at string, files []VersionFile) {
	for i, f := range files {
		place := fmt.Sprintf("%s[%d].file", at, i)
		if f.File == "" || v.doubtful(place) || !fsValid(f.File) || isFile(v.fsys, path.Clean(f.File)) {
			continue
		}
		v.bad(place, "write a path from the folder of "+v.file, "there is no file %s", f.File)
	}
}
