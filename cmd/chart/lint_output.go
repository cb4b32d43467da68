package chart

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"github.com/pintle-ci/pintle/chart/lint"
	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/internal/text"
	"github.com/pintle-ci/pintle/pipeline/report"
)

// lintWriter is the function that writes findings in a format.
func lintWriter(format string) (func(cli.Env, *urfave.Context, []lintedChart) error, error) {
	switch format {
	case "text":
		return writeLintText, nil
	case "json":
		return func(e cli.Env, _ *urfave.Context, charts []lintedChart) error { return writeLintJSON(e.Stdout, charts) }, nil
	case "sarif":
		return func(e cli.Env, _ *urfave.Context, charts []lintedChart) error {
			return writeLintSARIF(e.Stdout, charts)
		}, nil
	case "junit":
		return func(e cli.Env, _ *urfave.Context, charts []lintedChart) error {
			return report.WriteCases(e.Stdout, "chart-lint", lintCases(charts))
		}, nil
	}
	return nil, cli.Usagef("-o %s: write text, json, sarif or junit", format)
}

// writeLintText writes findings grouped by file, and how many there are.
func writeLintText(e cli.Env, c *urfave.Context, charts []lintedChart) error {
	color := cli.StdoutColor(e, c)
	var b strings.Builder
	counts := map[lint.Severity]int{}
	for _, linted := range charts {
		file := ""
		for _, f := range linted.Findings {
			counts[f.Severity]++
			if name := linted.file(f); name != file {
				file = name
				fmt.Fprintln(&b, painted(color, "1", file))
			}
			place := ""
			if f.Line > 0 {
				place = fmt.Sprintf("%d: ", f.Line)
			}
			fmt.Fprintf(&b, "  %s%s: %s [%s]\n", place, painted(color, severityColors[f.Severity], string(f.Severity)), f.Message, f.ID)
			if f.Fix != "" {
				fmt.Fprintf(&b, "      %s\n", f.Fix)
			}
		}
	}
	fmt.Fprintf(&b, "%s, %s, %s in %s\n", number(counts[lint.Error], "error"), number(counts[lint.Warning], "warning"),
		number(counts[lint.Info], "hint"), number(len(charts), "chart"))
	_, err := io.WriteString(e.StdoutText, b.String())
	return err
}

var severityColors = map[lint.Severity]string{lint.Error: "31", lint.Warning: "33", lint.Info: "36"}

func painted(on bool, color, text string) string {
	if !on {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

func number(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func writeLintJSON(w io.Writer, charts []lintedChart) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(charts)
}

func writeLintSARIF(w io.Writer, charts []lintedChart) error {
	out := report.SARIF{Tool: "pintle", Version: cli.Version()}
	for _, r := range lint.Rules() {
		out.Rules = append(out.Rules, report.SARIFRule{
			ID: r.ID, Title: text.Sentence(r.Title), Level: sarifLevel(r.Severity), Help: strings.TrimSpace(r.Why + " " + text.Sentence(r.Fix)),
		})
	}
	for _, linted := range charts {
		for _, f := range linted.Findings {
			out.Results = append(out.Results, report.SARIFResult{
				RuleID: f.ID, Level: sarifLevel(f.Severity), Message: f.Message, Path: linted.file(f), Line: f.Line,
			})
		}
	}
	return report.WriteSARIF(w, out)
}

func sarifLevel(s lint.Severity) string {
	if s == lint.Info {
		return "note"
	}
	return string(s)
}

// lintCases are the files with findings as JUnit knows them: one that has a finding grave enough has failed.
func lintCases(charts []lintedChart) []report.Case {
	var out []report.Case
	for _, linted := range charts {
		if len(linted.Findings) == 0 {
			out = append(out, report.Case{Suite: linted.Path, Name: "no findings"})
		}
		at := map[string]int{}
		for _, f := range linted.Findings {
			i, ok := at[f.Path]
			if !ok {
				i = len(out)
				at[f.Path] = i
				out = append(out, report.Case{Suite: linted.Path, Name: cmp.Or(f.Path, "chart")})
			}
			if linted.threshold.reached(f) {
				out[i].Failure = cmp.Or(out[i].Failure, f.Message+" ["+f.ID+"]")
				out[i].Details += f.String() + "\n"
			} else {
				out[i].Output += f.String() + "\n"
			}
		}
	}
	return out
}
