package ci

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDetect(t *testing.T) {
	sha := strings.Repeat("0a", 20)
	tests := []struct {
		name string
		env  map[string]string
		want CI
	}{
		{"no CI", map[string]string{"TERM": "xterm", "HOME": "/root", "BRANCH_NAME": "main"}, CI{Name: None}},
		{"Jenkins multibranch",
			map[string]string{"JENKINS_URL": "https://ci/", "JENKINS_HOME": "/var", "BRANCH_NAME": "feature/login", "BUILD_NUMBER": "12",
				"JOB_NAME": "shop/feature%2Flogin", "BUILD_URL": "https://ci/job/shop/12/", "TERM": "dumb"},
			CI{Name: Jenkins, Branch: "feature/login", BuildNumber: "12", JobName: "shop/feature%2Flogin", BuildURL: "https://ci/job/shop/12/"}},
		{"Jenkins without a configured URL",
			map[string]string{"JENKINS_HOME": "/var", "BRANCH_NAME": "main", "GIT_COMMIT": sha}, CI{Name: Jenkins, Branch: "main", Commit: sha}},
		{"Jenkins tag build",
			map[string]string{"JENKINS_URL": "x", "BRANCH_NAME": "v1.2.0", "TAG_NAME": "v1.2.0"}, CI{Name: Jenkins, Tag: "v1.2.0"}},
		{"Jenkins pull request",
			map[string]string{"JENKINS_URL": "x", "BRANCH_NAME": "PR-42", "CHANGE_ID": "42", "CHANGE_BRANCH": "login", "CHANGE_TARGET": "main"},
			CI{Name: Jenkins, Branch: "PR-42", ChangeID: "42", ChangeBranch: "login", ChangeTarget: "main"}},
		{"Jenkins merge request of the GitLab plugin",
			map[string]string{"JENKINS_URL": "x", "BRANCH_NAME": "MR-7", "CHANGE_ID": "7", "CHANGE_TARGET": "main"},
			CI{Name: Jenkins, Branch: "MR-7", ChangeID: "7", ChangeTarget: "main"}},
		{"Jenkins ansicolor", map[string]string{"JENKINS_URL": "x", "TERM": "xterm"}, CI{Name: Jenkins, ANSI: true}},
		{"Jenkins forced colour", map[string]string{"JENKINS_URL": "x", "CLICOLOR_FORCE": "1"}, CI{Name: Jenkins, ANSI: true}},
		{"Jenkins colour forced off", map[string]string{"JENKINS_URL": "x", "CLICOLOR_FORCE": "0"}, CI{Name: Jenkins}},
		{"Jenkins plain job", map[string]string{"JENKINS_URL": "x", "GIT_BRANCH": "origin/release/1.5"}, CI{Name: Jenkins, Branch: "release/1.5"}},
		{"Jenkins second remote", map[string]string{"JENKINS_URL": "x", "GIT_BRANCH": "origin1/main"}, CI{Name: Jenkins, Branch: "main"}},
		{"Jenkins local branch wins",
			map[string]string{"JENKINS_URL": "x", "GIT_LOCAL_BRANCH": "main", "GIT_BRANCH": "origin/other"}, CI{Name: Jenkins, Branch: "main"}},
		{"Jenkins other remote is not guessed at",
			map[string]string{"JENKINS_URL": "x", "GIT_BRANCH": "feature/main"}, CI{Name: Jenkins, Branch: "feature/main"}},
		{"Jenkins plain job on a tag", map[string]string{"JENKINS_URL": "x", "GIT_BRANCH": "refs/tags/v1.2.0"}, CI{Name: Jenkins, Tag: "v1.2.0"}},
		{"Jenkins plain job on a commit", map[string]string{"JENKINS_URL": "x", "GIT_BRANCH": "detached"}, CI{Name: Jenkins}},
		{"GitLab branch",
			map[string]string{"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_SHA": sha, "CI_JOB_URL": "https://gl/j/1", "CI_PIPELINE_IID": "5",
				"CI_PIPELINE_ID": "900", "CI_JOB_NAME": "deploy"},
			CI{Name: GitLab, Branch: "main", Commit: sha, BuildURL: "https://gl/j/1", BuildNumber: "5", JobName: "deploy", ANSI: true}},
		{"GitLab tag", map[string]string{"GITLAB_CI": "true", "CI_COMMIT_TAG": "v1.0.0", "CI_COMMIT_REF_NAME": "v1.0.0"},
			CI{Name: GitLab, Tag: "v1.0.0", ANSI: true}},
		{"GitLab merged result",
			map[string]string{"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "login",
				"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": strings.ToUpper(sha)},
			CI{Name: GitLab, ChangeID: "7", ChangeBranch: "login", ChangeTarget: "main", HeadSHA: sha, ANSI: true}},
		{"GitLab merge request without a merge",
			map[string]string{"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_EVENT_TYPE": "detached", "CI_COMMIT_SHA": sha,
				"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "login", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"},
			CI{Name: GitLab, ChangeID: "7", ChangeBranch: "login", ChangeTarget: "main", HeadSHA: sha, Commit: sha, ANSI: true}},
		{"Jenkins job started by a merge request in GitLab",
			map[string]string{"JENKINS_URL": "x", "GIT_BRANCH": "origin/login", "gitlabActionType": "MERGE", "gitlabMergeRequestIid": "7",
				"gitlabSourceBranch": "login", "gitlabTargetBranch": "main", "gitlabMergeRequestLastCommit": sha},
			CI{Name: Jenkins, Branch: "MR-7", ChangeID: "7", ChangeBranch: "login", ChangeTarget: "main", HeadSHA: sha}},
		{"Jenkins job started by a push to GitLab",
			map[string]string{"JENKINS_URL": "x", "GIT_BRANCH": "origin/main", "gitlabActionType": "PUSH", "gitlabMergeRequestIid": "",
				"gitlabSourceBranch": "main", "gitlabTargetBranch": "main"},
			CI{Name: Jenkins, Branch: "main"}},
		{"Jenkins multibranch goes before the hook",
			map[string]string{"JENKINS_URL": "x", "BRANCH_NAME": "main", "gitlabActionType": "MERGE", "gitlabMergeRequestIid": "7"},
			CI{Name: Jenkins, Branch: "main"}},
		{"GitLab in a Jenkins image", map[string]string{"GITLAB_CI": "true", "JENKINS_HOME": "/var", "CI_COMMIT_BRANCH": "main"},
			CI{Name: GitLab, Branch: "main", ANSI: true}},
		{"GitHub pull request",
			map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/pull/42/merge", "GITHUB_REF_NAME": "42/merge", "GITHUB_REF_TYPE": "branch",
				"GITHUB_HEAD_REF": "login", "GITHUB_BASE_REF": "main", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b",
				"GITHUB_RUN_ID": "9", "GITHUB_RUN_NUMBER": "3", "GITHUB_JOB": "build"},
			CI{Name: GitHub, ChangeID: "42", ChangeBranch: "login", ChangeTarget: "main", BuildURL: "https://github.com/a/b/actions/runs/9",
				BuildNumber: "3", JobName: "build", ANSI: true}},
		{"GitHub pull request with the rights of its target", // HEAD may be a fork's: it is no build of main
			map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_EVENT_PATH": "/tmp/event.json",
				"GITHUB_REF": "refs/heads/main", "GITHUB_REF_NAME": "main", "GITHUB_REF_TYPE": "branch", "GITHUB_HEAD_REF": "main", "GITHUB_BASE_REF": "main", "GITHUB_SHA": sha},
			CI{Name: GitHub, ChangeID: "unknown", ChangeBranch: "main", ChangeTarget: "main", Commit: sha, Outside: true, EventFile: "/tmp/event.json", ANSI: true}},
		{"GitHub comment",
			map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "issue_comment", "GITHUB_REF": "refs/heads/main", "GITHUB_REF_NAME": "main", "GITHUB_REF_TYPE": "branch"},
			CI{Name: GitHub, Branch: "main", Outside: true, ANSI: true}},
		{"GitHub push",
			map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": "/tmp/event.json", "GITHUB_REF": "refs/heads/main", "GITHUB_REF_NAME": "main", "GITHUB_REF_TYPE": "branch"},
			CI{Name: GitHub, Branch: "main", ANSI: true}},
		{"Jenkins pull request builder",
			map[string]string{"JENKINS_URL": "x", "GIT_BRANCH": "origin/main", "ghprbPullId": "42", "ghprbSourceBranch": "login", "ghprbTargetBranch": "main", "ghprbActualCommit": sha},
			CI{Name: Jenkins, Branch: "PR-42", ChangeID: "42", ChangeBranch: "login", ChangeTarget: "main", HeadSHA: sha}},
		{"Jenkins Gerrit trigger, a patch set",
			map[string]string{"JENKINS_URL": "x", "GIT_BRANCH": "origin/main", "GERRIT_EVENT_TYPE": "patchset-created", "GERRIT_CHANGE_NUMBER": "1234", "GERRIT_BRANCH": "main", "GERRIT_PATCHSET_REVISION": sha},
			CI{Name: Jenkins, Branch: "PR-1234", ChangeID: "1234", ChangeTarget: "main", HeadSHA: sha}},
		{"Jenkins Gerrit trigger, merged",
			map[string]string{"JENKINS_URL": "x", "GIT_BRANCH": "origin/main", "GERRIT_EVENT_TYPE": "change-merged", "GERRIT_CHANGE_NUMBER": "1234", "GERRIT_BRANCH": "main"},
			CI{Name: Jenkins, Branch: "main"}},
		{"GitLab pull request of GitHub",
			map[string]string{"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "login", "CI_EXTERNAL_PULL_REQUEST_IID": "7",
				"CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME": "login", "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME": "main"},
			CI{Name: GitLab, ChangeID: "7", ChangeBranch: "login", ChangeTarget: "main", ANSI: true}},
		{"another CI", map[string]string{"CI": "true", "BUILDKITE": "true", "BUILDKITE_BRANCH": "main"}, CI{Name: Other}},
		{"Azure", map[string]string{"TF_BUILD": "True"}, CI{Name: Other}},
		{"a shell that denies it", map[string]string{"CI": "false"}, CI{Name: None}},
		{"GitHub tag", map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/tags/v1.0.0", "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1.0.0"},
			CI{Name: GitHub, Tag: "v1.0.0", ANSI: true}},
		{"GitHub branch", map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/a/b", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "a/b", "GITHUB_SHA": sha},
			CI{Name: GitHub, Branch: "a/b", Commit: sha, ANSI: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Detect(func(key string) string { return tt.env[key] })
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Detect (-want +got):\n%s", diff)
			}
		})
	}
}

// What comes from outside is dropped when it could not be what it is said to be.
func TestDetectUnsafe(t *testing.T) {
	env := map[string]string{"JENKINS_URL": "x"}
	fields := map[string]func(CI) string{
		"BRANCH_NAME":   func(ci CI) string { return ci.Branch },
		"TAG_NAME":      func(ci CI) string { return ci.Tag },
		"CHANGE_ID":     func(ci CI) string { return ci.ChangeID },
		"CHANGE_BRANCH": func(ci CI) string { return ci.ChangeBranch },
		"CHANGE_TARGET": func(ci CI) string { return ci.ChangeTarget },
		"BUILD_URL":     func(ci CI) string { return ci.BuildURL },
		"BUILD_NUMBER":  func(ci CI) string { return ci.BuildNumber },
		"JOB_NAME":      func(ci CI) string { return ci.JobName },
	}
	bad := []string{"a\x1b[2Jb", "a\nb", "a\x00b", "a\x7fb", "a\u009bb", "a\u202eb", "a\xffb", strings.Repeat("a", 2000)}
	for key, field := range fields {
		for _, value := range bad {
			t.Run(key, func(t *testing.T) {
				got := Detect(func(k string) string {
					if k == key {
						return value
					}
					return env[k]
				})
				if field(got) != "" {
					t.Errorf("%s=%q got through as %q", key, value, field(got))
				}
				decides := key == "BRANCH_NAME" || key == "TAG_NAME" || key == "CHANGE_ID"
				if decides != slices.Equal(got.Refused, []string{key}) {
					t.Errorf("%s=%q: refused %q", key, value, got.Refused)
				}
			})
		}
	}
	ci := Detect(func(k string) string {
		return map[string]string{"JENKINS_URL": "x", "BUILD_URL": "javascript:alert(1)", "BRANCH_NAME": "分支/登录", "CHANGE_ID": "4/2"}[k]
	})
	if diff := cmp.Diff(CI{Name: Jenkins, Branch: "分支/登录", Refused: []string{"CHANGE_ID"}}, ci); diff != "" {
		t.Errorf("Detect (-want +got):\n%s", diff)
	}
}
