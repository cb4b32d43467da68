package render_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/chart/render"
)

// filling is a template that keeps about as many MiB as it is told, with a lookup when it has a quarter of them.
func filling(mib string) string {
	return strings.ReplaceAll(`{{- $d := dict -}}
{{- range $i := until (div N 4 | int) }}{{ $_ := set $d (toString $i) (repeat 1048576 "x") }}{{ end -}}
{{- $_ := lookup "v1" "Namespace" "" "" -}}
{{- range $i := untilStep (div N 4 | int) N 1 }}{{ $_ := set $d (toString $i) (repeat 1048576 "x") }}{{ end -}}
kind: A{{ len $d }}
`, "N", mib)
}

// meeting is a lookup at which the first n who call it wait for each other.
func meeting(n int) func(context.Context, string, string, string, string) (map[string]any, error) {
	var mu sync.Mutex
	all := make(chan struct{})
	return func(ctx context.Context, _, _, _, _ string) (map[string]any, error) {
		mu.Lock()
		if n--; n == 0 {
			close(all)
		}
		mu.Unlock()
		select {
		case <-all:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// TestHeapOfSeveral renders four charts at a time, of which each fits into the heap and all together do not: none is to
// blame for the others.
func TestHeapOfSeveral(t *testing.T) {
	runtime.GC()
	c := load(t, map[string]string{"templates/a.yaml": filling("60")})
	o := options
	o.Limits, o.Lookup = render.NewLimits(0, 100<<20), meeting(4)
	var renders sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		renders.Go(func() { _, errs[i] = render.Render(t.Context(), c, nil, o) })
	}
	renders.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

// TestHeapOfOne refuses what takes too much by itself, also beside others.
func TestHeapOfOne(t *testing.T) {
	runtime.GC() // what tests before left counts as in use until it is collected
	large, small := load(t, map[string]string{"templates/a.yaml": filling("200")}), load(t, map[string]string{"templates/a.yaml": filling("20")})
	o := options
	o.Limits, o.Lookup = render.NewLimits(0, 100<<20), meeting(2)
	var beside sync.WaitGroup
	beside.Go(func() {
		if _, err := render.Render(t.Context(), small, nil, o); err != nil {
			t.Error(err)
		}
	})
	_, err := render.Render(t.Context(), large, nil, o)
	beside.Wait()
	if !errors.Is(err, render.ErrLimit) || !strings.Contains(err.Error(), "more than 100 MiB of memory; --limits heap=200MiB allows more") {
		t.Errorf("got %v", err)
	}
}

// TestTimeIsWork ends what works too long; TestTimeIsNotTheClocks says what goes on.
func TestTimeIsWork(t *testing.T) {
	o := options
	o.Limits = render.NewLimits(100*time.Millisecond, 0)
	busy := load(t, map[string]string{"templates/a.yaml": `{{ $s := repeat 100000 "ab" }}{{ range 1000000 }}{{ $_ := sha256sum $s }}{{ end }}`})
	_, err := render.Render(t.Context(), busy, nil, o)
	if !errors.Is(err, render.ErrLimit) || !strings.Contains(err.Error(), "more than 100ms of work; --limits time=200ms allows more") {
		t.Errorf("got %v", err)
	}
}
