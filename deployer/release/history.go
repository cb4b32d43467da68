package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// History is all revisions of one release, oldest first.
type History struct {
	Records    []*Record
	Unreadable []Head // stored, but not decodable; Helm skips them silently, we tell
}

// Last is the newest readable revision, or nil.
func (h History) Last() *Record {
	if len(h.Records) == 0 {
		return nil
	}
	return h.Records[len(h.Records)-1]
}

// Deployed is the newest revision with status deployed, or nil. There may be several after a crash; the newest counts
// (facts/helm-format.md 4.1).
func (h History) Deployed() *Record {
	for _, r := range slices.Backward(h.Records) {
		if r.Status() == Deployed {
			return r
		}
	}
	return nil
}

// Revision is the readable record of that number, or nil.
func (h History) Revision(version int) *Record {
	for _, r := range h.Records {
		if r.Version == version {
			return r
		}
	}
	return nil
}

// Readable is ErrUnreadable when there are records, and none of them can be read: then nobody knows how the release
// stands. s is where they are stored.
func (s *Storage) Readable(h History) error {
	if len(h.Records) > 0 || len(h.Unreadable) == 0 {
		return nil
	}
	last := slices.MaxFunc(h.Unreadable, func(a, b Head) int { return a.Version - b.Version })
	return fmt.Errorf("release %s in %s: %w: %s/%s; restore it, or delete it if the release is to be installed anew",
		last.Name, s.namespace, ErrUnreadable, s.kind(), key(last.Name, last.Version))
}

// Next is the number of the next revision; unreadable ones count.
func (h History) Next() int {
	n := 0
	for _, r := range h.Records {
		n = max(n, r.Version)
	}
	for _, head := range h.Unreadable {
		n = max(n, head.Version)
	}
	return n + 1
}

// History reads every revision of a release. A release without any is an empty History and no error.
func (s *Storage) History(ctx context.Context, name string) (History, error) {
	all, err := s.query(ctx, s.namespace, "owner=helm,name="+name)
	if err != nil {
		return History{}, fmt.Errorf("read the history of %s: %w", name, err)
	}
	return all, nil
}

// List reads every record of the namespace, or of all namespaces with all.
func (s *Storage) List(ctx context.Context, all bool) (History, error) {
	namespace := s.namespace
	if all {
		namespace = ""
	}
	h, err := s.query(ctx, namespace, "owner=helm")
	if err != nil {
		return History{}, fmt.Errorf("list releases: %w", err)
	}
	return h, nil
}

// Heads are the labels of every revision, also of those that cannot be read.
func (h History) Heads() []Head {
	heads := slices.Clone(h.Unreadable)
	for _, r := range h.Records {
		heads = append(heads,
			Head{Name: r.Name, Namespace: r.Namespace, Version: r.Version, Status: r.Status(), Labels: r.AllLabels})
	}
	return heads
}

// maxNamed is how many releases a list names; for more it takes all of a namespace.
const maxNamed = 50

// Heads reads the labels of the revisions of these releases, but for superseded ones: one request, and no record is
// sent.
func (s *Storage) Heads(ctx context.Context, names []string) ([]Head, error) {
	selector := "owner=helm,status!=" + string(Superseded)
	if len(names) <= maxNamed {
		selector += ",name in (" + strings.Join(names, ",") + ")"
	}
	q := url.Values{"labelSelector": {selector}, "limit": {headsPage}}
	var heads []Head
	for {
		var list struct {
			Metadata struct {
				Continue string `json:"continue"`
			} `json:"metadata"`
			Items []stored `json:"items"`
		}
		if err := s.rest.Metadata(ctx, s.collection(s.namespace)+"?"+q.Encode(), &list); err != nil {
			return nil, fmt.Errorf("list the releases of %s: %w", s.namespace, err)
		}
		for i := range list.Items {
			heads = append(heads, head(&list.Items[i]))
		}
		if list.Metadata.Continue == "" {
			return heads, nil
		}
		q.Set("continue", list.Metadata.Continue)
	}
}

const (
	pageSize  = "100"
	headsPage = "500"
)

func (s *Storage) query(ctx context.Context, namespace, selector string) (History, error) {
	var h History
	q := url.Values{"labelSelector": {selector}, "limit": {pageSize}}
	for {
		var list struct {
			Metadata struct {
				Continue string `json:"continue"`
			} `json:"metadata"`
			Items []stored `json:"items"`
		}
		if err := s.rest.Do(ctx, http.MethodGet, s.collection(namespace)+"?"+q.Encode(), nil, &list); err != nil {
			return h, err
		}
		for i := range list.Items {
			r, err := s.unpack(&list.Items[i])
			if err != nil {
				h.Unreadable = append(h.Unreadable, head(&list.Items[i]))
				continue
			}
			h.Records = append(h.Records, r)
		}
		if list.Metadata.Continue == "" {
			break
		}
		q.Set("continue", list.Metadata.Continue)
	}
	slices.SortStableFunc(h.Records, func(a, b *Record) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	return h, nil
}

// Trim deletes the oldest revisions until at most limit-1 remain, so that one more fits; the deployed one stays
// (facts/helm-format.md 4.1, retention), and so do those whose numbers are in spared. A limit of 0 keeps everything.
// What could not be deleted is in the error.
func (s *Storage) Trim(ctx context.Context, h History, limit int, spared map[int]bool) error {
	if limit <= 0 {
		return nil
	}
	deployed := h.Deployed()
	excess := len(h.Records) - (limit - 1)
	var errs []error
	for _, r := range h.Records {
		if excess <= 0 {
			break
		}
		if r == deployed || spared[r.Version] {
			continue
		}
		if err := s.Delete(ctx, r.Name, r.Version); err != nil {
			errs = append(errs, err)
		}
		excess--
	}
	return errors.Join(errs...)
}
