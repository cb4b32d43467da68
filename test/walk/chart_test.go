package walk_test

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/pintle-ci/pintle/test/workbench"
)

// addHooks gives the charts of a walk a hook for every event, at least, with all delete policies; versions add, drop
// and reweigh some.
func (w *walker) addHooks() {
	w.T.Helper()
	for version, dir := range w.Charts {
		files := map[string]string{
			"post.yaml": walkerHook("post", "post-install,post-upgrade,post-rollback", "3", "before-hook-creation,hook-succeeded"),
			"back.yaml": walkerHook("back", "pre-rollback", "0", "hook-failed,before-hook-creation"),
			"bye.yaml":  walkerHook("bye", "pre-delete,post-delete", "0", "before-hook-creation,hook-succeeded"),
			"gate.yaml": walkerGate,

			"deployment.yaml": walkerFields(version),
		}
		switch version {
		case "1.1.0":
			files["second.yaml"] = walkerHook("second", "pre-upgrade,pre-install", "-5", "before-hook-creation,hook-succeeded") // as heavy as the first: by name
			files["test-two.yaml"] = walkerSecondTest
			files["hook-job.yaml"] = strings.Replace(workbench.Job, "hook-succeeded", "hook-succeeded,hook-failed", 1) // goes also when it has failed an upgrade
		case "2.0.0":
			files["post.yaml"] = walkerHook("post", "post-install,post-upgrade,post-rollback", "-1", "")
			files["last.yaml"] = walkerHook("last", "post-upgrade", "7", "hook-succeeded,before-hook-creation")
			if err := os.Remove(filepath.Join(dir, "templates", "hook-first.yaml")); err != nil {
				w.T.Fatal(err)
			}
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, "templates", name), []byte(text), 0o644); err != nil {
				w.T.Fatal(err)
			}
		}
	}
}

// walkerFields is the Deployment of a version, with labels, annotations, arguments and variables that come and go.
func walkerFields(version string) string {
	labels := map[string]string{"1.0.0": "tier: back", "1.1.0": "tier: back, part: shop", "2.0.0": "part: shop"}[version]
	container := map[string]string{
		"1.0.0": "args: [serve]\n        env: [{name: ONE, value: \"1\"}]",
		"1.1.0": "args: [serve, --more]\n        env: [{name: ONE, value: \"1\"}, {name: TWO, value: two}]",
		"2.0.0": "env: [{name: TWO, value: \"2\"}]",
	}[version]
	return strings.NewReplacer(
		"labels: {app: {{ .Release.Name }}}", "labels: {app: {{ .Release.Name }}, "+labels+"}",
		"metadata: {labels: {app: {{ .Release.Name }}, ", "metadata: {annotations: {"+labels+"}, labels: {app: {{ .Release.Name }}, "+labels+", ",
		"name: main\n", "name: main\n        "+container+"\n",
	).Replace(workbench.Deployment)
}

// walkerHook is a hook that succeeds as soon as it is there.
func walkerHook(name, events, weight, policy string) string {
	note := ""
	if policy != "" {
		note = ", helm.sh/hook-delete-policy: \"" + policy + "\""
	}
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-" + name +
		"\n  annotations: {helm.sh/hook: \"" + events + "\", helm.sh/hook-weight: \"" + weight + "\"" + note + "}\n"
}

// walkerGate fails an install if it is told to.
const walkerGate = `apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-gate
  annotations: {helm.sh/hook: pre-install, helm.sh/hook-weight: "2", helm.sh/hook-delete-policy: "before-hook-creation,hook-failed"}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: {{ .Values.hook }}}]
`

const walkerSecondTest = `apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-another
  annotations: {helm.sh/hook: test-success, helm.sh/hook-weight: "1", helm.sh/hook-delete-policy: "hook-succeeded,before-hook-creation"}
spec:
  restartPolicy: Never
  containers: [{name: main, image: {{ .Values.hook }}}]
`
