package stamp

import (
	"net/url"
	"strings"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

var scpAddress = lazyregexp.New(`^(?:[^@/\s]+@)?([A-Za-z0-9.-]+):([^\s]+)$`)

// Repository is the name of the repository at a remote's address: host and path, whatever the protocol, port, user and
// password, so that git@host:a/b.git and https://host/a/b are one. It is empty for an address that only this machine
// knows.
func Repository(remote string) string {
	host, path := "", ""
	if u, err := url.Parse(remote); err == nil && u.Scheme != "" && strings.Contains(remote, "://") {
		if u.Scheme == "file" {
			return ""
		}
		host, path = u.Hostname(), u.Path
	} else if m := scpAddress.FindStringSubmatch(remote); m != nil && !strings.Contains(remote, "://") && !drive(m[1]) {
		host, path = m[1], m[2]
	}
	host, path = strings.ToLower(host), strings.ToLower(strings.Trim(path, "/"))
	path = strings.TrimSuffix(strings.TrimSuffix(path, ".git"), "/")
	host, path = oneAddress(host, path)
	if host == "" || path == "" {
		return ""
	}
	return Name(host + "/" + path)
}

// drive reports whether what stands before a colon is a drive of Windows.
func drive(name string) bool { return len(name) == 1 }

// oneAddress brings together the addresses of servers whose paths differ by protocol.
func oneAddress(host, path string) (string, string) {
	switch {
	case host == "ssh.dev.azure.com": // v3/ORG/PROJECT/REPO is ORG/PROJECT/_git/REPO
		host, path = "dev.azure.com", strings.TrimPrefix(path, "v3/")
	case host == "dev.azure.com":
		path = strings.Replace(path, "/_git/", "/", 1)
	case host == "ssh.github.com", host == "altssh.gitlab.com", host == "altssh.bitbucket.org": // SSH at port 443
		_, host, _ = strings.Cut(host, ".")
	case strings.HasPrefix(path, "scm/"): // Bitbucket Server's over HTTP
		path = strings.TrimPrefix(path, "scm/")
	}
	return host, path
}
