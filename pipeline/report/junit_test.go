package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pintle-ci/pintle/event"
	"github.com/pintle-ci/pintle/pipeline/report"
)

// testcase is what CI servers read of a case.
type testcase struct {
	Classname string `xml:"classname,attr"`
	Name      string `xml:"name,attr"`
	Time      string `xml:"time,attr"`
	Failure   *struct {
		Message string `xml:"message,attr"`
		Body    string `xml:",chardata"`
	} `xml:"failure"`
	Skipped *struct {
		Message string `xml:"message,attr"`
		Body    string `xml:",chardata"`
	} `xml:"skipped"`
	Out string `xml:"system-out"`
}

type testsuites struct {
	Suites []struct {
		Name      string     `xml:"name,attr"`
		Tests     int        `xml:"tests,attr"`
		Failures  int        `xml:"failures,attr"`
		Skipped   int        `xml:"skipped,attr"`
		Timestamp string     `xml:"timestamp,attr"`
		Cases     []testcase `xml:"testcase"`
	} `xml:"testsuite"`
}

// checkJUnit reads a report back and checks the rules of
// facts/git-ci-canary.md 3.3 and 4. It returns the cases by class and name.
func checkJUnit(text []byte) (map[string]testcase, error) {
	if err := legalXML(text); err != nil {
		return nil, err
	}
	var doc testsuites
	if err := xml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	cases := make(map[string]testcase)
	for _, s := range doc.Suites {
		if len(s.Cases) == 0 {
			return nil, fmt.Errorf("suite %q has no case, Jenkins drops it", s.Name)
		}
		if _, err := time.Parse(time.RFC3339, s.Timestamp); s.Timestamp != "" && err != nil {
			return nil, err
		}
		failures, skipped := 0, 0
		for _, c := range s.Cases {
			if err := checkCase(c); err != nil {
				return nil, err
			}
			key := c.Classname + "|" + c.Name
			if _, twice := cases[key]; twice {
				return nil, fmt.Errorf("two cases are called %q, GitLab shows one", key)
			}
			cases[key] = c
			if c.Failure != nil {
				failures++
			}
			if c.Skipped != nil {
				skipped++
			}
		}
		if s.Tests != len(s.Cases) || s.Failures != failures || s.Skipped != skipped {
			return nil, fmt.Errorf("suite %q counts %d tests, %d failures, %d skipped", s.Name, s.Tests, s.Failures, s.Skipped)
		}
	}
	return cases, nil
}

func checkCase(c testcase) error {
	if c.Name == "" || !strings.HasPrefix(c.Classname, "pintle.") {
		return fmt.Errorf("case %q of class %q", c.Name, c.Classname)
	}
	if !regexp.MustCompile(`^\d+\.\d{3}$`).MatchString(c.Time) {
		return fmt.Errorf("%s: time %q", c.Name, c.Time)
	}
	if c.Failure != nil && (c.Failure.Message == "" || !strings.HasPrefix(c.Failure.Body, c.Failure.Message)) {
		return fmt.Errorf("%s: the failure's body does not begin with its message %q", c.Name, c.Failure.Message)
	}
	if c.Skipped != nil && (c.Skipped.Message == "" || c.Skipped.Body == "") {
		return fmt.Errorf("%s: skipped without a reason", c.Name)
	}
	if c.Failure != nil && c.Skipped != nil {
		return fmt.Errorf("%s: failed and skipped", c.Name)
	}
	return nil
}

// legalXML checks every character and forbids type attributes.
func legalXML(text []byte) error {
	if !utf8.Valid(text) {
		return fmt.Errorf("no valid UTF-8")
	}
	for i, r := range string(text) {
		legal := r == '\t' || r == '\n' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
		if !legal {
			return fmt.Errorf("character %s at byte %d is not XML 1.0", strconv.QuoteRune(r), i)
		}
	}
	dec := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		for _, a := range start.Attr {
			if ok && a.Name.Local == "type" {
				return fmt.Errorf("<%s> has a type attribute, which Rails may refuse", start.Name.Local)
			}
		}
	}
}

func TestJUnitRules(t *testing.T) {
	for _, stream := range streams {
		t.Run(stream, func(t *testing.T) {
			run := report.Fold(readStream(t, stream))
			text, err := report.JUnit(run)
			if err != nil {
				t.Fatal(err)
			}
			cases, err := checkJUnit(text)
			if err != nil {
				t.Fatal(err)
			}
			failed := 0
			for _, c := range cases {
				if c.Failure != nil {
					failed++
				}
			}
			if (failed > 0) != run.Status.Bad() {
				t.Errorf("the run is %s and has %d failing cases", run.Status, failed)
			}
		})
	}
}

func TestJUnitOfAFailedDeploy(t *testing.T) {
	text, err := report.JUnit(report.Fold(readStream(t, "failed")))
	if err != nil {
		t.Fatal(err)
	}
	cases, err := checkJUnit(text)
	if err != nil {
		t.Fatal(err)
	}
	c := cases["pintle.prod.cart|deploy: Deployment/cart"]
	if c.Failure == nil || !strings.Contains(c.Failure.Body, `unknown option "sessionTTL"`) {
		t.Errorf("the case of the object does not tell the evidence: %+v", c.Failure)
	}
	if c := cases["pintle.prod.web|deploy"]; c.Skipped == nil || c.Skipped.Body != "needs cart: deploy of cart failed" {
		t.Errorf("the dependant is not skipped with its reason: %+v", c)
	}
	if c := cases["pintle.prod.catalog|deploy"]; c.Failure != nil || c.Skipped != nil {
		t.Errorf("the unchanged service did not pass: %+v", c)
	}
}

// A case must have the same identity from run to run: two runs of the same
// services with other versions and pods have the same cases.
func TestJUnitIdentityIsStable(t *testing.T) {
	identities := func(version, pod string) string {
		text, err := report.JUnit(report.Fold(script(
			event.Event{Kind: event.RunStarted, Environment: "dev"}, begin("web", "test"),
			event.Event{Kind: event.Object, Service: "web", Step: "test", Object: "Pod/" + pod, Status: event.Passed},
			event.Event{Kind: event.Object, Service: "web", Step: "test", Object: "Pod/redis-0", Status: event.Passed},
			event.Event{Kind: event.StepFinished, Service: "web", Step: "test", Status: event.Passed, Version: version},
			event.Event{Kind: event.RunFinished, Status: event.Passed})))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, m := range regexp.MustCompile(`<testcase classname="([^"]*)" name="([^"]*)"`).FindAllSubmatch(text, -1) {
			names = append(names, string(m[1])+"|"+string(m[2]))
		}
		return strings.Join(names, "\n")
	}
	const want = "pintle.dev.web|test\npintle.dev.web|test: Pod/web-*\npintle.dev.web|test: Pod/redis-0"
	for _, got := range []string{identities("1.0.0", "web-7c5b8d9f6d-x2x7k"), identities("2.0.0-rc.1", "web-5d8f9c7b64-q9zzw")} {
		if got != want {
			t.Errorf("cases:\n%s\nwant:\n%s", got, want)
		}
	}
}

func TestJUnitDisarmsAttachments(t *testing.T) {
	text, err := report.JUnit(report.Fold(readStream(t, "weird")))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("[[ATTACHMENT|")) {
		t.Error("a line of output makes the CI server attach a file")
	}
	if !bytes.Contains(text, []byte("ATTACHMENT|/etc/passwd")) {
		t.Error("the line of output is lost")
	}
}
