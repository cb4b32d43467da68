package report_test

import (
	"bytes"
	"testing"

	"github.com/pintle-ci/pintle/pipeline/report"
)

func TestWriteSARIF(t *testing.T) {
	var b bytes.Buffer
	err := report.WriteSARIF(&b, report.SARIF{
		Tool: "pintle", Version: "1.2.3",
		Rules: []report.SARIFRule{
			{ID: "a/one", Title: "First.", Help: "Do it.", Level: "error"},
			{ID: "a/two", Title: "Second.", Level: "note"},
		},
		Results: []report.SARIFResult{
			{RuleID: "a/two", Level: "warning", Message: "two\nlines", Path: "a chart/templates/é.yaml", Line: 3},
			{RuleID: "of/another", Level: "error", Message: "no index, <no> line", Path: "Chart.yaml"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "findings.sarif.json", b.Bytes())
}
