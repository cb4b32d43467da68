package kube

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// LogOptions bound what Logs reads.
type LogOptions struct {
	Container string
	Previous  bool // of the container's run before the present one
	Lines     int  // from the end; 0 means 50
	Bytes     int  // at most; 0 means 64 KiB
}

// Logs reads the tail of a container's log.
func (c *Client) Logs(ctx context.Context, namespace, pod string, o LogOptions) (string, error) {
	q := url.Values{
		"container": {o.Container},
		"tailLines": {strconv.Itoa(cmp.Or(o.Lines, 50))},
	}
	if o.Previous {
		q.Set("previous", "true")
	}
	limit := cmp.Or(o.Bytes, 64<<10)
	body, err := c.fetch(ctx, request{
		method: http.MethodGet, path: "/api/v1/namespaces/" + namespace + "/pods/" + url.PathEscape(pod) + "/log",
		query: q.Encode(), accept: "*/*",
		doing: fmt.Sprintf("read the log of %s/%s", pod, o.Container),
	})
	if err != nil {
		return "", err
	}
	if len(body) > limit {
		body = body[len(body)-limit:]
	}
	return string(body), nil
}

// Event is what the cluster noted about an object.
type Event struct {
	Object  Ref
	UID     string // of Object
	Type    string // Normal or Warning
	Reason  string // FailedCreate, BackOff
	Message string
	Count   int64
	Last    time.Time
}

// ParseEvent reads a core/v1 Event.
func ParseEvent(o *unstructured.Unstructured) Event {
	str := func(path ...string) string { s, _, _ := unstructured.NestedString(o.Object, path...); return s }
	e := Event{
		Object: Ref{
			APIVersion: str("involvedObject", "apiVersion"), Kind: str("involvedObject", "kind"),
			Namespace: str("involvedObject", "namespace"), Name: str("involvedObject", "name"),
		},
		UID: str("involvedObject", "uid"), Type: str("type"), Reason: str("reason"), Message: oneLine(str("message")),
	}
	e.Count, _, _ = unstructured.NestedInt64(o.Object, "count")
	if n, ok, _ := unstructured.NestedInt64(o.Object, "series", "count"); ok {
		e.Count = n
	}
	e.Count = max(e.Count, 1)
	for _, at := range []string{
		str("series", "lastObservedTime"), str("lastTimestamp"), str("eventTime"), str("firstTimestamp"),
	} {
		if t, err := time.Parse(time.RFC3339Nano, at); err == nil {
			e.Last = t
			break
		}
	}
	if e.Last.IsZero() {
		e.Last = o.GetCreationTimestamp().Time
	}
	return e
}

// Events reads what the cluster noted about the object with this uid, oldest first; without a uid, about all objects of
// the namespace.
func (c *Client) Events(ctx context.Context, namespace, uid string) ([]Event, error) {
	s := Selection{Namespace: cmp.Or(namespace, "default"), Fields: "involvedObject.uid=" + uid}
	if uid == "" {
		s.Fields = ""
	}
	items, _, err := c.List(ctx, "v1", "Event", s)
	if err != nil {
		return nil, err
	}
	out := make([]Event, 0, len(items))
	for _, item := range items {
		out = append(out, ParseEvent(item))
	}
	slices.SortStableFunc(out, func(a, b Event) int { return a.Last.Compare(b.Last) })
	return out, nil
}
