// Package release is the release record: Helm's JSON, its encoding, and its storage in Secrets or ConfigMaps, so that
// Helm reads what we write and we read what Helm wrote (facts/helm-format.md 4.1 to 4.3).
//
// A Revision is a record with the objects that its manifest says.
//
// It refuses to deploy: of the cluster's objects it knows only its own records.
package release

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pintle-ci/pintle/chart"
)

// Status says how a revision stands.
type Status string

// The statuses of Helm (facts/helm-format.md 4.3).
const (
	Unknown         Status = "unknown"
	Deployed        Status = "deployed"
	Uninstalled     Status = "uninstalled"
	Superseded      Status = "superseded"
	Failed          Status = "failed"
	Uninstalling    Status = "uninstalling"
	PendingInstall  Status = "pending-install"
	PendingUpgrade  Status = "pending-upgrade"
	PendingRollback Status = "pending-rollback"
)

// Pending reports whether an operation on the revision began and did not end.
func (s Status) Pending() bool {
	return s == PendingInstall || s == PendingUpgrade || s == PendingRollback
}

// ServerSide is the ApplyMethod of records made by server-side apply; an empty one means client-side.
const ServerSide = "ssa"

// Record is one revision of a release, as stored.
type Record struct {
	Name        string            `json:"name,omitempty"`
	Info        *Info             `json:"info,omitempty"`
	Chart       *Chart            `json:"chart,omitempty"`
	Config      map[string]any    `json:"config,omitempty"`   // the user's values only
	Manifest    string            `json:"manifest,omitempty"` // without hooks
	Hooks       []*Hook           `json:"hooks,omitempty"`
	Version     int               `json:"version,omitempty"` // the revision
	Namespace   string            `json:"namespace,omitempty"`
	ApplyMethod string            `json:"apply_method,omitempty"`
	Labels      map[string]string `json:"-"` // the user's; they live on the stored object
	AllLabels   map[string]string `json:"-"` // of the stored object, as read: the user's and Helm's own
	Annotations map[string]string `json:"-"` // of the stored object; Helm makes none, and drops ours where it writes
	Created     time.Time         `json:"-"` // when the server stored it, to the second; zero before it did
}

// Info is what happened to a revision.
type Info struct {
	FirstDeployed    Time   `json:"first_deployed,omitzero"`
	LastDeployed     Time   `json:"last_deployed,omitzero"`
	Deleted          Time   `json:"deleted,omitzero"`
	Description      string `json:"description,omitempty"`
	Status           Status `json:"status,omitempty"`
	RollbackRevision int    `json:"rollback_revision,omitempty"`
	Notes            string `json:"notes,omitempty"`

	// Resources are the live objects by version and kind, where a status is shown; a record that is stored has none.
	Resources map[string][]map[string]any `json:"resources,omitempty"`
}

// Time is an instant in Helm's JSON: Helm 3 writes "" for none, Helm 4 nothing.
type Time struct{ time.Time }

// UnmarshalJSON takes RFC 3339, "" and null.
func (t *Time) UnmarshalJSON(data []byte) error {
	if string(data) == `""` || string(data) == "null" {
		t.Time = time.Time{}
		return nil
	}
	return json.Unmarshal(data, &t.Time)
}

// Chart is the part of a chart that a record keeps. Subcharts are not in it: their rendered objects are in the
// manifest, their defaults in Values.
type Chart struct {
	Metadata      *chart.Metadata `json:"metadata"`
	Lock          *chart.Lock     `json:"lock"`
	Templates     []*File         `json:"templates"`
	Values        map[string]any  `json:"values"`
	Schema        []byte          `json:"schema"`
	SchemaModTime time.Time       `json:"schemamodtime"`
	Files         []*File         `json:"files"`
	ModTime       time.Time       `json:"modtime,omitzero"`
}

// File is a file of a chart; Data is base64 in JSON.
type File struct {
	Name    string    `json:"name"`
	Data    []byte    `json:"data"`
	ModTime time.Time `json:"modtime,omitzero"`
}

// ChartOf is what a record keeps of c.
func ChartOf(c *chart.Chart) *Chart {
	return &Chart{
		Metadata: c.Metadata, Lock: c.Lock, Values: c.Values, Schema: c.Schema,
		Templates: files(c.Templates), Files: files(c.Files),
	}
}

func files(in []*chart.File) []*File {
	var out []*File // null where there is none, as Helm writes it
	for _, f := range in {
		out = append(out, &File{Name: f.Name, Data: f.Data})
	}
	return out
}

// Phase says how the last run of a hook ended.
type Phase string

// The phases of Helm.
const (
	PhaseUnknown   Phase = "Unknown"
	PhaseRunning   Phase = "Running"
	PhaseSucceeded Phase = "Succeeded"
	PhaseFailed    Phase = "Failed"
)

// Hook is a rendered document that runs at an event of the release.
type Hook struct {
	Name              string   `json:"name,omitempty"`
	Kind              string   `json:"kind,omitempty"`
	Path              string   `json:"path,omitempty"`
	Manifest          string   `json:"manifest,omitempty"`
	Events            []string `json:"events,omitempty"`
	LastRun           Run      `json:"last_run"`
	Weight            int      `json:"weight,omitempty"`
	DeletePolicies    []string `json:"delete_policies,omitempty"`
	OutputLogPolicies []string `json:"output_log_policies,omitempty"`
}

// Run is one run of a hook.
type Run struct {
	StartedAt   Time  `json:"started_at,omitzero"`
	CompletedAt Time  `json:"completed_at,omitzero"`
	Phase       Phase `json:"phase"`
}

// Status is the record's status; Unknown when it has none.
func (r *Record) Status() Status {
	if r.Info == nil || r.Info.Status == "" {
		return Unknown
	}
	return r.Info.Status
}

// Set gives the record a status and says why.
func (r *Record) Set(s Status, description string) {
	if r.Info == nil {
		r.Info = &Info{}
	}
	r.Info.Status, r.Info.Description = s, description
}

// ChartName is name-version of the chart, as `helm list` prints it.
func (r *Record) ChartName() string {
	if r.Chart == nil || r.Chart.Metadata == nil {
		return "unknown"
	}
	return fmt.Sprintf("%s-%s", r.Chart.Metadata.Name, r.Chart.Metadata.Version)
}

// Clone is a copy whose status, hooks and labels can be changed freely; chart, config and manifest are shared, as
// nobody changes them.
func (r *Record) Clone() *Record {
	c := *r
	if r.Info != nil {
		info := *r.Info
		c.Info = &info
	}
	c.Hooks = slices.Clone(r.Hooks)
	for i, h := range c.Hooks {
		hook := *h
		c.Hooks[i] = &hook
	}
	return &c
}
