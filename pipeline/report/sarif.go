package report

import (
	"encoding/json"
	"io"
	"net/url"
)

// SARIF is what a tool found, to be written as SARIF 2.1.0 (OASIS), which code
// hosts show beside the lines of a change.
type SARIF struct {
	Tool    string // its name
	Version string // of the tool; may be empty
	URI     string // where the tool is documented; may be empty
	Rules   []SARIFRule
	Results []SARIFResult
}

// SARIFRule is one thing that the tool looks for.
type SARIFRule struct {
	ID    string
	Title string // one sentence
	Help  string // what happens otherwise and what to do; may be empty
	Level string // error, warning or note: unless a result says otherwise
}

// SARIFResult is one thing that was found.
type SARIFResult struct {
	RuleID  string
	Level   string // error, warning or note
	Message string
	Path    string // of the file, relative to the repository, with slashes
	Line    int    // 1-based; 0 if unknown
}

// WriteSARIF writes one run. A result whose rule is not listed has no index.
// The errors are w's.
func WriteSARIF(w io.Writer, s SARIF) error {
	index := make(map[string]int, len(s.Rules))
	rules := make([]sarifRule, 0, len(s.Rules))
	for i, r := range s.Rules {
		index[r.ID] = i
		rules = append(rules, r.sarif())
	}
	results := make([]sarifResult, 0, len(s.Results))
	for _, r := range s.Results {
		result := r.sarif()
		if i, ok := index[r.RuleID]; ok {
			result.RuleIndex = &i
		}
		results = append(results, result)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(sarifLog{
		Schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{{
			Tool:       sarifTool{Driver: sarifDriver{Name: s.Tool, Version: s.Version, URI: s.URI, Rules: rules}},
			ColumnKind: "utf16CodeUnits", Results: results,
		}},
	})
}

func (r SARIFRule) sarif() sarifRule {
	out := sarifRule{ID: r.ID, Short: sarifText{r.Title}, Configuration: sarifConfiguration{r.Level}}
	if r.Help != "" {
		out.Help = &sarifText{r.Help}
	}
	return out
}

func (r SARIFResult) sarif() sarifResult {
	place := sarifPlace{Artifact: sarifArtifact{URI: (&url.URL{Path: r.Path}).String()}}
	if r.Line > 0 {
		place.Region = &sarifRegion{StartLine: r.Line}
	}
	return sarifResult{
		RuleID: r.RuleID, Level: r.Level, Message: sarifText{line(r.Message, maxMessage)},
		Locations: []sarifLocation{{Physical: place}},
	}
}

// The shapes of the document, in the order of its keys.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		URI     string      `json:"informationUri,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID            string             `json:"id"`
		Short         sarifText          `json:"shortDescription"`
		Help          *sarifText         `json:"help,omitempty"`
		Configuration sarifConfiguration `json:"defaultConfiguration"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex *int            `json:"ruleIndex,omitempty"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		Physical sarifPlace `json:"physicalLocation"`
	}
	sarifPlace struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
)
