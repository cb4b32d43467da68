package pipeline

import (
	"context"
	"errors"
	"strings"

	"github.com/pintle-ci/pintle/event"
)

// failed is the result of a step that err has stopped.
func failed(err error) event.Result {
	result := event.Result{Status: event.Failed, Message: oneLine(err.Error())}
	var explained interface{ Details() []string } // a chart's errors show the place
	if errors.As(err, &explained) {
		result.Details = strings.Join(explained.Details(), "\n")
	}
	if text := strings.TrimSpace(err.Error()); text != result.Message { // of many lines, as charts' authors write
		result.Details = strings.TrimSpace(text + "\n" + result.Details)
	}
	return result
}

// oneLine is the first line of a text; the rest belongs into details.
func oneLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

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
