package lint

import (
	"regexp"
	"strings"
)

// podSpec is the spec of the pods that the object makes, or nil.
func (o object) podSpec() map[string]any {
	path := []string{"spec", "template", "spec"}
	switch o.kind {
	case "Pod":
		path = []string{"spec"}
	case "CronJob":
		path = []string{"spec", "jobTemplate", "spec", "template", "spec"}
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job":
	default:
		return nil
	}
	spec, _ := at(o.fields, path...).(map[string]any)
	return spec
}

func (l *linter) pod(o object, spec map[string]any) {
	ready := false
	for _, section := range []string{"initContainers", "containers"} {
		for _, c := range listAt(spec, section) {
			container, _ := c.(map[string]any)
			l.container(o, container)
			ready = ready || container["readinessProbe"] != nil
		}
	}
	if serves := o.isApps() && !o.hook; serves && !ready && len(listAt(spec, "containers")) > 0 {
		l.add("workload/probes", o.file, o.line("containers:"), "%s has no readiness probe", o)
	}
}

func (l *linter) container(o object, container map[string]any) {
	name, image := text(container["name"]), text(container["image"])
	line := o.line("image:")
	switch tag, ok := imageTag(image); {
	case !ok:
		l.add("image/invalid", o.file, line, "%s, container %s: the image %q is no reference of an image", o, name, image)
	case tag == "":
		l.add("image/untagged", o.file, line, "%s, container %s: the image %s has no tag", o, name, image)
	case tag == "latest":
		l.add("image/latest", o.file, line, "%s, container %s: the image is %s", o, name, image)
	}
	resources, _ := container["resources"].(map[string]any)
	if len(resources) == 0 && !o.hook {
		l.add("workload/resources", o.file, o.line("resources:"), "%s, container %s has no resources", o, name)
	}
}

var imageReference = regexp.MustCompile(`^([A-Za-z0-9.-]+(:[0-9]+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@[a-z0-9]+:[0-9a-f]{32,})?$`)

// imageTag is the tag of an image, or its digest, which is better than a tag.
func imageTag(image string) (tag string, ok bool) {
	if !imageReference.MatchString(image) {
		return "", false
	}
	if _, digest, pinned := strings.Cut(image, "@"); pinned {
		return digest, true
	}
	_, tag, _ = strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	return tag, true
}
