package report_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/report"
)

// screen is a writer that a test reads while others write.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Split(strings.TrimRight(s.text.String(), "\n"), "\n")
}

func TestPlainIsNeverSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out screen
		p := report.NewPlain(&out, report.PlainOptions{})
		log := event.NewLog(nil, p.Event)
		log.Emit(event.Event{Kind: event.RunStarted, Project: "shop"})
		log.Step("cart", "deploy", func(s event.Span) event.Result {
			s.Object("shop", "Deployment/cart", "create", event.Waiting, "0 of 1 ready")
			time.Sleep(65 * time.Second)
			return event.Result{Status: event.Passed}
		})
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		want := []string{
			"shop",
			"   0.0s  cart  deploy  Deployment/cart waits: 0 of 1 ready",
			"  30.0s  still running: cart deploy 30.0s (Deployment/cart: 0 of 1 ready)",
			"  1m00s  still running: cart deploy 1m00s (Deployment/cart: 0 of 1 ready)",
			"  1m05s  cart  deploy  passed in 1m05s",
		}
		if diff := cmp.Diff(want, out.lines()); diff != "" {
			t.Error(diff)
		}
	})
}

// Many objects that change all the time make one line a second, without the
// need of another event, and no news is lost that is still true.
func TestPlainTellsProgressOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out screen
		p := report.NewPlain(&out, report.PlainOptions{})
		defer func() { _ = p.Close() }()
		log := event.NewLog(nil, p.Event)
		log.Emit(event.Event{Kind: event.RunStarted, Project: "shop"})
		log.Step("cart", "deploy", func(s event.Span) event.Result {
			for i := range 20 {
				s.Object("shop", "Deployment/a", "", event.Waiting, "a"+strings.Repeat("!", i))
				s.Object("shop", "Deployment/b", "", event.Waiting, "b"+strings.Repeat("!", i))
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(5 * time.Second)
			synctest.Wait()
			want := []string{
				"shop",
				"   0.0s  cart  deploy  Deployment/a waits: a",
				"   1.0s  cart  deploy  Deployment/a waits: a!!!!!!!!!!!!!!!!!!!",
				"   2.0s  cart  deploy  Deployment/b waits: b!!!!!!!!!!!!!!!!!!!",
			}
			if diff := cmp.Diff(want, out.lines()); diff != "" {
				t.Error(diff)
			}
			return event.Result{Status: event.Passed}
		})
	})
}

func TestPlainTellsThatASlowStepStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out screen
		p := report.NewPlain(&out, report.PlainOptions{})
		log := event.NewLog(nil, p.Event)
		log.Emit(event.Event{Kind: event.RunStarted})
		for _, d := range []time.Duration{10 * time.Millisecond, 3 * time.Second} {
			log.Step("cart", "push", func(event.Span) event.Result {
				time.Sleep(d)
				return event.Result{Status: event.Passed}
			})
		}
		_ = p.Close()
		want := []string{
			"run", "   0.0s  cart  push  passed", "   0.0s  cart  push  started", "   3.0s  cart  push  passed in 3.0s",
		}
		if diff := cmp.Diff(want, out.lines()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPlainKeepsTheFirstError(t *testing.T) {
	p := report.NewPlain(&full{n: 1}, report.PlainOptions{Heartbeat: -1})
	for _, e := range readStream(t, "success") {
		p.Event(e)
	}
	if err := p.Close(); !errors.Is(err, errFull) {
		t.Errorf("error %v", err)
	}
	if err := p.Close(); !errors.Is(err, errFull) {
		t.Errorf("closed a second time: error %v", err)
	}
}

func TestPlainWriteKeepsLinesWhole(t *testing.T) {
	var out screen
	p := report.NewPlain(&out, report.PlainOptions{Heartbeat: -1})
	p.Event(event.Event{Kind: event.RunStarted, Project: "shop"})
	if _, err := p.Write([]byte("level=warning no newline")); err != nil {
		t.Fatal(err)
	}
	p.Event(event.Event{Kind: event.Warning, Message: "careful"})
	_ = p.Close()
	want := []string{"shop", "level=warning no newline", "   0.0s      warning: careful"}
	if diff := cmp.Diff(want, out.lines()); diff != "" {
		t.Error(diff)
	}
}

// Nothing that comes from outside may begin a line in a CI log, where the
// server would take it for a command.
func TestPlainShowsCommandsOfOthersAsText(t *testing.T) {
	for _, ci := range []report.CI{report.NoSections, report.GitLab, report.GitHub} {
		text, err := plain(readStream(t, "weird"), report.PlainOptions{CI: ci})
		if err != nil {
			t.Fatal(err)
		}
		for l := range strings.SplitSeq(string(text), "\n") {
			if strings.HasPrefix(strings.TrimSpace(l), "::error::not a command") || strings.Contains(l, "##[") {
				t.Errorf("CI %d would obey %q", ci, l)
			}
		}
		if !strings.Contains(string(text), "::error::not a command") {
			t.Errorf("CI %d: the line of output is lost", ci)
		}
	}
}
