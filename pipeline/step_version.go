package pipeline

import (
	"context"
	"strings"

	"github.com/pintle-ci/pintle/event"
)

func (j *job) computeVersion(_ context.Context, span event.Span) event.Result {
	versions, err := j.versions()
	if err != nil {
		return failed(err)
	}
	own := versions[j.unit.Name]
	if own.err != nil {
		return failed(own.err)
	}
	j.version = own.version
	for _, line := range j.version.Explain {
		span.Output("", line)
	}
	if len(own.modified) > 0 {
		span.Warn("modified files go into the build, and its version does not show it: " + strings.Join(own.modified, ", "))
	}
	message := "between releases"
	switch {
	case j.version.Exact:
		message = "tag " + j.version.Tag
	case j.version.Unchanged:
		message = "unchanged since " + j.version.Tag
	}
	return event.Result{Status: event.Passed, Message: message, Version: j.version.Number}
}
