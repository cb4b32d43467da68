package release

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/pintle-ci/pintle/chart"
)

// REST is the cluster as storage needs it. in and out are JSON; errors are Kubernetes API errors (apierrors.IsNotFound
// works).
type REST interface {
	Do(ctx context.Context, method, path string, in, out any) error
	// Metadata lists what is at path into out, with no more of each object than its metadata.
	Metadata(ctx context.Context, path string, out any) error
}

// Driver says in which kind of object records live.
type Driver string

// The drivers that Helm shares with us (its HELM_DRIVER).
const (
	Secrets    Driver = "secret"
	ConfigMaps Driver = "configmap"
)

// ErrNotFound is a release or revision that has no record.
var ErrNotFound = errors.New("no such release")

// ErrUnreadable is a release none of whose records can be read.
var ErrUnreadable = errors.New("its record cannot be read")

// ErrExists is a revision that somebody else recorded first.
var ErrExists = errors.New("the revision exists already")

// Manager is the field manager of a release's objects: Helm's own, so that either tool may go on where the other
// stopped (facts/helm-format.md 4.6).
const Manager = "helm"

// recordManager is the field manager of records: what Kubernetes makes of Helm's user agent, for Helm names none when
// it stores them.
const recordManager = "Helm"

// DefaultHistory is how many revisions are kept when nobody says otherwise.
const DefaultHistory = 10

// Storage keeps the records of one namespace.
type Storage struct {
	rest      REST
	namespace string
	driver    Driver
}

// NewStorage makes a Storage; an empty driver means Secrets.
func NewStorage(rest REST, namespace string, driver Driver) *Storage {
	return &Storage{rest: rest, namespace: namespace, driver: cmp.Or(driver, Secrets)}
}

// stored is the Secret or ConfigMap of one revision.
type stored struct {
	APIVersion string            `json:"apiVersion,omitempty"`
	Kind       string            `json:"kind,omitempty"`
	Metadata   metadata          `json:"metadata"`
	Type       string            `json:"type,omitempty"` // Secrets only
	Data       map[string]string `json:"data,omitempty"`
}

type metadata struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Created     time.Time         `json:"creationTimestamp,omitzero"` // read, never written
}

var systemLabels = []string{"name", "owner", "status", "version", "createdAt", "modifiedAt"}

// CheckName reports why name cannot be a release's (facts/helm-format.md 4.1).
func CheckName(name string) error {
	if len(name) > chart.MaxReleaseName {
		return fmt.Errorf("release name %q is longer than %d characters", name, chart.MaxReleaseName)
	}
	if !chart.IsReleaseName(name) {
		return fmt.Errorf("release name %q must be lower-case letters, digits, '-' and '.', and begin and end with a letter or digit", name)
	}
	return nil
}

// CheckLabels reports a user label that a record cannot carry.
func CheckLabels(labels map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if slices.Contains(systemLabels, key) {
			return fmt.Errorf("release label %q is reserved for the record itself", key)
		}
	}
	return nil
}

func key(name string, version int) string {
	return fmt.Sprintf("sh.helm.release.v1.%s.v%d", name, version)
}

func (s *Storage) collection(namespace string) string {
	plural := "secrets"
	if s.driver == ConfigMaps {
		plural = "configmaps"
	}
	if namespace == "" {
		return "/api/v1/" + plural
	}
	return "/api/v1/namespaces/" + namespace + "/" + plural
}

// kind is that of the objects that hold records.
func (s *Storage) kind() string {
	if s.driver == ConfigMaps {
		return "ConfigMap"
	}
	return "Secret"
}

func (s *Storage) path(name string, version int) string {
	return s.collection(s.namespace) + "/" + key(name, version)
}

// pack makes the stored object of a record. stamp is the label that says when.
func (s *Storage) pack(r *Record, labels map[string]string) (*stored, error) {
	text, err := Encode(r)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(r.Labels)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, labels)
	maps.Copy(all, map[string]string{
		"name": r.Name, "owner": "helm", "status": string(r.Status()), "version": strconv.Itoa(r.Version),
	})
	o := &stored{
		APIVersion: "v1", Kind: "ConfigMap", Data: map[string]string{"release": text},
		Metadata: metadata{Name: key(r.Name, r.Version), Namespace: s.namespace, Labels: all, Annotations: r.Annotations},
	}
	if s.driver == Secrets {
		o.Kind, o.Type = "Secret", "helm.sh/release.v1"
		o.Data["release"] = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return o, nil
}

func (s *Storage) unpack(o *stored) (*Record, error) {
	text := o.Data["release"]
	if s.driver == Secrets {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("read record %s: %w", o.Metadata.Name, err)
		}
		text = string(raw)
	}
	r, err := Decode(text)
	if err != nil {
		return nil, fmt.Errorf("read record %s: %w", o.Metadata.Name, err)
	}
	r.Created, r.Labels, r.AllLabels = o.Metadata.Created, map[string]string{}, o.Metadata.Labels
	r.Annotations = o.Metadata.Annotations
	for k, v := range o.Metadata.Labels {
		if !slices.Contains(systemLabels, k) {
			r.Labels[k] = v
		}
	}
	return r, nil
}

func unixNow() string { return strconv.FormatInt(time.Now().Unix(), 10) }

// Create stores a new revision. A revision that exists with other content is ErrExists: somebody else won. The same
// content means that an earlier attempt of ours arrived and its answer did not.
func (s *Storage) Create(ctx context.Context, r *Record) error {
	o, err := s.pack(r, map[string]string{"createdAt": unixNow()})
	if err != nil {
		return err
	}
	err = s.rest.Do(ctx, http.MethodPost, s.collection(s.namespace)+"?fieldManager="+recordManager, o, nil)
	if apierrors.IsAlreadyExists(err) {
		var there stored
		if getErr := s.rest.Do(ctx, http.MethodGet, s.path(r.Name, r.Version), nil, &there); getErr == nil &&
			there.Data["release"] == o.Data["release"] {
			return nil
		}
		return fmt.Errorf("record revision %d of %s: %w", r.Version, r.Name, s.occupied(r, &there))
	}
	if err != nil {
		return fmt.Errorf("record revision %d of %s: %w", r.Version, r.Name, err)
	}
	return nil
}

// occupied says why a revision could not be created whose object is there: it is ErrExists, unless no history will ever
// find that object.
func (s *Storage) occupied(r *Record, there *stored) error {
	if l := there.Metadata.Labels; there.Metadata.Name == "" || l["owner"] == "helm" && l["name"] == r.Name {
		return ErrExists
	}
	return fmt.Errorf("%s/%s in %s is in the way: without the labels owner=helm and name=%s it is no record; put them back, or delete it",
		s.kind(), there.Metadata.Name, s.namespace, r.Name)
}

// Update stores a revision that exists. As Helm does, it replaces the whole object, whatever version the cluster has.
func (s *Storage) Update(ctx context.Context, r *Record) error {
	o, err := s.pack(r, map[string]string{"modifiedAt": unixNow()})
	if err != nil {
		return err
	}
	for range 5 { // it names no version to replace: a conflict means only that somebody wrote in the same moment
		err = s.rest.Do(ctx, http.MethodPut, s.path(r.Name, r.Version)+"?fieldManager="+recordManager, o, nil)
		if !apierrors.IsConflict(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("record revision %d of %s as %s: %w", r.Version, r.Name, r.Status(), err)
	}
	return nil
}

// Delete removes a revision's record; an absent one is no error.
func (s *Storage) Delete(ctx context.Context, name string, version int) error {
	err := s.rest.Do(ctx, http.MethodDelete, s.path(name, version), nil, nil)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete the record of revision %d of %s: %w", version, name, err)
	}
	return nil
}

// Get reads one revision.
func (s *Storage) Get(ctx context.Context, name string, version int) (*Record, error) {
	var o stored
	err := s.rest.Do(ctx, http.MethodGet, s.path(name, version), nil, &o)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("revision %d of release %s in %s: %w", version, name, s.namespace, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read revision %d of %s: %w", version, name, err)
	}
	return s.unpack(&o)
}

// Head is what a stored object's labels tell of a revision, unopened.
type Head struct {
	Name, Namespace string
	Version         int
	Status          Status
	Labels          map[string]string // of the stored object
}

// Status reads how a revision stands, without its content: one read by name, which a busy API server answers sooner
// than any list.
func (s *Storage) Status(ctx context.Context, name string, version int) (Status, error) {
	var o stored
	err := s.rest.Do(ctx, http.MethodGet, s.path(name, version), nil, &o)
	if apierrors.IsNotFound(err) {
		return "", fmt.Errorf("revision %d of release %s in %s: %w", version, name, s.namespace, ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("read revision %d of %s: %w", version, name, err)
	}
	return head(&o).Status, nil
}

func head(o *stored) Head {
	l := o.Metadata.Labels
	return Head{Name: l["name"], Namespace: o.Metadata.Namespace, Version: revisionOf(o), Status: Status(l["status"]),
		Labels: l}
}

// revisionOf is the number of a revision by its object's label, else by its name; 0 when neither tells.
func revisionOf(o *stored) int {
	name := o.Metadata.Name
	for _, text := range []string{o.Metadata.Labels["version"], name[strings.LastIndex(name, ".v")+len(".v"):]} {
		if n, err := strconv.ParseInt(text, 10, 32); err == nil && n > 0 {
			return int(n)
		}
	}
	return 0
}
