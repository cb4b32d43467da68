{{/* The chart's name. */}}
{{- define "<CHARTNAME>.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of objects: the release's, with the chart's unless it is in it. */}}
{{- define "<CHARTNAME>.fullname" -}}
{{- $name := include "<CHARTNAME>.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/*
What the pods are selected by. A Deployment's selector can never be changed, so
nothing may stand here that changes: no version, no value that users set.
*/}}
{{- define "<CHARTNAME>.selectorLabels" -}}
app.kubernetes.io/name: {{ include "<CHARTNAME>.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* The same of the test's pod: not those of the others, or the Service would send requests to it. */}}
{{- define "<CHARTNAME>.testLabels" -}}
app.kubernetes.io/name: {{ include "<CHARTNAME>.name" . | trunc 58 | trimSuffix "-" }}-test
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Labels of every object but the test. */}}
{{- define "<CHARTNAME>.labels" -}}
{{ include "<CHARTNAME>.selectorLabels" . }}
{{ include "<CHARTNAME>.commonLabels" . }}
{{- end }}

{{/* Labels that no selector knows. */}}
{{- define "<CHARTNAME>.commonLabels" -}}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "<CHARTNAME>.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "<CHARTNAME>.fullname" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{/* repository@digest, or repository:tag. */}}
{{- define "<CHARTNAME>.image" -}}
{{- with .Values.image }}
{{- if .digest }}
{{- printf "%s@%s" .repository .digest }}
{{- else }}
{{- printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) }}
{{- end }}
{{- end }}
{{- end }}

{{/* A probe: the default's httpGet gives way to what values ask with instead. */}}
{{- define "<CHARTNAME>.probe" -}}
{{- if gt (len (pick . "exec" "grpc" "tcpSocket")) 1 }}
{{- fail "a probe asks in one way: httpGet, exec, grpc or tcpSocket" }}
{{- end }}
{{- if or .tcpSocket .exec .grpc }}
{{- omit . "httpGet" | toYaml }}
{{- else }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* How many pods there are at least. */}}
{{- define "<CHARTNAME>.minReplicas" -}}
{{- if .Values.autoscaling.enabled }}
{{- .Values.autoscaling.minReplicas }}
{{- else }}
{{- .Values.replicaCount }}
{{- end }}
{{- end }}
