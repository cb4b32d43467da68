package deployer

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/deployer/readiness"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/secret"
)

// History reads every revision of a release, oldest first. A release without records is release.ErrNotFound, one with
// none that can be read release.ErrUnreadable. An empty namespace means the connection's.
func (e *Engine) History(ctx context.Context, name, namespace string) (release.History, error) {
	namespace = cmp.Or(namespace, e.cluster.Namespace())
	h, err := e.storage(namespace).History(ctx, name)
	if err == nil {
		err = e.storage(namespace).Readable(h)
	}
	if err == nil && h.Last() == nil {
		err = fmt.Errorf("release %s in %s: %w", name, namespace, release.ErrNotFound)
	}
	return h, err
}

// nextLabels are the labels of the next record: those given now over the last revision's, but an install inherits none
// and, as Helm's, takes "null" for a value like any other (facts/helm-format.md 4.1).
func nextLabels(req Request, s lineage) map[string]string {
	if s.last == nil || s.last.Status() == release.Uninstalled || req.Operation == plan.Install {
		return maps.Clone(req.Labels)
	}
	return mergeLabels(s.last.Labels, req.Labels)
}

// ObjectStatus is how one object of a release stands now.
type ObjectStatus struct {
	Object  kube.Ref
	Exists  bool
	Ready   bool
	Message string // "1 of 3 ready"
}

// StatusRequest asks how a release stands. Its objects are judged as a Request with the same criteria would.
type StatusRequest struct {
	Release     string
	Namespace   string // empty means the connection's
	WaitForJobs bool   // a Job is ready when it is complete, not when it has started
	Readiness   map[string]readiness.Criteria
	Secrets     *secret.Set // as in Request
}

// Status reads a release's newest revision and how its objects stand, in the order of their application.
func (e *Engine) Status(ctx context.Context, req StatusRequest) (*release.Record, []ObjectStatus, error) {
	full := Request{
		Namespace: cmp.Or(req.Namespace, e.cluster.Namespace()), WaitForJobs: req.WaitForJobs, Readiness: req.Readiness,
	}
	h, err := e.History(ctx, req.Release, full.Namespace)
	if err != nil {
		return nil, nil, err
	}
	record := h.Last()
	revision := release.NewRevision(record)
	objects, err := revision.Objects()
	if err != nil {
		return record, nil, fmt.Errorf("status of release %s: %w", req.Release, err)
	}
	objects = slices.SortedStableFunc(slices.Values(objects), release.ByInstallOrder) // another list: the revision's stays
	out := make([]ObjectStatus, len(objects))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for i, o := range objects {
		g.Go(func() (err error) { out[i], err = e.objectStatus(ctx, o, full); return err })
	}
	err = g.Wait()
	secrets := orEmpty(req.Secrets)
	learnRevisions(secrets, revision) // a controller may quote what it has read
	for i := range out {
		out[i].Message = secrets.Text(out[i].Message)
	}
	return record, out, err
}

func (e *Engine) objectStatus(ctx context.Context, o *unstructured.Unstructured, req Request) (ObjectStatus, error) {
	o = o.DeepCopy()
	if _, err := e.place(ctx, o, req.Namespace, nil); kube.Is(err, kube.NoKind) {
		return ObjectStatus{Object: kube.RefOf(o), Message: "its kind is not served any more"}, nil
	} else if err != nil {
		return ObjectStatus{}, err
	}
	s := ObjectStatus{Object: kube.RefOf(o)}
	live, err := e.cluster.Get(ctx, s.Object)
	if kube.Is(err, kube.NotFound) {
		s.Message = "does not exist"
		return s, nil
	}
	if err != nil {
		return s, err
	}
	v := req.Readiness.For(live).Evaluate(live, req.WaitForJobs)
	s.Exists, s.Ready, s.Message = true, v.State == readiness.Ready, v.Message
	return s, nil
}
