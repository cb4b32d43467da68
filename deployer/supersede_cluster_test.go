package deployer_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer"
	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
	"github.com/pintle-ci/pintle/deployer/lock"
	"github.com/pintle-ci/pintle/event"
)

// build is one build of a branch, with an engine of its own; it deploys, and tells what it says.
type build struct {
	engine *deployer.Engine
	mu     sync.Mutex
	said   []string
	waits  chan struct{} // closed when it waits for its Deployment
	once   sync.Once
}

func newBuild(b *harness, number string) *build {
	job := lock.Job{URL: "https://ci.example/job/web/" + number, Name: "web", Build: number, Branch: "develop", Commit: "0123456789abcdef0123456789abcdef01234567"}
	return &build{
		engine: deployer.New(kubetest.Connect(b.t, nil), deployer.Options{Holder: job.URL, Job: job}),
		waits:  make(chan struct{}),
	}
}

func (j *build) deploy(b *harness, req deployer.Request) (out deployer.Outcome, err error) {
	req.Supersede = true
	p, err := j.engine.Plan(b.t.Context(), req)
	if err != nil {
		return out, err
	}
	log := event.NewLog(nil, func(e event.Event) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.said = append(j.said, e.Message)
		if e.Object == "Deployment/web" && e.Status == event.Waiting {
			j.once.Do(func() { close(j.waits) })
		}
	})
	log.Step("web", "deploy", func(s event.Span) event.Result {
		out, err = j.engine.Apply(b.t.Context(), p, s)
		return event.Result{Status: out.Status}
	})
	return out, err
}

// TestNewerBuildSupersedes lets a newer build come while an older one waits for what never gets ready: the older stops,
// brings the state before back and says why; the newer deploys. An older one that comes meanwhile gives up.
func TestNewerBuildSupersedes(t *testing.T) {
	b := newHarness(t)
	b.mustDeploy(b.request(service("1.0.0", nil), map[string]any{"greeting": "one"}))
	never := kubetest.Image(t, "never:1", kubetest.Script{NeverReady: true})
	old, new := newBuild(b, "12"), newBuild(b, "13")
	var all sync.WaitGroup
	var oldErr, lateErr error
	all.Go(func() {
		req := b.request(service("1.1.0", nil), map[string]any{"greeting": "two", "image": never})
		req.OnCancel = deployer.Rollback
		_, oldErr = old.deploy(b, req)
	})
	<-old.waits
	late := newBuild(b, "11")
	_, lateErr = late.deploy(b, b.request(service("1.1.1", nil), map[string]any{"greeting": "late"}))
	out, err := new.deploy(b, b.request(service("1.2.0", nil), map[string]any{"greeting": "three"}))
	all.Wait()
	if err != nil || out.Status != event.Passed {
		t.Errorf("the newer: %+v: %v", out, err)
	}
	var by *lock.SupersededError
	if !errors.As(oldErr, &by) || by.By.Build != "13" || !strings.Contains(oldErr.Error(), "superseded by https://ci.example/job/web/13 (build 13 of develop, commit 01234567)") {
		t.Errorf("the older: %v", oldErr)
	}
	if !errors.As(lateErr, &by) || !deployer.Untouched(lateErr) {
		t.Errorf("the one that came too late: %v", lateErr)
	}
	if said := strings.Join(new.said, "\n"); !strings.Contains(said, "waiting for https://ci.example/job/web/12 (build 12 of develop, commit 01234567), which works on the release since") {
		t.Errorf("the newer said:\n%s", said)
	}
	if d := cmp.Diff("1 superseded, 2 failed, 3 superseded, 4 deployed", b.history()); d != "" || b.greeting() != "three" {
		t.Errorf("%s, greeting %s", d, b.greeting())
	}
}
