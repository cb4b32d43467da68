// Package registry reaches OCI registries and web servers that hold archives: whose
// credentials go along, how long an answer is waited for, how much of it is read, what
// is tried again, and what an answer means, with the next command in the error. It
// refuses to speak plain HTTP to other machines unasked and to send credentials to a
// host that they are not for. It knows no chart: what is kept there is for others.
package registry

import (
	"net/http"
	"time"

	"github.com/pintle-ci/pintle/internal/answers"
)

// Bounds of what is read. A blob is held in memory, and Helm loads no chart above the first.
const (
	MaxBlobBytes     = 100 << 20
	maxDocumentBytes = 8 << 20 // a manifest, a page of tags, a token, an error
	maxRequests      = 500     // of one attempt: pages of tags, entries of an index
)

// Access says how a registry is reached. The zero value is anonymous HTTPS.
type Access struct {
	// Getenv is where credentials are looked for: it finds Helm's registry
	// configuration, Docker's and Podman's, and the variables of GitLab
	// (CI_REGISTRY*) and Harbor. Nil means anonymous.
	Getenv func(name string) string

	PlainHTTP bool // also to other machines; loopback is always tried with both

	// Untrusted says that PlainHTTP is the wish of a file of the repository, which
	// may be a fork's: no credentials are sent to another machine then.
	Untrusted bool
	Warn      func(text string) // hears that they are not sent; nil means nobody does

	// Memory is what all downloads of the process have together for large answers;
	// nil lets none wait for another.
	Memory *answers.Memory

	stall, request time.Duration // instead of stallTimeout and requestTimeout; 0 means those
	UserAgent      string
	Transport      http.RoundTripper // nil means one of its own, with the proxies of the environment
	Pause          time.Duration     // before the first retry, doubled for each further one; 0 means 500 ms
}
