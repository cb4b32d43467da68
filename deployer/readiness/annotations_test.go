package readiness

import (
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/internal/object/objecttest"
)

func TestReadAnnotations(t *testing.T) {
	for _, tt := range []struct{ key, value, err string }{
		{WaitAnnotation, "ignore", ""},
		{WaitAnnotation, "never", `"never" is unknown; write ignore`},
		{TimeoutAnnotation, "20m", ""},
		{TimeoutAnnotation, "20", "write it as 90s or 20m"},
		{TimeoutAnnotation, "-1s", "no time"},
		{TimeoutAnnotation, "200h", "up to 24h"},
		{TolerateAnnotation, "CrashLoopBackOff, ErrImagePull", ""},
		{TolerateAnnotation, "*", ""},
		{TolerateAnnotation, "Crashing", `"Crashing" is no reason`},
	} {
		o := objecttest.Of(t, "apps/v1", "Deployment", "{}")
		o.SetAnnotations(map[string]string{tt.key: tt.value})
		_, err := ReadAnnotations(o)
		if (err == nil) != (tt.err == "") || err != nil && (!strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), tt.key)) {
			t.Errorf("%s: %q: %v, want %q", tt.key, tt.value, err, tt.err)
		}
	}
}
