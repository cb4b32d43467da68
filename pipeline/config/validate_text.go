package config

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/chart"
	"github.com/pintle-ci/pintle/internal/files"
	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

const (
	hostPattern      = `[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:[0-9]{1,5})?`
	componentPattern = `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
)

// OCI names as the distribution specification has them.
var (
	ociReference = lazyregexp.New(`^oci://` + hostPattern + `(/` + componentPattern + `)*$`)
	imageName    = lazyregexp.New(`^(` + hostPattern + `/)?` + componentPattern + `(/` + componentPattern + `)*$`)
	imageHost    = lazyregexp.New(`^` + hostPattern + `$`)
	endsWithTag  = lazyregexp.New(`(:[\w][\w.-]*|@sha256:[0-9a-f]+)$`)
)

func (v *validator) registry() {
	r := v.c.Registry
	if v.says("registry.charts") && !v.doubtful("registry.charts") {
		v.oci("registry.charts", r.Charts, false)
	}
	if v.says("registry.images") && !v.doubtful("registry.images") && !imageHost.MatchString(r.Images) {
		v.imageName("registry.images", r.Images)
	}
}

// oci checks an oci:// address; with named it must have a path, since it is
// that of a chart.
func (v *validator) oci(at, address string, named bool) bool {
	scheme, rest, ok := strings.Cut(address, "://")
	host, name, _ := strings.Cut(rest, "/")
	hint := ""
	switch {
	case strings.Contains(host, "@"):
		hint = "leave the credentials out: they come from the docker config or from the environment"
	case !ok:
		hint = "write oci://" + strings.TrimLeft(address, "/")
	case named && (scheme == "https" || scheme == "http"):
		repository := strings.TrimSuffix(scheme+"://"+path.Join(host, path.Dir(name)), "/.")
		hint = fmt.Sprintf("push it to a registry once and write oci://HOST/PATH/%s: \"pintle chart pull %[1]s --repo %s\", then \"pintle chart push\"", path.Base(name), repository)
	case scheme != "oci":
		hint = "write oci://" + rest
	case strings.ContainsAny(name, ":@"):
		hint = "write the version as version:, not behind the name"
	case strings.HasSuffix(address, "/"):
		hint = "write " + strings.TrimRight(address, "/")
	case name != strings.ToLower(name):
		hint = "write it in lower case: oci://" + host + "/" + strings.ToLower(name)
	case !ociReference.MatchString(address) || named && name == "":
		hint = "write oci://HOST/PATH"
	}
	if hint != "" {
		v.bad(at, hint, "%q is no OCI reference", address)
	}
	return hint == ""
}

func (v *validator) image(at string, i Image) {
	if v.says(at+".repository") || !v.says(at+".repositoryPath") && !v.says(at+".tagPath") {
		if !v.doubtful(at) {
			v.imageName(at, i.Repository)
		}
	}
	for key, value := range map[string]string{"repositoryPath": i.RepositoryPath, "tagPath": i.TagPath} {
		if splitPath(value) == nil {
			v.bad(child(at, key), "write a dotted path into values.yaml: image.tag", "%q is no path into values", value)
		}
	}
}

func (v *validator) imageName(at, name string) {
	last := name[strings.LastIndex(name, "/")+1:]
	hint := ""
	switch {
	case strings.Contains(name, "://"):
		hint = "write " + name[strings.Index(name, "://")+3:] + ", without a scheme"
	case endsWithTag.MatchString(last):
		hint = "leave the tag out: it is the version"
	case !imageName.MatchString(name) && name != strings.ToLower(name):
		hint = "write it in lower case: " + strings.ToLower(name)
	case !imageName.MatchString(name):
		hint = "write HOST/PATH"
	}
	if hint != "" {
		v.bad(at, hint, "%q is no image name", name)
	}
}

// fsValid reports whether a cleaned path stays inside of the folder.
func fsValid(p string) bool { return fs.ValidPath(path.Clean(p)) && !strings.Contains(p, `\`) }

// inside checks a path that must stay inside of the file's folder.
func (v *validator) inside(at, p string) {
	switch {
	case v.doubtful(at):
	case strings.Contains(p, `\`):
		v.bad(at, "write "+strings.ReplaceAll(p, `\`, "/"), "a backslash in the path %q", p)
	case p == "" || path.IsAbs(p) || !fsValid(p):
		v.bad(at, "write a path from the folder of "+v.file+", without a leading / or ..", "%q is not inside of the folder of %s", p, v.file)
	case files.HasGit(p):
		v.bad(at, "name what is the project's", "%q is git's own", p)
	}
}

// template checks the placeholders of a text.
func (v *validator) template(at, text string, allowed []string) bool {
	fine := true
	for _, name := range placeholders(text) {
		if !slices.Contains(allowed, name) {
			v.bad(at, suggest(name, allowed), "unknown placeholder {%s}", name)
			fine = false
		}
	}
	if rest := placeholder.ReplaceAllString(text, ""); strings.ContainsAny(rest, "{}") {
		v.bad(at, "write {environment}, {service}, {project} or {branch}", "a brace without its partner in %q", text)
		fine = false
	}
	return fine
}

// namespace checks a namespace, its placeholders filled in with something.
func (v *validator) namespace(at, text string) {
	if v.doubtful(at) || !v.template(at, text, known) {
		return
	}
	if sample := placeholder.ReplaceAllString(text, "x"); !label.MatchString(sample) {
		v.bad(at, "write a-z, 0-9 and -, at most 63", "%q is no namespace", text)
	}
}

// releaseName checks the name of a release (facts/git-ci-canary.md 1.4).
func (v *validator) releaseName(at, name, text string) {
	sample := placeholder.ReplaceAllString(strings.ReplaceAll(text, "{service}", name), "x")
	switch {
	case v.doubtful(at):
	case len(sample) > maxRelease:
		v.bad(at, "write a shorter one", "the release name %q is longer than %d", sample, maxRelease)
	case !chart.IsReleaseName(sample) && v.says(at) && strings.HasSuffix(at, ".release"):
		v.bad(at, "write a-z, 0-9 and -", "%q is no release name", text)
	}
}

// valuesPath checks the path of a values file.
func (v *validator) valuesPath(at, folder, file string) {
	if v.doubtful(at) || !v.template(at, file, known) {
		return
	}
	switch {
	case strings.Contains(file, `\`):
		v.bad(at, "write "+strings.ReplaceAll(file, `\`, "/"), "a backslash in the path %q", file)
	case file == "" || path.IsAbs(file) || !fsValid(path.Join(folder, file)):
		v.bad(at, "write a path from "+folderName(folder), "%q is not inside of the repository", file)
	}
}

func folderName(folder string) string {
	if folder == "." {
		return "the folder of pintle.yaml"
	}
	return folder
}
