package project

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/pintle-ci/pintle/cmd/cli"
	"github.com/pintle-ci/pintle/pipeline"
)

// versionFormat prints versions to stdout; one tells that there is one string to print, without names.
type versionFormat func(e cli.Env, versions []pipeline.ServiceVersion, one bool) error

func versionFormats() map[string]versionFormat {
	return map[string]versionFormat{
		"plain": plainVersions, "json": jsonVersions, "env": envVersions, "dotenv": dotenvVersions, "github": githubVersions,
	}
}

func plainVersions(e cli.Env, versions []pipeline.ServiceVersion, one bool) error {
	return lines(e.Stdout, versions, one, "%[2]s", "%s %s")
}

// versionRow is a version in JSON. Fields may be added.
type versionRow struct {
	Service   string   `json:"service,omitempty"` // absent where there is one version for all and no service
	Version   string   `json:"version"`
	Class     string   `json:"class"` // of the ref: tag, trunk, release, hotfix, change request, feature
	Tag       string   `json:"tag,omitempty"`
	Commit    string   `json:"commit"`
	Base      string   `json:"base,omitempty"` // the tag that commits are counted from
	Commits   int      `json:"commits"`
	Unchanged bool     `json:"unchanged"`
	Dirty     bool     `json:"dirty"`
	Explain   []string `json:"explain"`
}

func jsonVersions(e cli.Env, versions []pipeline.ServiceVersion, _ bool) error {
	rows := []versionRow{}
	for _, s := range versions {
		v := s.Version
		rows = append(rows, versionRow{s.Service, v.Number, v.Class.String(), v.Tag, v.Commit, v.Base, v.Count, v.Unchanged, v.Dirty, v.Explain})
	}
	enc := json.NewEncoder(e.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(rows)
}

// envVersions prints lines for a shell: a version needs no quotes.
func envVersions(e cli.Env, versions []pipeline.ServiceVersion, one bool) error {
	return lines(e.Stdout, named(versions), one, "export PINTLE_VERSION=%[2]s", "export PINTLE_VERSION_%s=%s")
}

// GitLab's limits on a dotenv report (facts/git-ci-canary.md 4): the size is fixed, the count is what a self-managed
// server has unless its administrator says otherwise.
const (
	dotenvBytes     = 5 << 10
	dotenvVariables = 20
)

// dotenvVersions prints a dotenv report: keys of letters, digits and underscores, values without quotes.
func dotenvVersions(e cli.Env, versions []pipeline.ServiceVersion, one bool) error {
	var report bytes.Buffer
	if err := lines(&report, named(versions), one, "PINTLE_VERSION=%[2]s", "PINTLE_VERSION_%s=%s"); err != nil {
		return err
	}
	if report.Len() > dotenvBytes {
		return cli.Usagef("the versions of %d services have %d bytes, and GitLab takes a dotenv report of at most %d: name the services, or use -o json",
			len(versions), report.Len(), dotenvBytes)
	}
	if !one && len(versions) > dotenvVariables {
		e.Log.Warnf("%d variables: GitLab takes %d in a dotenv report unless its administrator allows more; name the services that the next jobs need",
			len(versions), dotenvVariables)
	}
	_, err := report.WriteTo(e.Stdout)
	return err
}

// githubVersions prints key=value lines for $GITHUB_OUTPUT.
func githubVersions(e cli.Env, versions []pipeline.ServiceVersion, one bool) error {
	return lines(e.Stdout, versions, one, "version=%[2]s", "version-%s=%s")
}

// lines prints a line a version, of the service's name and the version; or one line alone.
func lines(w io.Writer, versions []pipeline.ServiceVersion, one bool, alone, each string) error {
	if one {
		versions, each = versions[:1], alone
	}
	for _, v := range versions {
		if _, err := fmt.Fprintf(w, each+"\n", v.Service, v.Version.Number); err != nil {
			return err
		}
	}
	return nil
}

// named gives services the names that they have inside a variable's.
func named(versions []pipeline.ServiceVersion) []pipeline.ServiceVersion {
	var out []pipeline.ServiceVersion
	for _, v := range versions {
		v.Service = strings.ToUpper(strings.ReplaceAll(v.Service, "-", "_"))
		out = append(out, v)
	}
	return out
}
