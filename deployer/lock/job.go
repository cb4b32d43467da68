package lock

import (
	"strconv"
	"strings"
)

// Job is the build of a CI that works, as the annotations of its lock tell it to whoever waits. The zero Job is a
// person.
type Job struct {
	URL    string // of the build's page
	Name   string // of the job that builds, the same for all its builds
	Build  string // its number, which later builds of the job have higher
	Branch string // empty for tags, which are no successors of each other
	Commit string
}

// longestNote bounds what is read of an annotation: it ends up in logs.
const longestNote = 1024

func (j Job) notes(prefix string) map[string]string {
	out := map[string]string{}
	for key, value := range map[string]string{
		"url": j.URL, "name": j.Name, "build": j.Build, "branch": j.Branch, "commit": j.Commit,
	} {
		if value != "" {
			out[prefix+key] = value
		}
	}
	return out
}

func jobIn(annotations map[string]string, prefix string) Job {
	read := func(key string) string {
		if v := annotations[prefix+key]; len(v) <= longestNote {
			return strings.Join(strings.Fields(v), " ")
		}
		return ""
	}
	return Job{URL: read("url"), Name: read("name"), Build: read("build"), Branch: read("branch"), Commit: read("commit")}
}

// String is "https://ci/job/shop/12 (build 12 of develop, commit 1a2b3c4)".
func (j Job) String() string {
	var parts []string
	if j.Build != "" {
		parts = append(parts, "build "+j.Build)
	}
	if j.Branch != "" {
		parts = append(parts, "of "+j.Branch)
	}
	about := strings.Join(parts, " ")
	if j.Commit != "" {
		about = strings.TrimPrefix(about+", commit "+j.Commit[:min(len(j.Commit), 8)], ", ")
	}
	switch {
	case about == "":
		return j.URL
	case j.URL == "":
		return about
	}
	return j.URL + " (" + about + ")"
}

// supersedes reports whether j is a newer build of the same branch by the same job of the same CI. What is not known
// makes it none.
func (j Job) supersedes(older Job) bool {
	mine, err := strconv.ParseUint(j.Build, 10, 63)
	if err != nil {
		return false
	}
	theirs, err := strconv.ParseUint(older.Build, 10, 63)
	return err == nil && mine > theirs && j.Branch != "" && j.Branch == older.Branch &&
		j.Name == older.Name && j.series() != "" && j.series() == older.series()
}

// series is what the URLs of one job's builds have in common: all before the last number. Build numbers of others count
// something else.
func (j Job) series() string {
	parts := strings.Split(strings.TrimRight(j.URL, "/"), "/")
	for i := len(parts) - 1; i > 2; i-- { // the host is the third
		if _, err := strconv.ParseUint(parts[i], 10, 63); err == nil {
			return strings.Join(parts[:i], "/")
		}
	}
	return ""
}
