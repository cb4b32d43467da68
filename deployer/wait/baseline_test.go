package wait

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSlow(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before []float64
		took   time.Duration
		want   string
	}{
		{"as ever", []float64{5, 6, 5}, 7 * time.Second, ""},
		{"slow", []float64{5, 6, 5}, 20 * time.Second, "Deployment/web took 20s to become ready, its last 3 deploys took 5s in the median"},
		{"slow, even", []float64{4, 4, 8, 8}, 20 * time.Second, "took 6s in the median"},
		{"just three times", []float64{5, 5, 5}, 15 * time.Second, ""},
		{"nobody minds", []float64{0.1, 0.1, 0.1}, 9 * time.Second, ""},
		{"too few", []float64{1, 1}, time.Minute, ""},
		{"one outlier", []float64{5, 5, 100, 5, 5}, 20 * time.Second, "took 5s in the median"},
		{"unknown", nil, time.Minute, ""},
	} {
		got := Baseline{"Deployment/web": tt.before}.Slow("Deployment/web", tt.took)
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestNextTimes(t *testing.T) {
	before := Baseline{"Deployment/web": {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, "Job/gone": {1}, "Deployment/same": {2}}
	got := before.Next(map[string]time.Duration{"Deployment/web": 11500 * time.Millisecond, "Job/new": time.Second},
		map[string]bool{"Deployment/web": true, "Job/new": true, "Deployment/same": true})
	want := Baseline{"Deployment/web": {2, 3, 4, 5, 6, 7, 8, 9, 10, 11.5}, "Job/new": {1}, "Deployment/same": {2}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if before["Deployment/web"][0] != 1 {
		t.Error("the old times were changed")
	}
}

func TestParseTimes(t *testing.T) {
	for text, want := range map[string]Baseline{
		`{"Job/a":[1,2]}`:                        {"Job/a": {1, 2}},
		`{"Job/a":[1,2,3,4,5,6,7,8,9,10,11,12]}`: {"Job/a": {3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
		``:                                       {},
		`{"Job/a":"soon"}`:                       {},
	} {
		if diff := cmp.Diff(want, ParseTimes(text)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}
