package lint

// example is what a rule finds and what to write in its place.
type example struct{ bad, good string }

var examples = map[string]example{
	"autoscaler/replicas": {
		"  replicas: {{ .Values.replicas }}",
		"  {{- if not .Values.autoscaling.enabled }}\n  replicas: {{ .Values.replicas }}\n  {{- end }}",
	},
	"budget/blocks-drain": {
		"  minAvailable: 1      # of one replica",
		"  maxUnavailable: 1",
	},
	"chart/app-version-type": {"appVersion: 1.10", `appVersion: "1.10"`},
	"config/no-rollout": {
		"  template:\n    metadata:\n      labels: {app: web}",
		"  template:\n    metadata:\n      annotations:\n        checksum/config: {{ include (print $.Template.BasePath \"/configmap.yaml\") . | sha256sum }}",
	},
	"dependency/version": {"- {name: redis, version: ^18, repository: ..., alias: cache}      # charts/redis-17.0.0.tgz", "- {name: redis, version: ^17, repository: ..., alias: cache}"},
	"hook/delete-policy": {
		"    helm.sh/hook: pre-upgrade",
		"    helm.sh/hook: pre-upgrade\n    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded",
	},
	"image/latest": {"          image: nginx:latest", "          image: nginx:1.29.1"},
	"object/long-release": {
		"  name: {{ .Release.Name }}-{{ .Chart.Name }}",
		"  name: {{ printf \"%s-%s\" .Release.Name .Chart.Name | trunc 63 | trimSuffix \"-\" }}",
	},
	"probe/port": {
		"          ports: [{name: http, containerPort: 8080}]\n          readinessProbe: {httpGet: {path: /, port: web}}",
		"          ports: [{name: http, containerPort: 8080}]\n          readinessProbe: {httpGet: {path: /, port: http}}",
	},
	"rbac/namespace": {
		"subjects:\n- {kind: ServiceAccount, name: web}",
		"subjects:\n- {kind: ServiceAccount, name: web, namespace: {{ .Release.Namespace }}}",
	},
	"schema/duplicate": {
		"          env:\n          - {name: LEVEL, value: info}\n          - {name: LEVEL, value: debug}",
		"          env:\n          - {name: LEVEL, value: debug}",
	},
	"schema/quantity": {"          resources: {requests: {memory: 100 MB}}", "          resources: {requests: {memory: 100M}}"},
	"schema/type": {
		"          - name: PORT\n            value: {{ .Values.port }}",
		"          - name: PORT\n            value: {{ .Values.port | quote }}",
	},
	"selector/version": {
		"    matchLabels: {app: web, helm.sh/chart: web-1.2.3}",
		"    matchLabels: {app: web}",
	},
	"service/port": {
		"  ports: [{port: 80, targetPort: web}]      # the container's port is named http",
		"  ports: [{port: 80, targetPort: http}]",
	},
	"template/exponent": {
		"  max-size: {{ .Values.maxSize | quote }}        # 1000000 becomes \"1e+06\"",
		"  max-size: {{ .Values.maxSize | int64 | quote }}",
	},
	"values/ambiguous": {"country: no\nmode: 0755\ntag: 1.10", "country: \"no\"\nmode: \"0755\"\ntag: \"1.10\""},
	"workload/limit-below-request": {
		"          resources: {requests: {cpu: 2}, limits: {cpu: 1500m}}",
		"          resources: {requests: {cpu: 1}, limits: {cpu: 1500m}}",
	},
}
