package lock

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSupersedes: only a newer build, of the same branch, by the same job of the same CI; what is not known makes it
// none.
func TestSupersedes(t *testing.T) {
	jenkins := Job{URL: "https://ci/job/shop/job/develop/12/", Name: "shop/develop", Build: "12", Branch: "develop", Commit: "c0ffee"}
	gitlab := Job{URL: "https://git/shop/web/-/jobs/900", Name: "deploy", Build: "12", Branch: "develop"}
	with := func(j Job, change func(*Job)) Job { change(&j); return j }
	for name, tt := range map[string]struct {
		newer, older Job
		want         bool
	}{
		"the next build":      {with(jenkins, func(j *Job) { j.URL, j.Build = "https://ci/job/shop/job/develop/13/", "13" }), jenkins, true},
		"more digits":         {with(jenkins, func(j *Job) { j.URL, j.Build = "https://ci/job/shop/job/develop/100/", "100" }), jenkins, true},
		"a later pipeline":    {with(gitlab, func(j *Job) { j.URL, j.Build = "https://git/shop/web/-/jobs/950", "13" }), gitlab, true},
		"an older build":      {with(jenkins, func(j *Job) { j.URL, j.Build = "https://ci/job/shop/job/develop/9/", "9" }), jenkins, false},
		"itself":              {jenkins, jenkins, false},
		"a retry":             {with(gitlab, func(j *Job) { j.URL = "https://git/shop/web/-/jobs/950" }), gitlab, false},
		"another branch":      {with(jenkins, func(j *Job) { j.Build, j.Branch = "13", "main" }), jenkins, false},
		"tags":                {with(jenkins, func(j *Job) { j.Build, j.Branch = "13", "" }), with(jenkins, func(j *Job) { j.Branch = "" }), false},
		"another job":         {with(jenkins, func(j *Job) { j.Build, j.Name = "13", "nightly" }), jenkins, false},
		"another project":     {with(gitlab, func(j *Job) { j.Build, j.URL = "13", "https://git/shop/cart/-/jobs/950" }), gitlab, false},
		"another CI":          {with(jenkins, func(j *Job) { j.Build, j.URL = "13", "https://other/job/shop/job/develop/13/" }), jenkins, false},
		"no number":           {with(jenkins, func(j *Job) { j.Build = "latest" }), jenkins, false},
		"a negative number":   {jenkins, with(jenkins, func(j *Job) { j.Build = "-1" }), false},
		"a person":            {Job{}, jenkins, false},
		"over a person":       {jenkins, Job{}, false},
		"a URL with no build": {with(jenkins, func(j *Job) { j.Build, j.URL = "13", "https://ci/" }), with(jenkins, func(j *Job) { j.URL = "https://ci/" }), false},
	} {
		if got := tt.newer.supersedes(tt.older); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestJobNotes: what is written is what is read, and what others write is bounded.
func TestJobNotes(t *testing.T) {
	j := Job{URL: "https://ci/12", Name: "shop/develop", Build: "12", Branch: "develop", Commit: "0123456789abcdef"}
	if d := cmp.Diff(j, jobIn(j.notes(jobNote), jobNote)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff("https://ci/12 (build 12 of develop, commit 01234567)", j.String()); d != "" {
		t.Error(d)
	}
	hostile := jobIn(map[string]string{jobNote + "url": strings.Repeat("x", 5000), jobNote + "branch": "a\nb\x1b"}, jobNote)
	if hostile.URL != "" || strings.Contains(hostile.Branch, "\n") {
		t.Errorf("%q", hostile)
	}
}

// TestWhoStops: the holder stops for a newer build when both may, and the one that waits gives up for a newer holder.
func TestWhoStops(t *testing.T) {
	job := func(n string) Job {
		return Job{URL: "https://ci/job/web/" + n, Name: "web", Build: n, Branch: "develop"}
	}
	held := func(by, asked Job, marks map[string]string) *leaseObject {
		notes := by.notes(jobNote)
		maps.Copy(notes, asked.notes(newerNote))
		maps.Copy(notes, marks)
		return &leaseObject{Metadata: leaseMetadata{Annotations: notes}, Spec: leaseSpec{HolderIdentity: by.URL}}
	}
	may := map[string]string{givesWay: "true"}
	for name, tt := range map[string]struct {
		lease *leaseObject
		stops bool
	}{
		"asked by a newer one":  {held(job("12"), job("13"), may), true},
		"asked by an older one": {held(job("12"), job("11"), may), false},
		"asked by nobody":       {held(job("12"), Job{}, may), false},
		"not allowed":           {held(job("12"), job("13"), nil), false},
	} {
		e := &Locker{Holder: job("12").URL, Job: job("12")}
		if got := e.askedToStop(tt.lease) != nil; got != tt.stops {
			t.Errorf("%s: %t", name, got)
		}
	}
	for name, tt := range map[string]struct {
		me    string
		lease *leaseObject
		req   Request
		late  bool
	}{
		"too late":            {"12", held(job("13"), Job{}, may), Request{Supersede: true}, true},
		"not its business":    {"12", held(job("13"), Job{}, may), Request{}, false},
		"the holder says no":  {"12", held(job("13"), Job{}, nil), Request{Supersede: true}, false},
		"a person holds it":   {"12", held(Job{}, Job{}, may), Request{Supersede: true}, false},
		"somebody else's job": {"12", held(Job{URL: "https://ci/job/cart/13", Name: "cart", Build: "13", Branch: "develop"}, Job{}, may), Request{Supersede: true}, false},
	} {
		e := &Locker{Holder: job(tt.me).URL, Job: job(tt.me)}
		asked, err := e.supersedeHolder(t.Context(), tt.req, tt.lease)
		if asked || (err != nil) != tt.late {
			t.Errorf("%s: asked %t, %v", name, asked, err)
		}
	}
}
