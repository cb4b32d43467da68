package plan

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/secret"
)

func examplePlan() *Plan {
	return &Plan{
		Release: "web", Namespace: "shop", Chart: "web-1.1.0", Operation: Upgrade, Revision: 2, Deployed: 1,
		Objects: []Change{
			{Action: Update, Object: kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Name: "web", Namespace: "shop"}, Fields: []Field{
				{Path: "data.url", Old: "db://old-secret", New: "db://new-secret"}, {Path: "data.n", New: "```"},
				{Path: "spec.replicas", Old: int64(5), New: int64(3), Owner: "kubectl-edit", Drift: true},
			}},
			{Action: Delete, Object: kube.Ref{APIVersion: "v1", Kind: "Secret", Name: "a|b", Namespace: "shop"}},
		},
		Warnings: []string{"mind new-secret"}, Rollback: &Rehearsal{Revision: 1, Because: []string{"<reason>"}},
		Secrets: secret.NewSet("new-secret"),
	}
}

func TestWriteJSON(t *testing.T) {
	var b strings.Builder
	if err := WriteJSON(&b, []*Plan{examplePlan()}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "-secret\"") && strings.Contains(b.String(), "old-secret") || strings.Contains(b.String(), "new-secret") {
		t.Errorf("a secret shows:\n%s", &b)
	}
	var got plansJSON
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	r := got.Releases[0]
	want := []fieldJSON{
		{Path: "data.url", Old: "***", New: "db://***"}, {Path: "data.n", New: "```"},
		{Path: "spec.replicas", Old: 5.0, New: 3.0, Owner: "kubectl-edit", Drift: true},
	}
	if d := cmp.Diff(want, r.Objects[0].Fields); d != "" {
		t.Error(d)
	}
	if !got.Changes || r.Counts[Update] != 1 || r.Counts[Unchanged] != 0 || r.Rollback.Possible || got.APIVersion != PlanFormat {
		t.Errorf("%+v", got)
	}
}

func TestWriteMarkdown(t *testing.T) {
	var b strings.Builder
	if err := WriteMarkdown(&b, []*Plan{examplePlan()}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"### Plan: 1 of 1 release would change\n", "| web web-1.1.0 | shop |  | 1 |  |  | 1 | **not possible** |\n",
		"<details><summary>web: 1 to change, 1 to delete</summary>\n\n````diff\n", "\n!   change    ConfigMap/web (shop)\n",
		"       spec.replicas: 5 -> 3  # drift: changed by kubectl-edit\n", "\n-   delete    Secret/a|b (shop)\n", "````\n\n</details>\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, &b)
		}
	}
	if strings.Contains(b.String(), "new-secret") || strings.Contains(b.String(), "old-secret") {
		t.Errorf("a secret shows:\n%s", &b)
	}
}

func TestMarkdownIsBounded(t *testing.T) {
	var plans []*Plan
	for i := range 300 {
		p := examplePlan()
		p.Release = fmt.Sprintf("release-%d", i)
		for j := range 50 {
			p.Objects = append(p.Objects, Change{Action: Create, Object: kube.Ref{Kind: "ConfigMap", Name: strings.Repeat("x", 200) + fmt.Sprint(j)}})
		}
		plans = append(plans, p)
	}
	for _, n := range []int{1, 2, 20, 300} {
		var b strings.Builder
		if err := WriteMarkdown(&b, plans[:n]); err != nil {
			t.Fatal(err)
		}
		s := b.String()
		if len(s) > maxMarkdown {
			t.Errorf("%d releases: %d bytes", n, len(s))
		}
		if strings.Count(s, "<details>") != strings.Count(s, "</details>") || strings.Count(s, "````diff\n") != strings.Count(s, "````\n\n</details>") {
			t.Errorf("%d releases: something is left open", n)
		}
		if n == 20 && !strings.Contains(s, "... cut here") {
			t.Error("it does not say that it was cut")
		}
	}
}

// A chart with an order shows its stages; what is deleted comes last.
func TestStagesAndConflictsAreShown(t *testing.T) {
	ref := func(name string) kube.Ref {
		return kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Name: name, Namespace: "shop"}
	}
	p := &Plan{
		Release: "web", Namespace: "shop", Chart: "web-1.1.0", Operation: Upgrade, Revision: 2, Deployed: 1,
		Objects: []Change{
			{Action: Create, Object: ref("first")},
			{Action: Unchanged, Object: ref("second"), Stage: 1, Conflicts: []Conflict{
				{Path: "data.n", Manager: "argo", Theirs: "new-secret", Ours: "other", Kept: true}, {Path: "data.m", Manager: "flux", Theirs: int64(1), Ours: nil},
			}},
			{Action: Delete, Object: ref("gone"), Leftover: true},
		},
		Secrets: secret.NewSet("new-secret"),
	}
	var text strings.Builder
	if err := p.WriteText(&text, false); err != nil {
		t.Fatal(err)
	}
	want := `upgrade web in shop: web-1.1.0, revision 2
  stage 1 of 2:
  + create    ConfigMap/first (shop)
  stage 2 of 2:
  = unchanged ConfigMap/second (shop)
      ! conflict: data.n: argo has set "***", the chart says "***": kept
      ! conflict: data.m: flux has set 1, the chart says null: taken over
  at last:
  - delete    ConfigMap/gone (shop)
1 to create, 1 to delete, 1 unchanged
`
	if d := cmp.Diff(want, text.String()); d != "" {
		t.Error(d)
	}
	objects := p.json().Objects
	if objects[0].Stage != 1 || objects[1].Stage != 2 || objects[2].Stage != 0 {
		t.Errorf("stages %+v", objects)
	}
	if d := cmp.Diff([]conflictJSON{{"data.n", "argo", "***", "***", true}, {"data.m", "flux", int64(1), nil, false}}, objects[1].Conflicts); d != "" {
		t.Error(d)
	}
}

func TestPlanText(t *testing.T) {
	p := &Plan{
		Release: "web", Namespace: "shop", Chart: "web-1.1.0", Operation: Upgrade, Revision: 2, Deployed: 1,
		Objects: []Change{
			{Action: Create, Object: kube.Ref{Kind: "Service", Name: "new", Namespace: "shop"}},
			{Action: Update, Object: kube.Ref{Kind: "ConfigMap", Name: "web", Namespace: "shop"}, Fields: []Field{
				{Path: "data.color", Old: "red", New: "blue"}, {Path: "data.more", New: "x"}, {Path: "data.text", Old: "a\nb\nc\n", New: "a\nB\nc\n"},
			}},
			{Action: Unchanged, Object: kube.Ref{Kind: "ClusterRole", Name: "web"}, Note: "kept"},
			{Action: Delete, Object: kube.Ref{Kind: "Secret", Name: "old", Namespace: "shop"}},
		},
		Hooks: []string{"pre-upgrade Job/migrate"}, Warnings: []string{"careful"},
	}
	want := `upgrade web in shop: web-1.1.0, revision 2
  + create    Service/new (shop)
  ~ change    ConfigMap/web (shop)
      data.color: "red" -> "blue"
      + data.more: "x"
      data.text:
        - b
        + B
  = unchanged ClusterRole/web  # kept
  - delete    Secret/old (shop)
  * hook pre-upgrade Job/migrate
  ! careful
1 to create, 1 to change, 1 to delete, 1 unchanged
`
	var got strings.Builder
	if err := p.WriteText(&got, false); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got.String()); d != "" {
		t.Error(d)
	}
}
