package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/pintle-ci/pintle/event"
)

// CI is a CI server whose log folds sections.
type CI int

// The CI servers that a Plain writes sections for.
const (
	NoSections CI = iota
	GitLab
	GitHub
)

// annotate puts a failure on GitHub's page of the run.
func (p *Plain) annotate(e event.Event) {
	if p.o.CI != GitHub {
		return
	}
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	fmt.Fprintf(&p.buf, "::error title=%s::%s\n", property.Replace(e.Service+" "+e.Step+" "+words(e.Status)), data.Replace(e.Message))
}

// section prints the blocks of a service as one folded section.
func (p *Plain) section(now time.Time, service string) {
	text := p.kept[service]
	if text == "" {
		return
	}
	delete(p.kept, service)
	heading := "Output of " + (&Service{Name: service}).Title()
	if p.o.CI == GitHub {
		fmt.Fprintf(&p.buf, "::group::%s\n%s::endgroup::\n", heading, text)
		return
	}
	name := "pintle_" + strings.Map(sectionRune, service)
	const clear = "\r\x1b[0K"
	fmt.Fprintf(&p.buf, "\x1b[0Ksection_start:%d:%s[collapsed=true]%s%s\n%s", now.Unix(), name, clear, heading, text)
	fmt.Fprintf(&p.buf, "\x1b[0Ksection_end:%d:%s%s\n", now.Unix(), name, clear)
}

// sectionRune keeps what GitLab allows in the name of a section.
func sectionRune(r rune) rune {
	if r < 0x80 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("_.-", r)) {
		return r
	}
	return '_'
}

// release prints every block that is still held back.
func (p *Plain) release(now time.Time) {
	for _, service := range p.fold.run.Services {
		p.section(now, service.Name)
	}
}
