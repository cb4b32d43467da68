package cmd

import (
	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline"
)

// logsFlag shows what pods print; where says when it works.
func logsFlag(where string) urfave.Flag {
	return &urfave.BoolFlag{Name: "logs", Usage: where + "show what the pods that are rolled out print, headed by pod/container"}
}

// evidenceDirFlag keeps of a failure what the console has no room for.
func evidenceDirFlag() urfave.Flag {
	return &urfave.StringFlag{Name: "evidence-dir", Usage: "when it fails, keep objects, events and logs in this `FOLDER`, as pintle-evidence-NAME-TIME.tgz of at most 5 MB"}
}

// evidenceKeeper keeps the bundle of a failed release as --evidence-dir says; nil
// without it. The work is told through the span that is there by then.
func evidenceKeeper(c *urfave.Context, name string, work *event.Span) func(archive []byte) error {
	dir := c.String("evidence-dir")
	if dir == "" {
		return nil
	}
	return func(archive []byte) error { return pipeline.KeepEvidence(dir, name, *work)(archive) }
}
