// Package config is pintle.yaml: its types, a strict load that reports every
// problem at once and where it stands, the defaults, the convention for
// repositories that say little, and what a service or a release comes down to
// in one environment. It also looks at a repository and writes a first
// pintle.yaml with a Jenkinsfile and a .gitlab-ci.yml.
//
// It reads files below the file's folder and nothing else: no git, no network,
// no cluster, no environment variable. It decides nothing about order or
// concurrency; that is the pipeline's.
package config

import (
	"io/fs"
	"time"

	"github.com/pintle-ci/pintle/internal/files"
)

const (
	// APIVersion is the one format of pintle.yaml that this package reads.
	APIVersion = "pintle/v1"
	// FileName is the name under which the file is looked for.
	FileName = "pintle.yaml"
)

// Whether what a clone lacks is fetched: the values of Version.Fetch.
const (
	FetchAuto  = "auto"
	FetchNever = "never"
)

// What happens after a failed deploy: the values of Deploy.OnFailure and
// Deploy.OnFailedInstall.
const (
	Rollback = "rollback" // go back to the last deployed revision
	Remove   = "remove"   // remove what a failed first install made
	Leave    = "leave"    // leave everything as it stands, for a person to look at
	Finish   = "finish"   // of Deploy.OnCancel: go on for the few seconds that an interruption leaves
)

// How a plan goes about what is in the cluster already: the values of
// Deploy.OnImmutable, Deploy.OnConflict, Deploy.Downgrade, Deploy.Adopt and
// Deploy.CRDs.
const (
	Fail           = "fail"
	Recreate       = "recreate"
	OrphanRecreate = "orphan-recreate"

	Force = "force"
	Keep  = "keep"

	Allow  = "allow" // of Deploy.Downgrade
	Refuse = "refuse"

	AdoptNever   = "never"
	AdoptUnowned = "unowned"
	AdoptListed  = "list"
	AdoptAll     = "all"

	CRDsApply  = "apply"
	CRDsCreate = "create"
	CRDsSkip   = "skip"
)

// Config is pintle.yaml with its defaults filled in. Load makes it; its
// comments are the descriptions in the JSON schema.
type Config struct {
	// The format of this file: pintle/v1.
	APIVersion string `yaml:"apiVersion" jsonschema:"required"`
	// The name of the product, a DNS label. Namespaces and reports carry it.
	Project string `yaml:"project" jsonschema:"required"`
	// How versions are read from git tags.
	Version Version `yaml:"version"`
	// Where charts and images are published.
	Registry Registry `yaml:"registry"`
	// What is built from this repository, by name. Without this key, every folder services/NAME that holds chart/Chart.yaml is a service.
	Services map[string]*Service `yaml:"services"`
	// Third-party charts that are kept at a pinned version in every environment, by name.
	Releases map[string]*Release `yaml:"releases"`
	// Where branches and tags are deployed, by name.
	Environments map[string]*Environment `yaml:"environments"`
	// How a deploy waits, and what it does when it fails.
	Deploy Deploy `yaml:"deploy"`
	// How objects of certain kinds tell that they are ready, by "GROUP/KIND", core kinds by KIND alone.
	Readiness map[string]*Readiness `yaml:"readiness"`
	// Which findings of the chart linter count.
	Lint Lint `yaml:"lint"`
	// What rendering a chart may take of the machine.
	Limits Limits `yaml:"limits"`
	// What "pintle changelog" writes, and where.
	Changelog Changelog `yaml:"changelog"`
	// Where reports are written.
	Report Report `yaml:"report"`

	// Dir is the absolute folder of the file; empty when Load was given a file
	// system that has none. Paths in the file are relative to it.
	Dir string `yaml:"-"`
	// Warnings are findings that stop nothing, in order of position.
	Warnings []Problem `yaml:"-"`

	source *source
	fsys   fs.FS
	tree   files.Tree
}

// Version says how versions are read from git tags.
type Version struct {
	// What a release tag looks like: "v{version}" is one version for all, "{service}/v{version}" is one version a service. Default: v{version}.
	Tag string `yaml:"tag"`
	// The first version, while there is no tag. Default: 0.1.0.
	Initial string `yaml:"initial"`
	// The lowest version that comes next: write 2.0.0 to begin a new major version.
	Next string `yaml:"next"`
	// The branches whose builds are numbered as development of the next version, by their names. Default: main, master, develop.
	Trunk []string `yaml:"trunk"`
	// Prerelease labels by branch or pattern, as {develop: alpha, "release/*": beta}, of trunk, release and hotfix branches. Default: dev on a trunk, pre on the others.
	Labels map[string]string `yaml:"labels"`
	// Whether trunk goes past what was tagged on lines that left it, as v1.5.0 on release/1.5. Default: true.
	TrackReleases *bool `yaml:"trackReleases"`
	// Whether what a clone lacks is fetched beside it, history and tags of a shallow one or trees of a partial one: auto, or never, which refuses such a clone. Default: auto.
	Fetch string `yaml:"fetch" jsonschema:"enum=auto,enum=never"`
	// Other files that hold the one version for all: VERSION, pom.xml, package.json. With one version a service, its own files.
	Files []VersionFile `yaml:"files"`
	// The message of "bump --commit". {version} is what was written, {services} whose it is. Default: chore(release): {version} [skip ci].
	Commit string `yaml:"commit"`
}

// VersionFile is a place in a text that holds the version: a pattern or a path
// tells where. Nothing else of the file changes.
type VersionFile struct {
	// The file, from the folder of pintle.yaml. No link, and nothing outside of the repository.
	File string `yaml:"file" jsonschema:"required"`
	// A regular expression (RE2) for one place of the file; ^ and $ are the ends of a line. What its group "version", else its first group, else all of it matches is replaced: "<revision>(.*)</revision>".
	Pattern string `yaml:"pattern"`
	// The dotted path in a file of YAML or JSON: version.
	Path string `yaml:"path"`
	// Replace every match of the pattern, not only one. Default: false.
	All bool `yaml:"all"`
}

// Registry says where charts and images are published.
type Registry struct {
	// Where charts are pushed: oci://HOST/PATH. Without it charts are packaged and deployed, but not pushed.
	Charts string `yaml:"charts"`
	// Where images are: HOST/PATH, without a scheme. The image of service NAME is HOST/PATH/NAME.
	Images string `yaml:"images"`
	// Speak HTTP with the registry of charts; credentials go there only where the job says --plain-http or PINTLE_PLAIN_HTTP. A registry on localhost needs no word: it is spoken to in HTTP anyway. Default: false.
	PlainHTTP bool `yaml:"plainHTTP"`
}

// Service is something built from this repository and deployed as one release.
type Service struct {
	// The folder of the service; a commit below it makes a new version. Default: services/NAME.
	Path string `yaml:"path"`
	// The folder of the chart, from the folder of pintle.yaml. Default: PATH/chart, or PATH where that is a chart itself.
	Chart string `yaml:"chart"`
	// The image, where it is not registry.images/NAME or stands elsewhere in the values: a name without a tag, "none" for a chart without an image of its own, or a mapping.
	Image Image `yaml:"image"`
	// Other images of the chart that are built with the service: dotted paths in values.yaml with the image's name without a tag, or "" to keep the name that is there. At a path stands a mapping with tag, a text HOST/NAME:TAG, or a tag alone; "*" is every entry.
	Images map[string]string `yaml:"images"`
	// Other files that hold the version of the service: package.json, pom.xml.
	Files []VersionFile `yaml:"files"`
	// The services and releases that must be up before this one is deployed.
	Needs []string `yaml:"needs"`
	// Values files, from the folder of the service, later ones over earlier ones. {environment} {service} {project} {branch} are filled in. A file with such a placeholder may be missing, another may not.
	Values []string `yaml:"values"`
	// Values over the files: a mapping as in a values file, or dotted paths ("image.pullPolicy": Always). The placeholders of values are filled in.
	Set map[string]any `yaml:"set"`
	// The name of the release. {environment} {service} {project} {branch} are filled in. Default: the service's name.
	Release string `yaml:"release"`
	// The namespace, where it is not the environment's.
	Namespace string `yaml:"namespace"`
	// How long to wait until everything is ready, where it is not the environment's: 90s, 5m.
	Timeout time.Duration `yaml:"timeout"`
	// What to do with fields that somebody else has set, where it is not deploy.onConflict: fail, force or keep.
	OnConflict string `yaml:"onConflict" jsonschema:"enum=fail,enum=force,enum=keep"`
	// Whether an older version may be deployed over a newer one, where it is not the environment's: refuse or allow.
	Downgrade string `yaml:"downgrade" jsonschema:"enum=refuse,enum=allow"`
	// Folders outside of path whose commits make a new version of this service too.
	Watch []string `yaml:"watch"`
	// Run the chart's test hooks after the deploy. Default: true.
	Test *bool `yaml:"test"`
	// Which findings of the chart linter count here, on top of lint.
	Lint ServiceLint `yaml:"lint"`
}

// Image says which image a service has and where its chart's values name it.
// In the file it is that mapping, or the repository alone, or "none".
type Image struct {
	// The image without a tag: HOST/PATH/NAME. Default: registry.images/NAME.
	Repository string `yaml:"repository"`
	// Where values.yaml holds the repository, as a dotted path. Default: image.repository.
	RepositoryPath string `yaml:"repositoryPath"`
	// Where values.yaml holds the tag, as a dotted path. Default: image.tag.
	TagPath string `yaml:"tagPath"`

	// None is set by "image: none": the chart has no image of its own, so
	// values.yaml is left alone.
	None bool `yaml:"-"`
}

// Release is a third-party chart at a pinned version.
type Release struct {
	// The chart: oci://HOST/PATH/NAME, or a folder from the folder of pintle.yaml.
	Chart string `yaml:"chart" jsonschema:"required"`
	// The version, exact or a constraint: 20.1.3, ~20.1. Needed with oci://.
	Version string `yaml:"version"`
	// Values files, from the folder of pintle.yaml; else as in a service.
	Values []string `yaml:"values"`
	// Values over the files; as in a service.
	Set map[string]any `yaml:"set"`
	// The services and releases that must be up before this one is deployed.
	Needs []string `yaml:"needs"`
	// The namespace, where it is not the environment's.
	Namespace string `yaml:"namespace"`
	// How long to wait until everything is ready, where it is not the environment's: 90s, 5m.
	Timeout time.Duration `yaml:"timeout"`
	// What to do with fields that somebody else has set, where it is not deploy.onConflict: fail, force or keep.
	OnConflict string `yaml:"onConflict" jsonschema:"enum=fail,enum=force,enum=keep"`
	// Whether an older version may be deployed over a newer one, where it is not the environment's: refuse or allow.
	Downgrade string `yaml:"downgrade" jsonschema:"enum=refuse,enum=allow"`
}

// Environment is a place that branches or tags are deployed to.
type Environment struct {
	// The branches that are deployed here; "*" stands for anything but "/", "**" for anything. An empty list: only when it is named on the command line.
	Branches []string `yaml:"branches"`
	// The version tags that are deployed here: true for releases, candidates for prereleases (v1.5.0-rc.1), all, or a pattern of the tag's whole name ("cart/v*"). Default: false.
	Tags Tags `yaml:"tags"`
	// The namespace. {branch} {service} {project} {environment} are filled in. Default: {project}-{environment}.
	Namespace string `yaml:"namespace"`
	// Make the namespace where it is missing. Default: true.
	CreateNamespace *bool `yaml:"createNamespace"`
	// Values files of this environment, from the folder of pintle.yaml, for every service and release, below their own; else as in a service.
	Values []string `yaml:"values"`
	// How long to wait until everything is ready, where it is not deploy.timeout: 90s, 5m.
	Timeout time.Duration `yaml:"timeout"`
	// Whether an older version may be deployed over a newer one, where it is not deploy.downgrade: refuse or allow.
	Downgrade string `yaml:"downgrade" jsonschema:"enum=refuse,enum=allow"`
	// The context of the kubeconfig. Default: its current one.
	KubeContext string `yaml:"kubeContext"`
	// Deploy only with --approve or $PINTLE_APPROVE, which the job sets after a person has agreed. Default: false.
	Approve bool `yaml:"approve"`
	// How long a preview lives: 72h. Kept, but previews do not expire yet.
	TTL time.Duration `yaml:"ttl"`
}

// Deploy says how a deploy waits, and what it does when it fails.
type Deploy struct {
	// How long to wait until everything is ready. Default: 5m.
	Timeout time.Duration `yaml:"timeout"`
	// After a failed upgrade: rollback to the last deployed revision, or leave it as it stands. Default: rollback.
	OnFailure string `yaml:"onFailure" jsonschema:"enum=rollback,enum=leave"`
	// After a failed first install: remove what it made, or leave it as it stands. Default: remove.
	OnFailedInstall string `yaml:"onFailedInstall" jsonschema:"enum=remove,enum=leave"`
	// After SIGTERM or SIGINT: rollback (a first install is removed), leave it as it stands, or finish what can be finished in 8 seconds. Default: what a failure would bring.
	OnCancel string `yaml:"onCancel" jsonschema:"enum=rollback,enum=leave,enum=finish"`
	// Where a build of the same branch by the same CI job is at work on a release: a newer one asks the older to stop, which does as after SIGTERM, and an older one gives up. Default: false, they wait for each other.
	Supersede bool `yaml:"supersede"`
	// How long a rollback may wait until everything is ready again. Default: the timeout of the deploy.
	RollbackTimeout time.Duration `yaml:"rollbackTimeout"`
	// How many revisions of a release are kept. Default: 10.
	History int `yaml:"history" jsonschema:"minimum=1,maximum=1000"`
	// What to do, by kind, with an object whose change the cluster refuses because a field of it cannot be changed: fail, recreate it, or orphan-recreate it (its pods stay). Default: recreate for Job, orphan-recreate for StatefulSet, fail for every other kind.
	OnImmutable map[string]string `yaml:"onImmutable"`
	// What to do with a field that the chart sets and somebody else has set otherwise, as kubectl edit or a controller does: fail, force (take it over) or keep it as it is. Default: fail.
	OnConflict string `yaml:"onConflict" jsonschema:"enum=fail,enum=force,enum=keep"`
	// Whether an older version may be deployed over a newer one: one lower than a tag's, an older build of the same branch, or the lower version of a third-party chart: refuse or allow. Default: refuse.
	Downgrade string `yaml:"downgrade" jsonschema:"enum=refuse,enum=allow"`
	// Which objects that exist and are not the release's may be taken into it: never, unowned (those of no release), list (those of adoptList) or all. Default: never.
	Adopt string `yaml:"adopt" jsonschema:"enum=never,enum=unowned,enum=list,enum=all"`
	// The objects of "adopt: list": Kind/name or Kind/namespace/name.
	AdoptList []string `yaml:"adoptList"`
	// What to do with the CRDs in a chart's crds/: apply them, unless that may harm objects that exist, create those that are absent, or skip them. None is ever deleted. Default: apply.
	CRDs string `yaml:"crds" jsonschema:"enum=apply,enum=create,enum=skip"`
	// Refuse an upgrade whose plan says that a rollback would not be possible. Default: false.
	RequireRollback bool `yaml:"requireRollback"`
	// How many services are worked on at the same time. Default: 4.
	Parallel int `yaml:"parallel" jsonschema:"minimum=1,maximum=64"`
}

// Readiness says how objects of one kind tell that they are ready, or that they
// never will be. Without a key, what is known about the kind decides.
type Readiness struct {
	// A CEL expression that is true once an object is ready: "status.phase == 'Running'". It knows metadata, spec, status, data and, for the whole, object; a field that is not there yet makes it false.
	Ready string `yaml:"ready"`
	// A CEL expression that is true of an object that will never be ready: "status.phase == 'Broken'". The deploy then fails at once.
	Failed string `yaml:"failed"`
	// Troubles that do not end the wait, however long they last: CrashLoopBackOff, ErrImagePull, FailedCreate; "*" for all (docs/waiting.md).
	Tolerate []string `yaml:"tolerate"`
}

// Lint says which findings of the chart linter count.
type Lint struct {
	// Findings to leave out, by their ids (docs/lint.md); "image/*" means all that begin so.
	Disable []string `yaml:"disable"`
	// Other severities, by id: error, warning, info.
	Severity map[string]string `yaml:"severity"`
	// Let warnings fail the step. Default: false.
	Strict bool `yaml:"strict"`
	// The version of Kubernetes whose schemas and APIs charts are held against: "1.33". Default: the newest known.
	KubeVersion string `yaml:"kubeVersion"`
}

// ServiceLint says which findings about one chart count, on top of lint.
type ServiceLint struct {
	// Findings to leave out, by their ids.
	Disable []string `yaml:"disable"`
	// Other severities, by id: error, warning, info.
	Severity map[string]string `yaml:"severity"`
}

// Limits say what rendering one chart may take of the machine. The file may be a
// fork's, so it may not allow everything: --limits may.
type Limits struct {
	// The time of a processor, at most 2m; waiting does not count. Default: 1m.
	Time time.Duration `yaml:"time"`
	// The memory, in MiB or GiB, at most 2GiB. Default: 1GiB.
	Heap string `yaml:"heap"`
}

// Changelog says what "pintle changelog" writes, and where.
type Changelog struct {
	// The file, from the folder of the service, or of pintle.yaml with one version for all. Default: CHANGELOG.md.
	File string `yaml:"file"`
	// A Go template for a version's section, from the folder of pintle.yaml (docs/releasing.md). Default: a built-in one.
	Template string `yaml:"template"`
}

// Report says where reports are written.
type Report struct {
	// The folder of events.jsonl, junit.xml, report.json and report/, from the folder of pintle.yaml. Default: build/pintle.
	Dir string `yaml:"dir"`
}

// Position returns where the value at a path stands, as in
// "services.cart.needs[0]"; false when the file does not say it, so that it is
// a default.
func (c *Config) Position(path string) (Position, bool) {
	p, ok := c.source.values[path]
	if !ok {
		p, ok = c.source.keys[path]
	}
	return p, ok
}

// Problem makes a problem about the value at a path, for those who find out
// only later (a registry that does not answer) and want to show the line. It
// stands at the nearest parent when the file does not say the value.
func (c *Config) Problem(path, message, hint string) Problem {
	return c.source.problem(c.source.at(path), message, hint)
}
