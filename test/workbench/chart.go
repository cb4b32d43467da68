package workbench

import (
	"os"
	"path/filepath"
	"strings"
)

// chartFiles is the chart of the tests: everything that a record keeps, and values that make it fail.
func (b *Bench) chartFiles(version string) map[string]string {
	files := map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: walker\nversion: " + version + "\nappVersion: \"" + version + "\"\nannotations: {team: shop}\n" +
			"dependencies: [{name: sub, version: 0.1.0, repository: \"\", condition: sub.enabled}]\n",
		"charts/sub/Chart.yaml":          "apiVersion: v2\nname: sub\nversion: 0.1.0\n",
		"charts/sub/values.yaml":         "enabled: true\nword: under\n",
		"charts/sub/templates/conf.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-sub}\ndata: {word: {{ .Values.word | quote }}}\n",
		"values.yaml": "greeting: hello\nreplicas: 1\nextra: false\nkeep: false\nselector: one\nimage: " + b.Images["ready"] + "\n" +
			"hook: " + b.Images["exit0"] + "\ntest: " + b.Images["exit0"] + "\nnested: {a: 1, b: {c: two}}\nsub: {enabled: true}\n",
		"templates/NOTES.txt":       "{{ .Release.Name }} says {{ .Values.greeting }} as revision {{ .Release.Revision }}.\n",
		"templates/deployment.yaml": Deployment,
		"templates/service.yaml":    "apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }}}\nspec:\n  selector: {app: {{ .Release.Name }}}\n  ports: [{name: http, port: 80}]\n",
		"templates/config.yaml":     "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata:\n  greeting: {{ .Values.greeting | quote }}\n  nested: {{ toJson .Values.nested | quote }}\n",
		"templates/secret.yaml":     "apiVersion: v1\nkind: Secret\nmetadata: {name: {{ .Release.Name }}}\nstringData: {word: {{ .Values.greeting | quote }}}\n",
		"templates/optional.yaml": "{{ if .Values.extra }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-extra}\n{{ end }}\n---\n" +
			"{{ if .Values.keep }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-keep, annotations: {helm.sh/resource-policy: keep}}\n{{ end }}\n",
		"templates/hook-first.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-first\n  annotations: {helm.sh/hook: \"pre-install,pre-upgrade\", helm.sh/hook-weight: \"-5\"}\ndata: {greeting: {{ .Values.greeting | quote }}}\n",
		"templates/hook-job.yaml":   Job,
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

// Deployment is the template of the chart's Deployment.
const Deployment = `apiVersion: apps/v1
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

// Job is the template of a hook.
const Job = `apiVersion: batch/v1
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

func (b *Bench) writeChart(version string) string {
	b.T.Helper()
	dir := b.T.TempDir()
	for name, text := range b.chartFiles(version) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.T.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			b.T.Fatal(err)
		}
	}
	return dir
}
