package cmd

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pintle-ci/pintle/deployer/kube/kubetest"
)

// workbench is a namespace of the sandbox, a chart in three versions, and the
// three tools that work on its releases.
type workbench struct {
	t                      *testing.T
	namespace, kubeconfig  string
	driver                 string // "secret" or "configmap"
	charts                 map[string]string
	helm4, helm3, helmHome string
	images                 map[string]string // how it behaves -> reference
}

func newWorkbench(t *testing.T, driver string) *workbench {
	t.Helper()
	kubeconfig, _ := kubetest.Cluster(t)
	b := &workbench{
		t: t, kubeconfig: kubeconfig, driver: driver, charts: map[string]string{}, helmHome: t.TempDir(),
		helm4: tool(t, "HELM", "helm"), helm3: tool(t, "HELM3", "helm3"),
	}
	b.namespace = kubetest.Namespace(t)
	b.images = map[string]string{
		"ready": kubetest.Image(t, "walk/ready:1", kubetest.Script{}),
		"never": kubetest.Image(t, "walk/never:1", kubetest.Script{NeverReady: true}),
		"exit0": kubetest.Image(t, "walk/exit0:1", kubetest.Script{ExitAfter: 1, Log: []string{"all is well"}}),
		"exit1": kubetest.Image(t, "walk/exit1:1", kubetest.Script{ExitAfter: 1, ExitCode: 1, Log: []string{"all is lost"}}),
	}
	for _, version := range []string{"1.0.0", "1.1.0", "2.0.0"} {
		b.charts[version] = b.writeChart(version)
	}
	return b
}

// tool is the program that a variable names, or one of bin/tools.
func tool(t *testing.T, variable, name string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		path = filepath.Join("..", "bin", "tools", name)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(absolute); err != nil {
		t.Skipf("no %s: set $%s, or `make bin/tools/%[1]s`", name, variable)
	}
	return absolute
}

// chartFiles is the chart of the tests: everything that a record keeps, and
// values that make it fail.
func (b *workbench) chartFiles(version string) map[string]string {
	files := map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: walker\nversion: " + version + "\nappVersion: \"" + version + "\"\nannotations: {team: shop}\n" +
			"dependencies: [{name: sub, version: 0.1.0, repository: \"\", condition: sub.enabled}]\n",
		"charts/sub/Chart.yaml":          "apiVersion: v2\nname: sub\nversion: 0.1.0\n",
		"charts/sub/values.yaml":         "enabled: true\nword: under\n",
		"charts/sub/templates/conf.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-sub}\ndata: {word: {{ .Values.word | quote }}}\n",
		"values.yaml": "greeting: hello\nreplicas: 1\nextra: false\nkeep: false\nselector: one\nimage: " + b.images["ready"] + "\n" +
			"hook: " + b.images["exit0"] + "\ntest: " + b.images["exit0"] + "\nnested: {a: 1, b: {c: two}}\nsub: {enabled: true}\n",
		"templates/NOTES.txt":       "{{ .Release.Name }} says {{ .Values.greeting }} as revision {{ .Release.Revision }}.\n",
		"templates/deployment.yaml": walkerDeployment,
		"templates/service.yaml":    "apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }}}\nspec:\n  selector: {app: {{ .Release.Name }}}\n  ports: [{name: http, port: 80}]\n",
		"templates/config.yaml":     "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata:\n  greeting: {{ .Values.greeting | quote }}\n  nested: {{ toJson .Values.nested | quote }}\n",
		"templates/secret.yaml":     "apiVersion: v1\nkind: Secret\nmetadata: {name: {{ .Release.Name }}}\nstringData: {word: {{ .Values.greeting | quote }}}\n",
		"templates/optional.yaml": "{{ if .Values.extra }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-extra}\n{{ end }}\n---\n" +
			"{{ if .Values.keep }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-keep, annotations: {helm.sh/resource-policy: keep}}\n{{ end }}\n",
		"templates/hook-first.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-first\n  annotations: {helm.sh/hook: \"pre-install,pre-upgrade\", helm.sh/hook-weight: \"-5\"}\ndata: {greeting: {{ .Values.greeting | quote }}}\n",
		"templates/hook-job.yaml":   walkerJob,
		"templates/test.yaml": "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}-test\n  annotations: {helm.sh/hook: test}\n" +
			"spec:\n  restartPolicy: Never\n  containers: [{name: main, image: {{ .Values.test }}}]\n",
	}
	switch version {
	case "1.1.0": // a new object, a field that goes
		files["templates/account.yaml"] = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: {{ .Release.Name }}}\n"
		files["templates/config.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}, labels: {version: \"1.1\"}}\ndata:\n  greeting: {{ .Values.greeting | quote }}\n"
	case "2.0.0": // an object that goes, a changed field of a list (not its key: Helm 3 leaves the old one behind after a failure)
		delete(files, "templates/secret.yaml")
		files["templates/service.yaml"] = strings.ReplaceAll(files["templates/service.yaml"], "port: 80", "port: 80, targetPort: 8080")
	}
	return files
}

const walkerDeployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, labels: {app: {{ .Release.Name }}}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}, selector: {{ .Values.selector }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}, selector: {{ .Values.selector }}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: main
        image: {{ .Values.image }}
        readinessProbe: {httpGet: {path: /, port: 80}}
`

const walkerJob = `apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-job
  annotations: {helm.sh/hook: "pre-upgrade", helm.sh/hook-delete-policy: "before-hook-creation,hook-succeeded"}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: {{ .Values.hook }}}]
`

func (b *workbench) writeChart(version string) string {
	b.t.Helper()
	dir := b.t.TempDir()
	for name, text := range b.chartFiles(version) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
	return dir
}

// said is what a command printed and how it ended.
type said struct {
	stdout, stderr string
	code           int
}

// pintle runs "pintle release ARGS" in this process.
func (b *workbench) pintle(args ...string) said {
	b.t.Helper()
	var out, err bytes.Buffer
	all := slices.Concat([]string{"pintle", "release"}, args, []string{"-n", b.namespace, "--kubeconfig", b.kubeconfig, "--driver", b.driver})
	code := run(b.t.Context(), all, env{stdin: strings.NewReader(""), stdout: &out, stderr: &err, getenv: os.Getenv})
	return said{out.String(), err.String(), code}
}

// helm runs a Helm, the one at path.
func (b *workbench) helm(path string, args ...string) said {
	b.t.Helper()
	var out, stderr bytes.Buffer
	cmd := exec.CommandContext(context.WithoutCancel(b.t.Context()), path, append(args, "-n", b.namespace, "--kubeconfig", b.kubeconfig)...)
	cmd.Env = append(os.Environ(), "HELM_DRIVER="+b.driver, "HELM_CACHE_HOME="+b.helmHome, "HELM_CONFIG_HOME="+b.helmHome, "HELM_DATA_HOME="+b.helmHome)
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return said{out.String(), stderr.String(), exit.ExitCode()}
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return said{out.String(), stderr.String(), 0}
}

// must fails the test unless a command has ended well, and returns its result.
func (b *workbench) must(s said) string {
	b.t.Helper()
	if s.code != 0 {
		b.t.Fatalf("exit code %d\n%s%s", s.code, s.stdout, s.stderr)
	}
	return s.stdout
}
