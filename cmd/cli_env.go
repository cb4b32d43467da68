package cmd

import (
	"io"

	"github.com/sirupsen/logrus"

	"github.com/pintle-ci/pintle/internal/text"
)

// env is what a command may touch of the process: passed, never global, so
// that a test can stand in for any of it.
type env struct {
	stdin  io.Reader
	stdout io.Writer // the result, byte for byte, and nothing else
	stderr io.Writer // everything else
	getenv func(string) string
	log    *logrus.Logger
	limits *limits

	// The same for people to read: what comes from outside is cleaned.
	stdoutText, stderrText *text.Writer
}
