// Package cli is what several commands share: the flags of deployments and charts, errors with their exit codes,
// tables, the console, the way to a cluster. It refuses to be a command: it knows no group of them.
package cli

import (
	"io"

	"github.com/sirupsen/logrus"

	"github.com/pintle-ci/pintle/internal/text"
)

// Env is what a command may touch of the process: passed, never global, so that a test can stand in for any of it.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer // the result, byte for byte, and nothing else
	Stderr io.Writer // everything else
	Getenv func(string) string
	Log    *logrus.Logger
	Limits *Limits

	// The same for people to read: what comes from outside is cleaned.
	StdoutText, StderrText *text.Writer
}
