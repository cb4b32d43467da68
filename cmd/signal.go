package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/pintle-ci/pintle/pipeline"
)

// signalError is the cause of a context that a signal has ended.
type signalError struct{ sig os.Signal }

// Error implements error.
func (s signalError) Error() string {
	if s.sig == syscall.SIGTERM {
		return "stopped by SIGTERM"
	}
	return "stopped by SIGINT"
}

func (s signalError) exitCode() int {
	if s.sig == syscall.SIGTERM {
		return pipeline.ExitTerminated
	}
	return pipeline.ExitInterrupted
}

// withSignals returns a context that ends with the first SIGINT or SIGTERM, so
// that the work in progress can be brought to a safe end. The second signal
// ends the process at once. stop returns signals to what they were.
func withSignals(parent context.Context, stderr io.Writer) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	quit := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for first := true; ; first = false {
			select {
			case <-quit:
				return
			case s := <-signals:
				cause := signalError{s}
				if !first {
					fmt.Fprintln(stderr, "pintle: second signal: leaving now; \"pintle status\" tells what stands")
					os.Exit(cause.exitCode())
				}
				fmt.Fprintln(stderr, "pintle:", cause.Error()+": bringing the work in progress to a safe end; once more to leave at once")
				cancel(cause)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(quit)
		<-ended
		cancel(nil)
	}
}

// signalOf returns the signal that has ended ctx, if one has.
func signalOf(ctx context.Context) (signalError, bool) {
	var s signalError
	return s, errors.As(context.Cause(ctx), &s)
}
