package image

import (
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
)

func TestParseScript(t *testing.T) {
	second := time.Second
	for _, tt := range []struct {
		name   string
		labels map[string]string
		want   Script
		err    string
	}{
		{"nothing", nil, Script{}, ""},
		{"ready", map[string]string{labelReadyAfter: "1s"}, Script{ReadyAfter: &second}, ""},
		{"never", map[string]string{labelNeverReady: "true"}, Script{NeverReady: true}, ""},
		{"crash defaults to 1", map[string]string{labelCrashAfter: "1s"}, Script{ExitAfter: &second, ExitCode: 1}, ""},
		{"crash with a code", map[string]string{labelCrashAfter: "1s", labelExitCode: "137"}, Script{ExitAfter: &second, ExitCode: 137}, ""},
		{"exit defaults to 0", map[string]string{labelExitAfter: "1s"}, Script{ExitAfter: &second}, ""},
		{"log", map[string]string{labelLog: "a\nb\n", labelLogPrefix + "10": "d", labelLogPrefix + "9": "c"}, Script{Log: []string{"a", "b", "c", "d"}}, ""},
		{"stop", map[string]string{labelStopAfter: "7s"}, Script{StopAfter: 7 * second}, ""},
		{"no stop", map[string]string{labelStopAfter: "7"}, Script{}, `label pintle.sandbox/stop-after="7" is no duration`},
		{"other labels", map[string]string{"maintainer": "me"}, Script{}, ""},
		{"no duration", map[string]string{labelReadyAfter: "soon"}, Script{}, `label pintle.sandbox/ready-after="soon" is no duration`},
		{"negative", map[string]string{labelExitAfter: "-1s"}, Script{}, "is no duration"},
		{"no code", map[string]string{labelExitCode: "256"}, Script{}, "give a number from 0 to 255"},
		{"no number", map[string]string{labelLogPrefix + "x": ""}, Script{}, `"x" is no number`},
		{"no bool", map[string]string{labelNeverReady: "no!"}, Script{}, "neither true nor false"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseScript(tt.labels)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error = %v, want one with %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPushAndInspect(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	second := time.Second
	want := Script{ReadyAfter: &second, ExitAfter: &second, ExitCode: 3, StopAfter: second, Log: []string{"starting", "fatal: no database"}}
	ref, err := Push(t.Context(), host, "shop/cart:2.0", want)
	if err != nil {
		t.Fatal(err)
	}
	if ref != host+"/shop/cart:2.0" {
		t.Errorf("reference = %s", ref)
	}
	if again, err := Push(t.Context(), host, ref, want); err != nil || again != ref {
		t.Errorf("push of a whole reference: %s, %v", again, err)
	}
	info, err := Inspect(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, info.Script); diff != "" {
		t.Errorf("script (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(info.ID, host+"/shop/cart@sha256:") || info.Size == 0 {
		t.Errorf("info = %+v", info)
	}
	if _, err := Inspect(t.Context(), host+"/shop/cart:3.0"); !errors.Is(err, ErrNotFound) {
		t.Errorf("absent image: %v, want ErrNotFound", err)
	}
}
