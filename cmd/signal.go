package cmd

import (
	"context"
	"errors"
	"fmt"
	"github.com/pintle-ci/pintle/cmd/cli"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// withSignals returns a context that ends with the first SIGINT, SIGTERM or SIGHUP, so that the work in progress can be
// brought to a safe end. The second signal ends the process at once. A SIGHUP that nohup ignores stays ignored, and a
// reader that goes away (SIGPIPE) makes writing fail and does not end the process, which may be in the middle of a
// deploy. stop returns signals to what they were.
func withSignals(parent context.Context, stderr io.Writer) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	signal.Ignore(syscall.SIGPIPE)
	quit := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for first := true; ; first = false {
			select {
			case <-quit:
				return
			case s := <-signals:
				cause := cli.SignalError{Signal: s}
				if !first {
					fmt.Fprintln(stderr, "pintle: second signal: leaving now; \"pintle status\" tells what stands")
					os.Exit(cause.ExitCode())
				}
				fmt.Fprintln(stderr, "pintle:", cause.Error()+": bringing the work in progress to a safe end; once more to leave at once")
				cancel(cause)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		signal.Reset(syscall.SIGPIPE)
		close(quit)
		<-ended
		cancel(nil)
	}
}

// signalOf returns the signal that has ended ctx, if one has.
func signalOf(ctx context.Context) (cli.SignalError, bool) {
	var s cli.SignalError
	return s, errors.As(context.Cause(ctx), &s)
}
