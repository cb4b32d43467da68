package deployer

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/pintle-ci/pintle/deployer/release"
)

// ListRequest says which releases to list, and how. The zero request lists all of the connection's namespace by name.
type ListRequest struct {
	Namespace     string // empty means the connection's
	AllNamespaces bool
	Filter        *regexp.Regexp   // of the name; nil takes all
	Statuses      []release.Status // of the newest revision; none takes all
	Selector      string           // of the record's labels: team=shop,tier!=cache
	ByDate        bool             // the oldest deployment first, instead of by name
	Reverse       bool
	Offset        int // how many to leave out
	Max           int // how many to list at most; 0 or less means all
}

// List reads the newest revision of releases, as `helm list` chooses and orders them. Superseded revisions are never
// the newest: asked for these alone, it lists every superseded revision. unreadable are records that do not decode.
func (e *Engine) List(
	ctx context.Context, req ListRequest,
) (records []*release.Record, unreadable []release.Head, err error) {
	selector, err := labels.Parse(req.Selector)
	if err != nil {
		return nil, nil, fmt.Errorf("list releases: selector %q: %w", req.Selector, err)
	}
	h, err := e.storage(cmp.Or(req.Namespace, e.cluster.Namespace())).List(ctx, req.AllNamespaces)
	if err != nil {
		return nil, nil, err
	}
	records = h.Records
	if !slices.Equal(req.Statuses, []release.Status{release.Superseded}) {
		records = newestRevisions(records)
	}
	records = slices.DeleteFunc(records, func(r *release.Record) bool {
		return req.Filter != nil && !req.Filter.MatchString(r.Name) ||
			len(req.Statuses) > 0 && !slices.Contains(req.Statuses, r.Status()) ||
			!selector.Matches(labels.Set(r.AllLabels))
	})
	req.sort(records)
	records = records[min(max(req.Offset, 0), len(records)):]
	if req.Max > 0 {
		records = records[:min(req.Max, len(records))]
	}
	return records, h.Unreadable, nil
}

// newestRevisions keeps the last revision of each release of a sorted list.
func newestRevisions(records []*release.Record) []*release.Record {
	var out []*release.Record
	for _, r := range records {
		if n := len(out); n > 0 && out[n-1].Name == r.Name && out[n-1].Namespace == r.Namespace {
			out[n-1] = r
			continue
		}
		out = append(out, r)
	}
	return out
}

func (req ListRequest) sort(records []*release.Record) {
	slices.SortStableFunc(records, func(a, b *release.Record) int {
		order := strings.Compare(a.Name, b.Name)
		if req.ByDate {
			order = a.Info.LastDeployed.Compare(b.Info.LastDeployed.Time)
		}
		if req.Reverse {
			order = -order
		}
		return order
	})
}
