package ci

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// ownEvents are the events of GitHub that are about the ref that they run on. All others (a comment, an issue, the end of
// another workflow) run on the default branch, whatever they are about.
var ownEvents = []string{
	"", "push", "create", "pull_request", "pull_request_review", "pull_request_review_comment", "merge_group", "release",
	"workflow_dispatch", "repository_dispatch", "schedule", "workflow_call", "deployment",
}

// unknownChange is the number of a request that nothing names.
const unknownChange = "unknown"

func github(getenv func(string) string) CI {
	event := getenv("GITHUB_EVENT_NAME")
	ci := CI{
		Name:         GitHub,
		ChangeBranch: refName(getenv("GITHUB_HEAD_REF")),
		ChangeTarget: refName(getenv("GITHUB_BASE_REF")),
		Commit:       commit(getenv("GITHUB_SHA")),
		BuildNumber:  plain(getenv("GITHUB_RUN_NUMBER")),
		JobName:      plain(getenv("GITHUB_JOB")),
		Outside:      !slices.Contains(ownEvents, event),
		ANSI:         true,
	}
	name := refName(getenv("GITHUB_REF_NAME"))
	number, isChange := strings.CutPrefix(getenv("GITHUB_REF"), "refs/pull/")
	switch {
	case isChange:
		number, _, _ = strings.Cut(number, "/")
		ci.ChangeID = identifier(number)
	case event == "pull_request_target": // the ref is the branch that the request is for, and HEAD may be a fork's
		ci.ChangeID = unknownChange
	case getenv("GITHUB_REF_TYPE") == "tag":
		ci.Tag = name
	default:
		ci.Branch = name
	}
	if ci.Outside {
		ci.EventFile = plain(getenv("GITHUB_EVENT_PATH"))
	}
	server, repository, run := getenv("GITHUB_SERVER_URL"), getenv("GITHUB_REPOSITORY"), getenv("GITHUB_RUN_ID")
	if server != "" && repository != "" && run != "" {
		ci.BuildURL = link(server + "/" + repository + "/actions/runs/" + run)
	}
	return ci
}

// payload is what matters of GitHub's webhook payloads. A request of a fork is none of workflow_run.pull_requests.
type payload struct {
	PullRequest *pullRequest `json:"pull_request"`
	WorkflowRun *struct {
		Event        string        `json:"event"`
		HeadSHA      string        `json:"head_sha"`
		HeadBranch   string        `json:"head_branch"`
		PullRequests []pullRequest `json:"pull_requests"`
	} `json:"workflow_run"`
	Issue *struct {
		Number      int       `json:"number"`
		PullRequest *struct{} `json:"pull_request"`
	} `json:"issue"`
}

type pullRequest struct {
	Number int `json:"number"`
	Head   struct {
		Ref, SHA string
	} `json:"head"`
	Base struct{ Ref string } `json:"base"`
}

// WithEvent adds what the payload of an event says that runs on the default branch: which request it is about. head is the
// commit at HEAD: where it is what the CI system says that it builds, an event about a request builds the branch itself, unless
// the event is the request's own. A payload that cannot be read says nothing.
func (ci CI) WithEvent(data []byte, head string) CI {
	var p payload
	if json.Unmarshal(data, &p) != nil {
		return ci
	}
	elsewhere := ci.Commit != "" && head != ci.Commit
	switch {
	case p.PullRequest != nil && (elsewhere || ci.ChangeID != ""):
		return ci.of(*p.PullRequest)
	case p.WorkflowRun != nil && elsewhere && strings.HasPrefix(p.WorkflowRun.Event, "pull_request"):
		request := pullRequest{}
		if len(p.WorkflowRun.PullRequests) > 0 {
			request = p.WorkflowRun.PullRequests[0]
		}
		request.Head.SHA, request.Head.Ref = p.WorkflowRun.HeadSHA, p.WorkflowRun.HeadBranch
		return ci.of(request)
	case p.Issue != nil && p.Issue.PullRequest != nil && elsewhere:
		return ci.of(pullRequest{Number: p.Issue.Number})
	}
	return ci
}

// of makes the build that of a request.
func (ci CI) of(p pullRequest) CI {
	ci.ChangeID, ci.Branch, ci.Tag = unknownChange, "", ""
	if p.Number > 0 {
		ci.ChangeID = strconv.Itoa(p.Number)
	}
	ci.ChangeBranch = cmp.Or(refName(p.Head.Ref), ci.ChangeBranch)
	ci.ChangeTarget = cmp.Or(refName(p.Base.Ref), ci.ChangeTarget)
	ci.HeadSHA = commit(p.Head.SHA)
	return ci
}
