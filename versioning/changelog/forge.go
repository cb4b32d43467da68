package changelog

import (
	"net/url"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// Kind is the kind of a forge.
type Kind string

// The forges whose addresses are known.
const (
	GitHub Kind = "github"
	GitLab Kind = "gitlab"
)

// Forge is where a repository's commits and requests can be looked at. The zero Forge has no addresses.
type Forge struct {
	Kind Kind
	Base string // https://HOST/PATH, without a slash at its end
}

var (
	scpAddress = lazyregexp.New(`^(?:[^@/\s]+@)?([A-Za-z0-9.-]+):([^/\s][^\s]*)$`)
	hostName   = lazyregexp.New(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)
)

// ForgeOf reads a remote's address, in any of git's forms; credentials in it are left out. known is the kind where the
// CI system tells it, else the host's name does. The zero Forge is returned for other hosts and for local paths.
func ForgeOf(remote string, known Kind) Forge {
	scheme, host, path := "https", "", ""
	if u, err := url.Parse(remote); err == nil && u.Host != "" {
		host, path = u.Host, u.Path
		switch u.Scheme {
		case "http":
			scheme = "http"
		case "ssh", "git", "git+ssh":
			host = u.Hostname() // the port is SSH's
		case "https":
		default:
			return Forge{}
		}
	} else if m := scpAddress.FindStringSubmatch(remote); m != nil && !strings.Contains(remote, "://") {
		host, path = m[1], m[2]
	}
	path = strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	if !hostName.MatchString(host) || path == "" {
		return Forge{}
	}
	name := strings.ToLower(host)
	switch {
	case strings.Contains(name, "github"):
		known = GitHub
	case strings.Contains(name, "gitlab"):
		known = GitLab
	case known == "":
		return Forge{}
	}
	var steps []string
	for step := range strings.SplitSeq(path, "/") {
		steps = append(steps, url.PathEscape(step))
	}
	return Forge{Kind: known, Base: scheme + "://" + name + "/" + strings.Join(steps, "/")}
}

// own is what GitLab puts between a project and its pages.
func (f Forge) own() string {
	if f.Kind == GitLab {
		return f.Base + "/-"
	}
	return f.Base
}

// Commit is the address of a commit; empty without a forge.
func (f Forge) Commit(hash string) string {
	if f.Base == "" {
		return ""
	}
	return f.own() + "/commit/" + url.PathEscape(hash)
}

// Compare is the address of what is between two refs; empty without a forge or a ref.
func (f Forge) Compare(from, to string) string {
	if f.Base == "" || from == "" || to == "" {
		return ""
	}
	return f.own() + "/compare/" + url.PathEscape(from) + "..." + url.PathEscape(to)
}

// reference is the address of "#12" or "!12"; request tells that "#12" is a pull request's.
func (f Forge) reference(sign, number string, request bool) string {
	switch {
	case f.Kind == GitLab && sign == "!":
		return f.own() + "/merge_requests/" + number
	case f.Kind == GitLab:
		return f.own() + "/issues/" + number
	case f.Kind == GitHub && sign == "#" && request:
		return f.Base + "/pull/" + number
	case f.Kind == GitHub && sign == "#":
		return f.Base + "/issues/" + number
	}
	return ""
}
