package kube

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/pintle-ci/pintle/internal/sleep"
)

// Change is what a watch tells of an object.
type Change string

// The changes. Synced comes after the first list has been told, and again after each reconnection that had to list
// anew; its Object is nil.
const (
	Seen   Change = "seen" // exists: added or modified
	Gone   Change = "gone" // deleted
	Synced Change = "synced"
)

// Notice is one message of a watch.
type Notice struct {
	Change Change
	Object *unstructured.Unstructured
}

// A watch is renewed this often, so that one that a proxy silently dropped costs no more than watchGrace above it.
const (
	watchPeriod = 40 * time.Second
	watchGrace  = 10 * time.Second
	maxLine     = 16 << 20
)

// Watch tells every selected object of a kind and then each change, until ctx ends; with s.Since only the changes after
// it. It survives dropped connections, expired resource versions and an API server that is away, of which it tells
// ctx's outages; only an answer that cannot get better (forbidden, unauthorized, no such kind) ends it early. tell is
// called on the caller's goroutine and never concurrently. The error is never nil.
func (c *Client) Watch(ctx context.Context, apiVersion, kind string, s Selection, tell func(Notice)) error {
	w := &watch{client: c, selection: s, apiVersion: apiVersion, kind: kind, version: s.Since, tell: tell,
		known: map[string]*unstructured.Unstructured{}}
	for failures := 0; ; failures++ {
		began := time.Now()
		err := w.session(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		switch ReasonOf(err) {
		case Forbidden, Unauthorized, NotFound, NoKind, Invalid:
			return err
		case Expired:
			w.version = ""
		case Unreachable, Unavailable:
			w.unanswered(ctx, err)
		}
		if time.Since(began) > time.Second {
			failures = 0
		}
		if !sleep.For(ctx, backoff(failures)) {
			return context.Cause(ctx)
		}
	}
}

type watch struct {
	client           *Client
	apiVersion, kind string
	selection        Selection
	version          string // resource version told so far; empty means list first
	known            map[string]*unstructured.Unstructured
	tell             func(Notice)
	asked            time.Time // when the request was sent that has no answer yet; zero: it has one
	failing          time.Time // since when nothing is answered; zero: all is well
}

// unanswered tells that the API server does not answer, for what may be a while.
func (w *watch) unanswered(ctx context.Context, err error) {
	w.failing = cmp.Or(w.failing, w.asked, time.Now())
	outages(ctx)(Outage{Since: w.failing, Cause: causeOf(err)})
}

// answered tells that it does, if it did not.
func (w *watch) answered(ctx context.Context) {
	if !w.failing.IsZero() {
		outages(ctx)(Outage{Since: w.failing, Over: true})
	}
	w.asked, w.failing = time.Time{}, time.Time{}
}

// session lists if it must and then watches, one connection.
func (w *watch) session(ctx context.Context) error {
	if w.version == "" {
		if err := w.list(ctx); err != nil {
			return err
		}
	}
	return w.stream(ctx)
}

func (w *watch) list(ctx context.Context) error {
	w.asked = time.Now()
	items, version, err := w.client.List(ctx, w.apiVersion, w.kind, w.selection)
	if err != nil {
		return err
	}
	w.answered(ctx)
	before := w.known
	w.known = make(map[string]*unstructured.Unstructured, len(items))
	for _, item := range items {
		w.known[string(item.GetUID())] = item
		w.tell(Notice{Change: Seen, Object: item})
	}
	for uid, item := range before {
		if w.known[uid] == nil {
			w.tell(Notice{Change: Gone, Object: item})
		}
	}
	w.version = version
	w.tell(Notice{Change: Synced})
	return nil
}

// stream reads one watch connection to its end. It returns nil when the connection ended as it may at any time: the
// next one goes on from there.
func (w *watch) stream(ctx context.Context) error {
	res, err := w.client.Resource(ctx, w.apiVersion, w.kind)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, watchPeriod+watchGrace)
	defer cancel()
	q := w.selection.query()
	q.Set("watch", "true")
	q.Set("allowWatchBookmarks", "true")
	q.Set("resourceVersion", w.version)
	q.Set("timeoutSeconds", fmt.Sprint(int(watchPeriod.Seconds())))
	doing := "watch " + res.Plural
	w.asked = time.Now()
	resp, err := w.client.send(ctx,
		request{method: http.MethodGet, path: res.root(w.selection.Namespace), query: q.Encode()})
	if err != nil {
		return w.client.transportError(ctx, doing, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return w.client.statusError(doing, resp.StatusCode, refusal(resp, cancel))
	}
	w.answered(ctx)
	return w.read(resp.Body, doing)
}

func (w *watch) read(body io.Reader, doing string) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for lines.Scan() {
		f, whole := parseFrame(lines.Bytes())
		if !whole {
			return nil // cut in the middle: reconnect from the last whole one
		}
		if f.Type == "ERROR" {
			var status metav1.Status
			_ = json.Unmarshal(f.Object, &status) // what does not parse has code 0
			return w.client.statusError(doing, int(status.Code), f.Object)
		}
		w.take(f.Type, &unstructured.Unstructured{Object: f.parsed})
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("%s: an object is larger than %d bytes", doing, maxLine)
	}
	return nil
}

// frame is one line of a watch.
type frame struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
	parsed map[string]any
}

func parseFrame(line []byte) (f frame, whole bool) {
	if json.Unmarshal(line, &f) != nil {
		return f, false
	}
	return f, utiljson.Unmarshal(f.Object, &f.parsed) == nil
}

func (w *watch) take(kind string, o *unstructured.Unstructured) {
	w.version = o.GetResourceVersion()
	switch kind {
	case "ADDED", "MODIFIED":
		w.known[string(o.GetUID())] = o
		w.tell(Notice{Change: Seen, Object: o})
	case "DELETED":
		delete(w.known, string(o.GetUID()))
		w.tell(Notice{Change: Gone, Object: o})
	}
}
