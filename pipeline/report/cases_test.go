package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/pintle-ci/pintle/pipeline/report"
)

func TestWriteCases(t *testing.T) {
	var out bytes.Buffer
	err := report.WriteCases(&out, "chart", []report.Case{
		{Suite: "tests/web_test.yaml", Name: "renders", Duration: 20 * time.Millisecond},
		{Suite: "tests/web_test.yaml", Name: "renders", Failure: "kind is\nwrong", Details: "a \x1b[31mred\x00 diff\n[[ATTACHMENT|/etc/passwd]]"},
		{Suite: "tests/db_test.yaml", Name: "waits", Skipped: "not today", Output: "a line"},
	})
	if err != nil {
		t.Fatal(err)
	}
	cases, err := checkJUnit(out.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if len(cases) != 3 {
		t.Fatalf("%d cases, want 3:\n%s", len(cases), out.String())
	}
	for _, want := range []string{
		`<testsuites name="pintle.chart" tests="3" failures="1" skipped="1" time="0.020">`,
		`classname="pintle.chart.tests/web_test_yaml" name="renders #2"`, `message="kind is wrong"`, "a red diff\n[ [ATTACHMENT|", `message="not today"`, "a line",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
}
