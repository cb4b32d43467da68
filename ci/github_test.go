package ci

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What an event says that runs on the default branch: with HEAD elsewhere, whose commit it is; with HEAD there, nothing.
func TestWithEvent(t *testing.T) {
	base, fork := strings.Repeat("0a", 20), strings.Repeat("0b", 20)
	request := `{"number": 42, "head": {"ref": "login", "sha": "` + fork + `"}, "base": {"ref": "main"}}`
	change := CI{Name: GitHub, ChangeID: "42", ChangeBranch: "login", ChangeTarget: "main", HeadSHA: fork, Commit: base, Outside: true}
	unnumbered := change
	unnumbered.ChangeID, unnumbered.ChangeTarget = unknownChange, ""
	commented := CI{Name: GitHub, ChangeID: "42", Commit: base, Outside: true}
	main := CI{Name: GitHub, Branch: "main", Commit: base, Outside: true}
	targeted := CI{Name: GitHub, ChangeID: unknownChange, ChangeBranch: "login", ChangeTarget: "main", Commit: base, Outside: true}
	tests := []struct {
		name, payload, head string
		ci, want            CI
	}{
		{"pull_request_target, of the fork's commit", `{"number": 42, "pull_request": ` + request + `}`, fork, targeted, change},
		{"pull_request_target, of the base's", `{"number": 42, "pull_request": ` + request + `}`, base, targeted, change},
		{"pull_request_target, unreadable", `{`, fork, targeted, targeted},
		{"workflow_run of a pull request", `{"workflow_run": {"event": "pull_request", "head_sha": "` + fork + `", "head_branch": "login", "pull_requests": [` + request + `]}}`,
			fork, main, change},
		{"workflow_run of a fork's", `{"workflow_run": {"event": "pull_request", "head_sha": "` + fork + `", "head_branch": "login", "pull_requests": []}}`,
			fork, main, unnumbered},
		{"workflow_run of a pull request, of the base's commit", `{"workflow_run": {"event": "pull_request", "pull_requests": [` + request + `]}}`, base, main, main},
		{"workflow_run of a push", `{"workflow_run": {"event": "push", "head_sha": "` + base + `", "head_branch": "main", "pull_requests": []}}`, base, main, main},
		{"a comment, with its request checked out", `{"issue": {"number": 42, "pull_request": {"url": "x"}}}`, fork, main, commented},
		{"a comment", `{"issue": {"number": 42, "pull_request": {"url": "x"}}}`, base, main, main},
		{"a comment on an issue", `{"issue": {"number": 42}}`, fork, main, main},
		{"names that cannot be", `{"pull_request": {"number": -1, "head": {"ref": "a\u001bb", "sha": "x"}, "base": {"ref": "a b"}}}`, fork, targeted, targeted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.ci.WithEvent([]byte(tt.payload), tt.head)); diff != "" {
				t.Errorf("WithEvent (-want +got):\n%s", diff)
			}
		})
	}
}
