package cmd

import "maps"

// page is what a command's help tells beside its flags. Each exit code that it may end with, besides 0, 1 and 3, stands
// here.
type page struct {
	about    string // plain sentences, of at most 25 words
	examples []string
	fails    string // what 4 means; empty: it does not end so
	changes  string // what 10 means; empty: it does not end so
	deploys  bool   // it may end with 5, 6, and by a signal
}

const appAbout = `One file, pintle.yaml, names the services, where they go and by which branch or tag.
"pintle init" writes it, "pintle check" checks it, "pintle run" does the whole job.
The job is: version, bump, lint, package, push, plan, deploy, test. Its reports are in build/pintle.
"pintle COMMAND --help" tells more of a command.`

func appExamples() []string {
	return []string{"pintle init", "pintle plan --environment dev", "pintle run"}
}

const (
	stepFailed = "a step before deploy failed; nothing was deployed by that service"
	asked      = "the cluster could not be asked, or refused"
	refused    = "it failed or was refused; nothing was changed"
)

// pages are the help of the commands, by path. A function and no variable: most commands print no help.
func pages() map[string]page {
	all := map[string]page{
		"sandbox": {
			about: "Starts a control plane of Kubernetes and a registry on this machine.\n" +
				"The program is pintle-sandbox: $PINTLE_SANDBOX, beside pintle, or on PATH. \"pintle sandbox --help\" shows its commands.",
			examples: []string{"pintle sandbox run -- pintle run"},
		},
		"completion": {
			about:    "Prints a script that completes commands and flags. The shell must read it once in each session.",
			examples: []string{"source <(pintle completion bash)", "pintle completion fish > ~/.config/fish/completions/pintle.fish"},
		},
	}
	maps.Copy(all, projectPages())
	maps.Copy(all, deployPages())
	maps.Copy(all, chartPages())
	maps.Copy(all, releasePages())
	return all
}

// projectPages are the commands that work with a pintle.yaml and no cluster.
func projectPages() map[string]page {
	return map[string]page{
		"init": {
			about: "Looks for charts, images and branches, and writes files that work as they are.\n" +
				"Files that exist are kept.",
			examples: []string{"pintle init", "pintle init --charts oci://registry.example.com/shop"},
		},
		"check": {
			about:    "Reads pintle.yaml and names every problem with its line and what to write. It asks no cluster and no registry.",
			examples: []string{"pintle check", "pintle check --schema > pintle.schema.json"},
		},
		"run": {
			about: "Takes each service through version, bump, lint, package, push, plan, deploy and test.\n" +
				"The branch or tag chooses the environment. Where none takes it, nothing is deployed.\n" +
				"Reports are written to build/pintle: events.jsonl, junit.xml, report.json and an HTML page.",
			examples: []string{"pintle run", "pintle run cart --environment dev"},
			fails:    stepFailed, deploys: true,
		},
		"version": {
			about: "With one version for all, or for one service, it prints just that version. Else it prints a line for each service: name, space, version.\n" +
				"Without a pintle.yaml there is one version for all, from tags as v1.2.3. docs/versions.md has the rules.",
			examples: []string{"pintle version", "pintle version cart --explain"},
			fails:    "the repository has no version to give",
		},
		"bump": {
			about: "It changes the bytes of the values alone, and doing it again changes nothing.\n" +
				"docs/releasing.md tells what it writes, and how a release is made.",
			examples: []string{"pintle bump --check", "pintle bump --release auto --commit"},
			fails:    "it failed or was refused", changes: "--check found files that would change",
		},
		"tag": {
			about: "The remote takes a tag only where it has none of that name, so that of two builds one wins.\n" +
				"A tag that is at this commit already is no error. git makes the tag and pushes it, with its own identity and credentials.\n" +
				"docs/releasing.md has the rules.",
			examples: []string{"pintle tag", "pintle tag --with-branch main"},
			fails:    "it failed or was refused",
		},
		"changelog": {
			about: "Prints Markdown for a release note: the changes since the release before.\n" +
				"The version is that of a tag at HEAD, or what --release gives. docs/releasing.md has the rules, and what a template may use.",
			examples: []string{"pintle changelog", "pintle changelog --release auto --write"},
			fails:    "the changes cannot be read or written",
		},
		"build": {
			about:    "Works out versions, writes them, lints and packages the charts. Nothing leaves this machine.",
			examples: []string{"pintle build", "pintle build cart"},
			fails:    "a step failed",
		},
		"publish": {
			about:    "Builds the charts and pushes them to the registry that pintle.yaml names.",
			examples: []string{"pintle publish"},
			fails:    "a step failed",
		},
		"report": {
			about:    "Reads events.jsonl and writes the other reports beside it. It also works after a run that was killed.",
			examples: []string{"pintle report build/pintle/events.jsonl"},
		},
	}
}

// deployPages are the commands that work with a pintle.yaml and its cluster.
func deployPages() map[string]page {
	const recovers = "Does what the next deploy would do first, and no more.\n" +
		"It takes over the lock of a dead job, marks its revision failed and deletes the hooks it left.\n" +
		"Then it brings the objects back to the last deployed revision, or removes a first install that did not end.\n" +
		"Nothing happens to a release that needs none of it."
	return map[string]page{
		"plan": {
			about: "Asks the cluster about every object and prints what a deploy would create, change and delete. Nothing is changed.\n" +
				"--out saves the plan, and \"pintle deploy --plan\" carries it out.",
			examples: []string{"pintle plan --environment prod", "pintle plan --environment prod --out plan.json --exit-code"},
			fails:    "a step failed, or the cluster would refuse an object", changes: "with --exit-code: there are changes",
		},
		"deploy": {
			about: "Renders the charts, plans and deploys them, without pushing them to a registry.\n" +
				"A deploy that fails is rolled back, unless pintle.yaml says otherwise.",
			examples: []string{"pintle deploy --environment dev", "pintle deploy --plan plan.json"},
			fails:    stepFailed, deploys: true,
		},
		"test": {
			about:    "Runs the charts' test hooks in the cluster, against what is deployed there.",
			examples: []string{"pintle test --environment dev", "pintle test cart --environment dev"},
			fails:    stepFailed, deploys: true,
		},
		"rollback": {
			about:    "Goes back to the last good revision, or to the one that is named, and waits until it is ready.",
			examples: []string{"pintle rollback cart --environment prod", "pintle rollback cart 3 --environment prod"},
			fails:    refused, deploys: true,
		},
		"uninstall": {
			about:    "Deletes the objects of services and their history. A service that is not deployed is no error, so that a clean-up job may run twice.",
			examples: []string{"pintle uninstall cart --environment preview"},
			fails:    refused, deploys: true,
		},
		"recover": {
			about:    recovers,
			examples: []string{"pintle recover --environment prod --dry-run", "pintle recover cart --environment prod"},
			fails:    refused, deploys: true,
		},
		"access": {
			about: "Lists what the account of a job must be allowed to do. That is enough to deploy the services, roll them back, test, uninstall and look at them. " +
				"It renders the charts as a deploy does, asks the cluster for its kinds, and changes nothing. With --yaml it prints a Role for each namespace, " +
				"a ClusterRole where objects have no namespace, and their bindings. docs/permissions.md has more.",
			examples: []string{"pintle access --environment prod", "pintle access --environment prod --yaml --service-account shop:pintle"},
			fails:    asked,
		},
		"status": {
			about:    "Prints a line for each service: revision, status, chart, and how many objects are ready.",
			examples: []string{"pintle status --environment prod", "pintle status cart --environment prod"},
			fails:    asked,
		},
		"history": {
			about:    "Prints a line for each revision that is kept, the oldest first.",
			examples: []string{"pintle history cart --environment prod"},
			fails:    asked,
		},
		"release recover": {
			about:    recovers,
			examples: []string{"pintle release recover web -n shop --dry-run", "pintle release recover web -n shop"},
			fails:    refused, deploys: true,
		},
	}
}
