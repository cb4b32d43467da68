package lint

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/pintle-ci/pintle/internal/kubeschema"
)

// account finds a service account that the chart does not make.
func (r *relations) account(p *pods) {
	field := "serviceAccountName"
	if text(p.spec[field]) == "" {
		field = "serviceAccount"
	}
	name := text(p.spec[field])
	if name != "" && name != "default" && r.named["ServiceAccount/"+name] == nil {
		r.add("reference/service-account", p.file, p.at("spec", field), "%s runs as the service account %s, which the chart does not make", p.object, name)
	}
}

// binding finds subjects and roles that are incomplete or not there.
func (r *relations) binding(o *object) {
	for i, subject := range mapsAt(o.fields, "subjects") {
		if text(subject["kind"]) != "ServiceAccount" {
			continue
		}
		name, namespace := text(subject["name"]), text(subject["namespace"])
		line := o.line("subjects", "["+strconv.Itoa(i)+"]", "name")
		switch {
		case namespace == "" && o.kind == "ClusterRoleBinding": // a RoleBinding's own is meant otherwise
			r.add("rbac/namespace", o.file, line, "%s: the service account %s has no namespace", o, name)
		case name != "default" && namespace == r.namespaceOf(&object{}) && r.named["ServiceAccount/"+name] == nil:
			r.add("rbac/subject", o.file, line, "%s: the chart does not make the service account %s", o, name)
		}
	}
	kind, name := text(at(o.fields, "roleRef", "kind")), text(at(o.fields, "roleRef", "name"))
	outside := strings.HasPrefix(name, "system:") || slices.Contains([]string{"cluster-admin", "admin", "edit", "view"}, name) ||
		kind == "Role" && (r.namespaceOf(o) == "kube-system" || r.namespaceOf(o) != r.namespaceOf(&object{})) // kube-system has roles of its own
	if name != "" && !outside && r.named[kind+"/"+name] == nil {
		r.add("rbac/role", o.file, o.line("roleRef", "name"), "%s: the chart does not make the %s %s", o, kind, name)
	}
}

// reference is a pod's use of a ConfigMap or a Secret.
type reference struct {
	kind, name string
	keys       []string // that must be there
	optional   bool
	by         string // Deployment/web, container web
	line       int    // of the name
	keyLine    int
}

// keys finds references to keys that a ConfigMap or Secret of the chart does not
// have, and to names that the chart has but for a slip.
func (r *relations) keys(p *pods) {
	for _, ref := range p.references() {
		if ref.optional {
			continue
		}
		for _, key := range ref.keys {
			if target := r.lacks(ref.kind, ref.name, key); target != nil {
				r.add("reference/key", p.file, ref.keyLine, "%s: %s has no key %q", ref.by, target, key)
			}
		}
		if ref.name == "" || r.named[ref.kind+"/"+ref.name] != nil {
			continue
		}
		for _, o := range r.objects {
			if o.kind == ref.kind && misspelt(ref.name, o.name) {
				r.add("reference/name", p.file, ref.line, "%s: the chart does not make the %s %s: did you mean %s?", ref.by, ref.kind, ref.name, o.name)
				break
			}
		}
	}
}

// misspelt reports whether two names are one but for a slip: another sign between
// the words, or a letter or two in one long word. A name with a word more or less
// is another's: cert-manager and operators make Secrets beside the chart's.
func misspelt(name, known string) bool {
	words, knownWords := nameWords(name), nameWords(known)
	if strings.EqualFold(strings.Join(words, ""), strings.Join(knownWords, "")) {
		return true
	}
	if len(words) != len(knownWords) {
		return false
	}
	different := 0
	for i, word := range words {
		if word == knownWords[i] {
			continue
		}
		if different++; min(len(word), len(knownWords[i])) < 4 || different > 1 || kubeschema.Nearest(word, knownWords[i:i+1]) == "" {
			return false
		}
	}
	return true
}

func nameWords(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '.' || r == '_' })
}

// lacks is the chart's object if that has data, but not under this key. One
// without any is filled later, by somebody else.
func (r *relations) lacks(kind, name, key string) *object {
	o := r.named[kind+"/"+name]
	if o == nil || key == "" {
		return nil
	}
	size := 0
	for _, section := range []string{"data", "stringData", "binaryData"} {
		data := mapAt(o.fields, section)
		if _, ok := data[key]; ok {
			return nil
		}
		size += len(data)
	}
	if size == 0 {
		return nil
	}
	return o
}

// rolling finds pods that keep running with an old ConfigMap: nothing in their
// template changes with it.
func (r *relations) rolling(p *pods) {
	if !p.isApps() || p.hook || p.kind == "ReplicaSet" || reloads(p) {
		return
	}
	var used []string
	for _, name := range p.configMaps() {
		if o := r.named["ConfigMap/"+name]; o != nil && !o.hook {
			used = append(used, name)
		}
	}
	if len(used) > 0 {
		r.add("config/no-rollout", p.file, p.at("metadata", "annotations"), "%s uses %s and is not restarted when that changes", p.object, strings.TrimPrefix(listed("", used), " "))
	}
}

// reloads reports whether an annotation names a checksum or a reloading controller,
// or a container beside the others tells them of changes: configmap-reload,
// prometheus-config-reloader, k8s-sidecar.
func reloads(p *pods) bool {
	for _, c := range p.containers() {
		image := path.Base(text(c.fields["image"]))
		if strings.Contains(image, "reload") || strings.HasPrefix(image, "k8s-sidecar") {
			return true
		}
	}
	for _, annotations := range []map[string]any{mapAt(p.template, "metadata", "annotations"), mapAt(p.fields, "metadata", "annotations"), p.labels()} {
		for key, value := range annotations {
			key = strings.ToLower(key)
			if strings.Contains(key, "checksum") || strings.Contains(key, "hash") || strings.Contains(key, "sha") ||
				strings.Contains(key, "reload") || len(text(value)) == 64 {
				return true
			}
		}
	}
	return false
}

// configMaps are the names of those that the pods mount or read.
func (p *pods) configMaps() []string {
	var list []string
	for _, ref := range p.references() {
		if ref.kind == "ConfigMap" {
			list = append(list, ref.name)
		}
	}
	return list
}

// references are all uses of ConfigMaps and Secrets, as environment and as files.
func (p *pods) references() []reference {
	var list []reference
	for i, volume := range mapsAt(p.spec, "volumes") {
		at := []string{"spec", "volumes", "[" + strconv.Itoa(i) + "]"}
		list = append(list, p.source(volume, "configMap", "secret", at)...)
		for j, source := range mapsAt(volume, "projected", "sources") {
			list = append(list, p.source(source, "configMap", "secret", slices.Concat(at, []string{"projected", "sources", "[" + strconv.Itoa(j) + "]"}))...)
		}
	}
	for _, c := range p.containers() {
		var own []reference
		for i, from := range mapsAt(c.fields, "envFrom") {
			own = append(own, p.source(from, "configMapRef", "secretRef", c.below("envFrom", "["+strconv.Itoa(i)+"]"))...)
		}
		for i, env := range mapsAt(c.fields, "env") {
			own = append(own, p.source(mapAt(env, "valueFrom"), "configMapKeyRef", "secretKeyRef", c.below("env", "["+strconv.Itoa(i)+"]", "valueFrom"))...)
		}
		for i := range own {
			own[i].by = c.String()
		}
		list = append(list, own...)
	}
	return list
}

// source is what a source of values or files at a place in the template names.
func (p *pods) source(source map[string]any, configMap, secret string, place []string) []reference {
	var list []reference
	for _, kind := range []struct{ name, field string }{{"ConfigMap", configMap}, {"Secret", secret}} {
		fields := mapAt(source, kind.field)
		if fields == nil {
			continue
		}
		line := func(field string) int { return p.at(slices.Concat(place, []string{kind.field, field})...) }
		ref := reference{kind: kind.name, name: text(fields["name"]), optional: fields["optional"] == true, by: p.object.String(), line: line("name"), keyLine: line("key")}
		if ref.name == "" {
			ref.name, ref.line = text(fields["secretName"]), line("secretName")
		}
		if key := text(fields["key"]); key != "" {
			ref.keys = append(ref.keys, key)
		}
		for _, item := range mapsAt(fields, "items") {
			ref.keys, ref.keyLine = append(ref.keys, text(item["key"])), line("items")
		}
		list = append(list, ref)
	}
	return list
}

// hookPolicy finds hooks that stay in the cluster after they have done their work.
func (l *linter) hookPolicy(o *object) {
	annotations := mapAt(o.fields, "metadata", "annotations")
	if o.hook && (o.kind == "Job" || o.kind == "Pod") && annotations["helm.sh/hook-delete-policy"] == nil {
		l.add("hook/delete-policy", o.file, o.line("metadata", "annotations"), "%s stays in the cluster until it runs again", o)
	}
}
