package parity_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/test/peer"
	"github.com/pintle-ci/pintle/test/workbench"
)

// TestReleasePrintsWhatHelmPrints holds every command that only reads, in every format, against Helm's over the same
// releases.
func TestReleasePrintsWhatHelmPrints(t *testing.T) {
	t.Parallel()
	b := workbench.New(t, "secret")
	b.Must(b.Pintle("install", "web", b.Charts["1.0.0"], "--set", "nested.a=2,greeting=héllo", "--labels", "team=shop,tier=front", "--description", "the first"))
	b.Must(b.Pintle("upgrade", "web", b.Charts["1.1.0"], "--set", "extra=true", "--wait"))
	b.Must(b.Helm4("install", "api", b.Charts["2.0.0"], "--set-json", `nested={"list":[1,2.5,"x",null],"html":"<a>&"}`, "--wait"))
	b.Must(b.Helm3("install", "old", b.Charts["1.0.0"], "--wait"))
	b.Must(b.Pintle("rollback", "web", "1", "--wait"))
	b.Must(b.Pintle("test", "web"))
	b.Must(b.Helm4("install", "gone", b.Charts["1.0.0"], "--set", "keep=true"))
	b.Must(b.Pintle("uninstall", "gone", "--keep-history"))
	if s := b.Helm4("install", "bad", b.Charts["1.0.0"], "--set", "image="+b.Images["never"], "--wait", "--timeout", "2s"); s.Code == 0 {
		t.Fatal("the fixture does not fail")
	}
	for _, line := range []string{
		"list", "list -o json", "list -o yaml", "list -q", "list -q -o json", "list -r", "list -d -f ^(api|bad)$", "list -d -r -f ^(api|bad)$", // Helm compares seconds, ours less
		"list -m 2", "list -m 2 --offset 1", "list --offset 9",
		"list --no-headers", "list --time-format 2006", "list -f ^[wo]", "list --deployed", "list --failed", "list --uninstalled", "list --superseded", "list --pending",
		"list --failed --uninstalled -q", "list -l team=shop", "list -l team!=shop", "list -l status=deployed -q", "list -f nothing", "list -f nothing -o json", "list -f nothing -q",
		"history web", "history web -o json", "history web -o yaml", "history web --max 2", "history web --show-rollback-revision", "history old", "history gone", "history bad",
		"get values web", "get values web -o json", "get values web -o yaml", "get values web -a", "get values api -a -o json", "get values api", "get values old", "get values web --revision 2",
		"get manifest web", "get manifest api --revision 1", "get notes web", "get hooks web", "get metadata web", "get metadata web -o json", "get metadata api -o yaml", "get metadata old", "get metadata gone", "get metadata web --revision 2",
		"get all web", "get all api", "get all old", "get all web --template {{.Release.Name}}/{{.Release.Version}}/{{.Release.Info.Status}}/{{.Release.Chart.Metadata.Version}}",
		"status web -o json", "status web -o yaml", "status old -o json", "status gone -o json", "status web --revision 1 -o json", "status bad -o yaml",
		"list --max 0", "list -m 1 -o yaml", "list --time-format 2006-01-02 -o json", "list -l owner=helm,name=web -q", "list --superseded -o json", "list --offset 1 -q -o yaml",
		"list --no-headers -f nothing", "list --deployed -o yaml", "list -f ^w --time-format Kitchen", "history web --max 0", "history web --max 1 -o json", "history web --show-rollback-revision -o json",
		"history web --show-rollback-revision -o yaml", "history gone -o json", "history bad -o yaml",
		"get notes web --revision 1", "get hooks web --revision 2", "get manifest web --revision 1", "get values web --revision 1 -o yaml", "get values web -a --revision 1 -o json",
		"get values web -a -o yaml", "get all web --revision 1", "get all gone", "get all bad", "get metadata web --revision 1 -o yaml", "get metadata bad -o json", "get values bad", "get notes gone", "get hooks old",
	} {
		t.Run(line, func(t *testing.T) {
			args := strings.Fields(line)
			want, got := b.Must(b.Helm4(args...)), b.Must(b.Pintle(args...))
			want, got = listVersion.ReplaceAllString(want, "LIST"), listVersion.ReplaceAllString(got, "LIST")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-helm +pintle\n%s", diff)
			}
		})
	}
	for _, name := range []string{"web", "api", "old", "gone", "bad"} {
		t.Run("status "+name, func(t *testing.T) {
			want, got := b.Must(b.Helm4("status", name)), b.Must(b.Pintle("status", name))
			if diff := cmp.Diff(sections(want), sections(got)); diff != "" {
				t.Errorf("-helm +pintle\n%s", diff)
			}
		})
	}
}

// listVersion is the version of a list of pods, which moves with the whole cluster.
var listVersion = regexp.MustCompile(`"kind":"PodList","metadata":\{"resourceVersion":"\d+"\}|kind: PodList\n +metadata:\n +resourceVersion: "\d+"`)

var age = regexp.MustCompile(`\b\d+[smh](\d+s)? *`)

// sections cuts a status into its head, its kinds, which Helm prints at random order, and its tail; ages differ from
// one look to the next.
func sections(status string) map[string]string {
	out := map[string]string{}
	head, rest, found := strings.Cut(status, "RESOURCES:\n")
	out["head"] = head
	if !found {
		return out
	}
	parts := strings.Split(rest, "==> ")
	last := parts[len(parts)-1]
	at := strings.Index(last, "\n\n\n")
	out["tail"], parts[len(parts)-1] = last[at:], last[:at]+"\n\n"
	for _, p := range parts[1:] {
		kind, text, _ := strings.Cut(p, "\n")
		out[kind] = age.ReplaceAllString(text, "AGE")
	}
	return out
}

// TestReleaseInstallPrintsWhatHelmPrints compares what the commands that change something print on stdout, but for
// times.
func TestReleaseInstallPrintsWhatHelmPrints(t *testing.T) {
	t.Parallel()
	peer.Helm(t)
	ours, theirs := workbench.New(t, "secret"), workbench.New(t, "secret")
	theirs.Charts = ours.Charts
	for _, line := range []string{
		"install web CHART/1.0.0", "install web2 CHART/1.0.0 --hide-notes", "install web3 CHART/1.0.0 -o json", "install web4 CHART/1.0.0 --dry-run=server",
		"install web4 CHART/1.0.0 --dry-run=client", "install web4 CHART/1.0.0 --dry-run=server --hide-secret", "upgrade web CHART/1.1.0 --set keep=true", "upgrade web CHART/1.1.0 --dry-run=server --description why",
		"upgrade -i web5 CHART/1.0.0", "upgrade web2 CHART/2.0.0 -o yaml", "rollback web 1", "upgrade web CHART/2.0.0 --set keep=true", "test web --logs",
		"upgrade web CHART/1.1.0 --reuse-values --set nested.b.c=null,greeting=x,nested.a=null", "get values web", "get values web -a", "get manifest web",
		"upgrade web CHART/2.0.0 --reset-then-reuse-values --set sub.word=y", "get values web", "get values web -a", "get manifest web",
		"upgrade web CHART/1.0.0", "get values web", "upgrade web CHART/1.0.0 --reset-values", "get values web", "get values web -a",
		"test web --filter name=web-test", "test web --filter !name=web-test", "upgrade web CHART/1.1.0 -o json --set keep=true", "install web6 CHART/2.0.0 -o yaml --set extra=true", "upgrade web6 CHART/2.0.0 --install --description two",
		"upgrade web6 CHART/1.0.0 --dry-run=server -o json", "upgrade web6 CHART/1.0.0 --hide-notes", "install web8 CHART/1.0.0 --dry-run=server -o yaml", "install --name-template web{{9}} CHART/1.0.0 --render-subchart-notes", "rollback web6",
		"rollback web6 1 --dry-run=server", "get notes web6", "uninstall web6 --dry-run", "uninstall web6 web9 --no-hooks", "list -q",
		"uninstall web web2", "uninstall nothing --ignore-not-found", "uninstall web3 --keep-history --description why", "history web3",
	} {
		t.Run(line, func(t *testing.T) {
			args := strings.Fields(line)
			for i, a := range args {
				if version, ok := strings.CutPrefix(a, "CHART/"); ok {
					args[i] = ours.Charts[version]
				}
			}
			want, got := theirs.Must(theirs.Helm4(args...)), ours.Must(ours.Pintle(args...))
			if strings.Contains(line, "-o ") {
				want, got = shape(t, want), shape(t, got)
			}
			if diff := cmp.Diff(timeless(want, theirs), timeless(got, ours)); diff != "" {
				t.Errorf("-helm +pintle\n%s", diff)
			}
		})
	}
}

// TestReleaseFailsWhereHelmFails holds that what is wrong for Helm is wrong for us, and that nothing is printed on
// stdout that Helm does not print.
func TestReleaseFailsWhereHelmFails(t *testing.T) {
	t.Parallel()
	peer.Helm(t)
	b := workbench.New(t, "configmap")
	b.Must(b.Pintle("install", "web", b.Charts["1.0.0"]))
	b.Must(b.Helm4("install", "gone", b.Charts["1.0.0"]))
	b.Must(b.Helm4("uninstall", "gone", "--keep-history"))
	for _, line := range []string{
		"status nothing", "status nothing -o json", "history nothing", "history nothing -o json", "get values nothing", "get all nothing -o json", "get manifest nothing", "get notes nothing", "get hooks nothing",
		"get metadata nothing", "test nothing", "rollback nothing", "rollback nothing 1", "rollback web 99", "rollback web -1", "rollback web x", "uninstall nothing", "uninstall gone --keep-history",
		"upgrade nothing CHART/1.0.0", "upgrade gone CHART/1.0.0", "install web CHART/1.0.0", "install gone CHART/1.0.0", "install Bad_Name CHART/1.0.0", "upgrade Bad_Name CHART/1.0.0 --install",
		"install a-name-that-has-more-than-the-fifty-three-characters-allowed CHART/1.0.0", "install web2 ./no/such/chart", "install CHART/1.0.0", "install web CHART/1.0.0 --generate-name", "install", "upgrade web",
		"history", "status", "get values", "test", "uninstall", "rollback", "list web", "list -o xml", "status web -o xml", "get values web -o xml", "history web -o xml", "install web2 CHART/1.0.0 -o xml",
		"list -f [", "list -l =,", "status web --revision 99", "get values web --revision 99", "get all web --revision 99 --template {{.Release.Name}}", "get all web --template {{", "install web2 CHART/1.0.0 --labels name=x",
		"upgrade web CHART/1.0.0 --labels owner=x", "install web2 CHART/1.0.0 --wait=often", "install web2 CHART/1.0.0 --dry-run=sometimes", "install web2 CHART/1.0.0 --server-side=perhaps",
		"install web2 CHART/1.0.0 -f no-such-file.yaml", "install web2 CHART/1.0.0 --hide-secret", "install web2 CHART/1.0.0 --timeout soon", "uninstall web --cascade maybe",
	} {
		t.Run(line, func(t *testing.T) {
			args := strings.Fields(line)
			for i, a := range args {
				if version, ok := strings.CutPrefix(a, "CHART/"); ok {
					args[i] = b.Charts[version]
				}
			}
			theirs, ours := b.Helm4(args...), b.Pintle(args...)
			if theirs.Code == 0 || ours.Code == 0 {
				t.Errorf("Helm ends with %d, pintle with %d\n%s%s", theirs.Code, ours.Code, theirs.Stderr, ours.Stderr)
			}
			if ours.Stdout != "" {
				t.Errorf("pintle prints %q, Helm %q", ours.Stdout, theirs.Stdout)
			}
		})
	}
	if got := b.Must(b.Helm4("list", "-q")); got != "gone\nweb\n" {
		t.Errorf("what failed has left %q", got)
	}
}

var moment = regexp.MustCompile(`(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}|\d{4}-\d\d-\d\dT[\d:.]+Z`)

func timeless(text string, b *workbench.Bench) string {
	return strings.ReplaceAll(moment.ReplaceAllString(text, "TIME"), b.Namespace, "NAMESPACE")
}

// shape leaves the parts of a printed record that depend on files' times out.
func shape(t *testing.T, text string) string {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return regexp.MustCompile(`(?m)^ *-? ?modtime: .*\n|^ *schemamodtime: .*\n`).ReplaceAllString(text, "")
	}
	strip(v)
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func strip(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "modtime")
		delete(v, "schemamodtime")
		for _, child := range v {
			strip(child)
		}
	case []any:
		for _, child := range v {
			strip(child)
		}
	}
}
