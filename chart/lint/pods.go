package lint

import (
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
)

// pods are what the pods of an object look like.
type pods struct {
	*object
	path     []string // of the template, or of the Pod itself: empty
	template map[string]any
	spec     map[string]any
}

// pods is nil for an object that makes none.
func (o *object) pods() *pods {
	path := []string{"spec", "template"}
	switch o.kind {
	case "Pod":
		path = nil
	case "CronJob":
		path = []string{"spec", "jobTemplate", "spec", "template"}
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job":
	default:
		return nil
	}
	template := o.fields
	if path != nil {
		template = mapAt(o.fields, path...)
	}
	spec := mapAt(template, "spec")
	if spec == nil {
		return nil
	}
	return &pods{object: o, path: path, template: template, spec: spec}
}

// at is the line of a field of the pods' template.
func (p *pods) at(path ...string) int { return p.line(slices.Concat(p.path, path)...) }

func (p *pods) labels() map[string]any { return mapAt(p.template, "metadata", "labels") }

// container is one container of pods.
type container struct {
	*pods
	fields  map[string]any
	section string // containers, initContainers
	index   int
}

func (c container) name() string { return text(c.fields["name"]) }

// String names the container for humans.
func (c container) String() string { return c.object.String() + ", container " + c.name() }

// field is the line of a field of the container.
func (c container) field(path ...string) int { return c.at(c.below(path...)...) }

// below is the path of a field of the container in the pods' template.
func (c container) below(path ...string) []string {
	return slices.Concat([]string{"spec", c.section, "[" + strconv.Itoa(c.index) + "]"}, path)
}

// containers lists the init containers, then the others.
func (p *pods) containers() []container {
	var list []container
	for _, section := range []string{"initContainers", "containers"} {
		for i, fields := range mapsAt(p.spec, section) {
			if fields != nil {
				list = append(list, container{p, fields, section, i})
			}
		}
	}
	return list
}

// ports are the names and the numbers of the ports of all containers.
func (p *pods) ports() (names map[string]bool, numbers map[int64]bool) {
	names, numbers = map[string]bool{}, map[int64]bool{}
	for _, c := range p.containers() {
		for _, port := range mapsAt(c.fields, "ports") {
			names[text(port["name"])] = true
			if n, ok := port["containerPort"].(float64); ok {
				numbers[int64(n)] = true
			}
		}
	}
	return names, numbers
}

func (l *linter) pod(p *pods) {
	ready, names := false, map[string]bool{}
	for _, c := range p.containers() {
		if names[c.name()] {
			l.add("container/duplicate", p.file, c.field("name"), "%s stands twice in the pod", c)
		}
		names[c.name()] = true
		l.container(c)
		ready = ready || c.fields["readinessProbe"] != nil
	}
	if serves := p.isApps() && !p.hook; serves && !ready && len(listAt(p.spec, "containers")) > 0 {
		l.add("workload/probes", p.file, p.at("spec", "containers"), "%s has no readiness probe", p.object)
	}
	l.host(p)
	l.volumes(p)
}

func (l *linter) container(c container) {
	image := text(c.fields["image"])
	switch tag, ok := imageTag(image); {
	case !ok:
		l.add("image/invalid", c.file, c.field("image"), "%s: the image %q is no reference of an image", c, image)
	case tag == "":
		l.add("image/untagged", c.file, c.field("image"), "%s: the image %s has no tag", c, image)
	case tag == "latest":
		l.add("image/latest", c.file, c.field("image"), "%s: the image is %s", c, image)
	}
	if len(mapAt(c.fields, "resources")) == 0 && !c.hook {
		l.add("workload/resources", c.file, c.field("resources"), "%s has no resources", c)
	}
	l.limits(c)
	l.probes(c)
	l.containerPorts(c)
	if at(c.fields, "securityContext", "privileged") == true {
		l.add("pod/privileged", c.file, c.field("securityContext", "privileged"), "%s is privileged", c)
	}
}

// limits compares the limits of a container with what it asks for.
func (l *linter) limits(c container) {
	limits := mapAt(c.fields, "resources", "limits")
	for name, request := range mapAt(c.fields, "resources", "requests") {
		limit, ok := limits[name]
		if !ok {
			continue
		}
		least, err1 := resource.ParseQuantity(text(request))
		most, err2 := resource.ParseQuantity(text(limit))
		if err1 == nil && err2 == nil && most.Cmp(least) < 0 {
			l.add("workload/limit-below-request", c.file, c.field("resources", "limits", name),
				"%s: the limit of %s is %s, the request is %s", c, name, text(limit), text(request))
		}
	}
}

// probes finds probes of ports that the container does not have.
func (l *linter) probes(c container) {
	names := map[string]bool{}
	for _, port := range mapsAt(c.fields, "ports") {
		names[text(port["name"])] = true
	}
	for _, probe := range []string{"startupProbe", "readinessProbe", "livenessProbe"} {
		for _, how := range []string{"httpGet", "tcpSocket"} {
			port, isName := at(c.fields, probe, how, "port").(string)
			if _, err := strconv.Atoi(port); isName && err != nil && !names[port] {
				l.add("probe/port", c.file, c.field(probe, how, "port"), "%s: the %s asks the port %q, which the container does not have", c, probe, port)
			}
		}
	}
}

func (l *linter) containerPorts(c container) {
	names := map[string]bool{}
	for i, port := range mapsAt(c.fields, "ports") {
		name := text(port["name"])
		if name != "" && names[name] {
			l.add("container/duplicate", c.file, c.field("ports", "["+strconv.Itoa(i)+"]", "name"), "%s has two ports named %s", c, name)
		}
		names[name] = true
	}
}

// host finds what pods take from the node that they run on.
func (l *linter) host(p *pods) {
	for _, field := range []string{"hostNetwork", "hostPID", "hostIPC"} {
		if p.spec[field] == true {
			l.add("pod/host", p.file, p.at("spec", field), "%s: %s is true", p.object, field)
		}
	}
	for i, volume := range mapsAt(p.spec, "volumes") {
		if host := mapAt(volume, "hostPath"); host != nil {
			l.add("pod/host", p.file, p.at("spec", "volumes", "["+strconv.Itoa(i)+"]"), "%s mounts %s of its node", p.object, text(host["path"]))
		}
	}
}

// volumes finds mounts of volumes that the pods do not have.
func (l *linter) volumes(p *pods) {
	known := map[string]bool{}
	for _, volume := range mapsAt(p.spec, "volumes") {
		known[text(volume["name"])] = true
	}
	for _, claim := range mapsAt(p.fields, "spec", "volumeClaimTemplates") {
		known[text(at(claim, "metadata", "name"))] = true
	}
	for _, c := range p.containers() {
		for i, mount := range mapsAt(c.fields, "volumeMounts") {
			if name := text(mount["name"]); mount != nil && !known[name] {
				l.add("pod/volume", p.file, c.field("volumeMounts", "["+strconv.Itoa(i)+"]", "name"), "%s mounts the volume %q, which the pod does not have", c, name)
			}
		}
	}
}

var imageReference = lazyregexp.New(`^([A-Za-z0-9.-]+(:[0-9]+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@[a-z0-9]+:[0-9a-f]{32,})?$`)

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
