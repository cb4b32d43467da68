package lint

import (
	"slices"
	"strconv"
	"strings"
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
		kind == "Role" && r.namespaceOf(o) != r.namespaceOf(&object{}) // kube-system has roles of its own
	if name != "" && !outside && r.named[kind+"/"+name] == nil {
		r.add("rbac/role", o.file, o.line("roleRef", "name"), "%s: the chart does not make the %s %s", o, kind, name)
	}
}

// keys finds keys of ConfigMaps and Secrets of the chart that these do not have.
func (r *relations) keys(p *pods) {
	for _, c := range p.containers() {
		for i, env := range mapsAt(c.fields, "env") {
			for field, kind := range map[string]string{"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"} {
				ref := mapAt(env, "valueFrom", field)
				if ref == nil || ref["optional"] == true {
					continue
				}
				if target := r.lacks(kind, text(ref["name"]), text(ref["key"])); target != nil {
					r.add("reference/key", p.file, c.field("env", "["+strconv.Itoa(i)+"]", "valueFrom", field, "key"),
						"%s: %s has no key %q", c, target, text(ref["key"]))
				}
			}
		}
	}
	for i, volume := range mapsAt(p.spec, "volumes") {
		for field, kind := range map[string]string{"configMap": "ConfigMap", "secret": "Secret"} {
			source := mapAt(volume, field)
			name := text(firstOf(source["name"], source["secretName"]))
			for _, item := range mapsAt(source, "items") {
				if target := r.lacks(kind, name, text(item["key"])); target != nil && source["optional"] != true {
					r.add("reference/key", p.file, p.at("spec", "volumes", "["+strconv.Itoa(i)+"]", field, "items"),
						"%s: %s has no key %q", p.object, target, text(item["key"]))
				}
			}
		}
	}
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

// reloads says whether an annotation names a checksum or a reloading controller.
func reloads(p *pods) bool {
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
	for _, volume := range mapsAt(p.spec, "volumes") {
		list = append(list, text(at(volume, "configMap", "name")))
		for _, source := range mapsAt(volume, "projected", "sources") {
			list = append(list, text(at(source, "configMap", "name")))
		}
	}
	for _, c := range p.containers() {
		for _, from := range mapsAt(c.fields, "envFrom") {
			list = append(list, text(at(from, "configMapRef", "name")))
		}
		for _, env := range mapsAt(c.fields, "env") {
			list = append(list, text(at(env, "valueFrom", "configMapKeyRef", "name")))
		}
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
