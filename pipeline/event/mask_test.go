package event_test

import (
	"encoding/base64"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/pipeline/event"
)

func TestMaskText(t *testing.T) {
	const pem = "-----BEGIN KEY-----\nMIIEvQIBADANBg\n}\n-----END KEY-----\n"
	tests := []struct {
		name    string
		secrets []string
		in      string
		want    string
	}{
		{"none known", nil, "hunter2", "hunter2"},
		{"plain", []string{"hunter2"}, "password hunter2, again hunter2.", "password ***, again ***."},
		{"too short to hide", []string{"yes", ""}, "yes and yes", "yes and yes"},
		{"longest wins", []string{"pass", "password-long"}, "password-long pass", "*** ***"},
		{"trailing newline of a file", []string{"hunter2\n"}, "x=hunter2;", "x=***;"},
		{"base64", []string{"hunter2"}, base64.StdEncoding.EncodeToString([]byte("hunter2")), "***"},
		{"base64 with newline", []string{"hunter2"}, base64.StdEncoding.EncodeToString([]byte("hunter2\n")), "***"},
		{"in a URL", []string{"p@ss word"}, "https://u:p%40ss+word@h https://u:p@ss%20word@h", "https://u:***@h https://u:***@h"},
		{"in JSON", []string{`a"b\c`}, `{"k":"a\"b\\c"}`, `{"k":"***"}`},
		{"one line of many", []string{pem}, "log: MIIEvQIBADANBg }", "log: *** }"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var m event.Mask
			m.Add(tt.secrets...)
			if got := m.Text(tt.in); got != tt.want {
				t.Errorf("Text(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestMaskSinkMasksBeforeTheNextSink(t *testing.T) {
	var m event.Mask
	var got []event.Event
	log := event.NewLog(nil, m.Sink(func(e event.Event) { got = append(got, e) }))
	log.Emit(event.Event{Kind: event.Output, Message: "token s3cr3t-token"})
	m.Add("s3cr3t-token") // learnt while the run goes on
	log.Emit(event.Event{Kind: event.Object, Object: "Job/s3cr3t-token", Message: "a s3cr3t-token", Details: "b\ns3cr3t-token"})

	want := [][3]string{{"", "token s3cr3t-token", ""}, {"Job/***", "a ***", "b\n***"}}
	var have [][3]string
	for _, e := range got {
		have = append(have, [3]string{e.Object, e.Message, e.Details})
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
}
