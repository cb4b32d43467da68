// Package ci knows the CI system that pintle runs in: Jenkins first, GitLab and GitHub too; of others, that they are one.
// It reads what it is given of the environment and nothing else: no file, no network, no git.
package ci

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Name is a CI system.
type Name string

// The CI systems that Detect tells apart.
const (
	None    Name = "none"
	Jenkins Name = "jenkins"
	GitLab  Name = "gitlab"
	GitHub  Name = "github"
	// Other is a CI system whose words for branches and requests are not known here.
	Other Name = "other"
)

// CI is what the environment says about the build. A field is empty when the CI system does not say, or says something
// that cannot be: a ref name with control characters, a build URL that is not http. All of it is still text from outside,
// which a shell, an HTML page or a file name must quote.
type CI struct {
	// Name is the CI system; None outside of one.
	Name Name
	// Branch is the branch built. In a change request it is the CI system's own name for the request ("PR-42" in
	// Jenkins), or empty.
	Branch string
	// Tag is the tag built; Branch is then empty.
	Tag string
	// ChangeID is the number of the pull or merge request, ChangeBranch and ChangeTarget its two branches.
	ChangeID, ChangeBranch, ChangeTarget string
	// HeadSHA is the head commit of the request's branch, where HEAD is a merge of it and the CI system names it.
	HeadSHA string
	// Commit is the commit that the CI system says it builds. Where HEAD is another, the build is of another repository or of
	// another's commit, and the ref says nothing about it.
	Commit string
	// Outside: the event is not about the branch that it runs on, as a comment or the end of another workflow is not; so the
	// ref speaks of Commit alone, and not of a commit on top of it.
	Outside bool
	// EventFile is where GitHub keeps the event's payload; see WithEvent.
	EventFile string
	// Refused are the variables that should say what is built and hold no ref name that can be: what is built is then not
	// known, and a fallback would be a guess.
	Refused []string
	// BuildURL is the page of this build.
	BuildURL string
	// BuildNumber and JobName name this build to a person.
	BuildNumber, JobName string
	// ANSI reports whether the log shows colours.
	ANSI bool
}

// Detect finds the CI system from the environment, as os.Getenv gives it. It is pure.
// GitLab and GitHub come first: a job of theirs may inherit variables of a Jenkins agent's image, but not the reverse.
// (facts/git-ci-canary.md 1.5 rule 1, 3.1, 4.)
func Detect(getenv func(string) string) CI {
	var ci CI
	var deciding []string
	switch {
	case getenv("GITLAB_CI") == "true":
		ci, deciding = gitlab(getenv), []string{"CI_COMMIT_BRANCH", "CI_COMMIT_TAG", "CI_MERGE_REQUEST_IID"}
	case getenv("GITHUB_ACTIONS") == "true":
		ci, deciding = github(getenv), []string{"GITHUB_REF_NAME"}
	case getenv("JENKINS_URL") != "" || getenv("JENKINS_HOME") != "" || getenv("BUILD_TAG") != "" && getenv("JOB_NAME") != "":
		ci, deciding = jenkins(getenv), []string{"BRANCH_NAME", "TAG_NAME", "CHANGE_ID"}
	case other(getenv):
		return CI{Name: Other}
	default:
		return CI{Name: None}
	}
	for _, name := range deciding {
		read := refName
		if strings.HasSuffix(name, "ID") {
			read = identifier
		}
		if value := getenv(name); value != "" && read(value) == "" {
			ci.Refused = append(ci.Refused, name)
		}
	}
	return ci
}

func jenkins(getenv func(string) string) CI {
	ci := CI{
		Name:         Jenkins,
		Branch:       refName(getenv("BRANCH_NAME")),
		Tag:          refName(getenv("TAG_NAME")),
		ChangeID:     identifier(getenv("CHANGE_ID")),
		ChangeBranch: refName(getenv("CHANGE_BRANCH")),
		ChangeTarget: refName(getenv("CHANGE_TARGET")),
		Commit:       commit(getenv("GIT_COMMIT")),
		BuildURL:     link(getenv("BUILD_URL")),
		BuildNumber:  plain(getenv("BUILD_NUMBER")),
		JobName:      plain(getenv("JOB_NAME")),
		ANSI:         forced(getenv("CLICOLOR_FORCE")) || getenv("TERM") == "xterm",
	}
	switch {
	case ci.Tag != "":
		ci.Branch = "" // BRANCH_NAME is the tag again
	case ci.Branch == "" && ci.ChangeID == "":
		ci.Branch, ci.Tag = pluginRef(getenv("GIT_LOCAL_BRANCH"), getenv("GIT_BRANCH"))
		gitlabHook(&ci, getenv)
		pullRequestBuilder(&ci, getenv)
		gerrit(&ci, getenv)
	}
	return ci
}

// pullRequestBuilder reads what Jenkins' GitHub pull request builder says, in jobs that are not multibranch.
func pullRequestBuilder(ci *CI, getenv func(string) string) {
	id := identifier(getenv("ghprbPullId"))
	if id == "" {
		return
	}
	ci.ChangeID, ci.Branch, ci.Tag = id, "PR-"+id, ""
	ci.ChangeBranch, ci.ChangeTarget = refName(getenv("ghprbSourceBranch")), refName(getenv("ghprbTargetBranch"))
	ci.HeadSHA = commit(getenv("ghprbActualCommit"))
}

// gerrit reads what Jenkins' Gerrit trigger says of a change that is not merged. GIT_BRANCH is then the branch that the change
// is for, and HEAD anybody's.
func gerrit(ci *CI, getenv func(string) string) {
	id := identifier(getenv("GERRIT_CHANGE_NUMBER"))
	if event := getenv("GERRIT_EVENT_TYPE"); id == "" || event == "change-merged" || event == "ref-updated" {
		return
	}
	ci.ChangeID, ci.Branch, ci.Tag = id, "PR-"+id, ""
	ci.ChangeTarget, ci.HeadSHA = refName(getenv("GERRIT_BRANCH")), commit(getenv("GERRIT_PATCHSET_REVISION"))
}

// gitlabHook reads what Jenkins' GitLab plugin says in a job that is not multibranch and that a webhook has started: of a
// merge request, or of a comment on one, the request.
func gitlabHook(ci *CI, getenv func(string) string) {
	if action := getenv("gitlabActionType"); action != "MERGE" && action != "NOTE" {
		return
	}
	if ci.ChangeID = identifier(getenv("gitlabMergeRequestIid")); ci.ChangeID == "" {
		return
	}
	ci.Branch, ci.Tag = "MR-"+ci.ChangeID, ""
	ci.ChangeBranch, ci.ChangeTarget = refName(getenv("gitlabSourceBranch")), refName(getenv("gitlabTargetBranch"))
	ci.HeadSHA = commit(getenv("gitlabMergeRequestLastCommit"))
}

// pluginRef reads the git plugin's variables, which is all that a job has that is not multibranch. GIT_BRANCH carries the
// remote's name. Only the names that Jenkins gives a remote itself are taken off: to take "feature" off "feature/main"
// would turn a feature branch into a trunk.
func pluginRef(local, remote string) (branch, tag string) {
	if branch = refName(local); branch != "" && branch != "detached" && branch != "HEAD" {
		return branch, ""
	}
	name := refName(remote)
	for _, prefix := range []string{"refs/heads/", "refs/remotes/", "remotes/"} {
		name = strings.TrimPrefix(name, prefix)
	}
	for _, prefix := range []string{"refs/tags/", "tags/"} {
		if tag, ok := strings.CutPrefix(name, prefix); ok {
			return "", tag
		}
	}
	if first, rest, ok := strings.Cut(name, "/"); ok && strings.TrimRight(first, "0123456789") == "origin" {
		name = rest
	}
	if name == "detached" || name == "HEAD" {
		return "", ""
	}
	return name, ""
}

func gitlab(getenv func(string) string) CI {
	number := getenv("CI_PIPELINE_IID")
	if number == "" {
		number = getenv("CI_PIPELINE_ID")
	}
	head := commit(getenv("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"))
	if getenv("CI_MERGE_REQUEST_EVENT_TYPE") == "detached" {
		head = commit(getenv("CI_COMMIT_SHA")) // no merge is made: what is checked out is the head
	}
	ci := CI{
		Name:         GitLab,
		Branch:       refName(getenv("CI_COMMIT_BRANCH")),
		Tag:          refName(getenv("CI_COMMIT_TAG")),
		ChangeID:     identifier(getenv("CI_MERGE_REQUEST_IID")),
		ChangeBranch: refName(getenv("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")),
		ChangeTarget: refName(getenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")),
		HeadSHA:      head,
		Commit:       commit(getenv("CI_COMMIT_SHA")),
		BuildURL:     link(getenv("CI_JOB_URL")),
		BuildNumber:  plain(number),
		JobName:      plain(getenv("CI_JOB_NAME")),
		ANSI:         true,
	}
	if id := identifier(getenv("CI_EXTERNAL_PULL_REQUEST_IID")); id != "" && ci.ChangeID == "" {
		ci.ChangeID, ci.Branch = id, ""
		ci.ChangeBranch = refName(getenv("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME"))
		ci.ChangeTarget = refName(getenv("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME"))
		ci.HeadSHA = commit(getenv("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA"))
	}
	return ci
}

// otherSystems are the variables by which other CI systems are known: CI itself, and of those that do not set it Azure
// Pipelines, TeamCity, AWS CodeBuild, Bamboo, GoCD, and a few that set both.
var otherSystems = []string{
	"CI", "TF_BUILD", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ID", "bamboo_buildKey", "GO_PIPELINE_NAME", "BUILDKITE", "CIRCLECI",
	"TRAVIS", "DRONE", "SEMAPHORE", "APPVEYOR", "CIRRUS_CI", "BITBUCKET_BUILD_NUMBER", "HARNESS_BUILD_ID", "PROW_JOB_ID",
}

// other reports whether another CI system's variables are set.
func other(getenv func(string) string) bool {
	return slices.ContainsFunc(otherSystems, func(name string) bool {
		value := strings.ToLower(getenv(name))
		return value != "" && value != "false" && value != "0"
	})
}

// longest bounds every value; git itself stops at 255 bytes for a part of a ref name.
const longest = 1024

// refName drops what git would not have as a ref name.
func refName(value string) string {
	if strings.ContainsAny(value, " ~^:?*[\\") || strings.Contains(value, "..") || value != plain(value) {
		return ""
	}
	return value
}

// identifier keeps letters, digits and dashes, which every CI system's numbers are made of.
func identifier(value string) string {
	if strings.ContainsFunc(value, func(r rune) bool { return r != '-' && !asciiAlnum(r) }) {
		return ""
	}
	return plain(value)
}

func asciiAlnum(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// commit keeps a full object name.
func commit(value string) string {
	if len(value) != 40 && len(value) != 64 || strings.Trim(strings.ToLower(value), "0123456789abcdef") != "" {
		return ""
	}
	return strings.ToLower(value)
}

// link keeps an absolute http or https URL without credentials.
func link(value string) string {
	parsed, err := url.Parse(plain(value))
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		return ""
	}
	parsed.User = nil
	return parsed.String()
}

// plain drops a value that is not text of one line, or too long.
func plain(value string) string {
	if len(value) > longest || !utf8.ValidString(value) || strings.ContainsFunc(value, unsafe) {
		return ""
	}
	return value
}

// unsafe are the characters that move a terminal's cursor or turn its text around.
func unsafe(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029
}

func forced(value string) bool { return value != "" && value != "0" }
