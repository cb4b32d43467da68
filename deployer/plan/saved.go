package plan

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/release"
	"github.com/pintle-ci/pintle/internal/object"
	"github.com/pintle-ci/pintle/internal/text"
)

// SavedFormat is the apiVersion of the file that Save makes.
const SavedFormat = "pintle/saved-plan/v1"

// MaxSaved bounds a saved plan, in bytes: some ten thousand objects.
const MaxSaved = 16 << 20

// Saved is a plan between the job that made it and the one that carries it out. It holds no manifest and no value, only
// what each object is to become as a digest: whoever carries it out renders and plans again, and Bind compares.
type Saved struct {
	Made   time.Time   `json:"made"`
	Origin SavedOrigin `json:"origin"`

	Salt     []byte         `json:"salt"` // of the digests
	Releases []savedRelease `json:"releases"`
}

// SavedOrigin is what a plan was made of, for whoever plans again.
type SavedOrigin struct {
	Pintle      string        `json:"pintle,omitempty"` // the version
	Project     string        `json:"project,omitempty"`
	Environment string        `json:"environment,omitempty"`
	Branch      string        `json:"branch,omitempty"` // as it was asked for; empty where it was found out
	Tag         string        `json:"tag,omitempty"`
	Commit      string        `json:"commit,omitempty"`
	Services    []string      `json:"services,omitempty"` // as they were asked for; empty for all
	Cluster     ClusterID     `json:"cluster"`
	Policies    SavedPolicies `json:"policies"`
}

// SavedPolicies are those that the command line gave, over pintle.yaml.
type SavedPolicies struct {
	OnConflict      string   `json:"onConflict,omitempty"`
	Adopt           string   `json:"adopt,omitempty"`
	AdoptList       []string `json:"adoptList,omitempty"`
	AllowCRDChanges bool     `json:"allowCRDChanges,omitempty"`
	TakeOver        bool     `json:"takeOver,omitempty"`
	AllowDowngrade  bool     `json:"allowDowngrade,omitempty"`
	WithMissing     bool     `json:"withMissing,omitempty"` // install what is not deployed
}

type savedRelease struct {
	Release   string        `json:"release"`
	Namespace string        `json:"namespace"`
	Chart     string        `json:"chart"`
	Operation Operation     `json:"operation"`
	Revision  int           `json:"revision"`
	Last      string        `json:"last,omitempty"` // the status of the last revision
	Content   string        `json:"content"`        // of the chart
	Values    string        `json:"values"`
	Hooks     []savedHook   `json:"hooks,omitempty"`
	Objects   []savedObject `json:"objects"`
}

type savedHook struct {
	Name   string `json:"name"` // "Job/migrate"
	Target string `json:"target"`
}

type savedObject struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Namespace  string       `json:"namespace,omitempty"`
	Name       string       `json:"name"`
	Action     Action       `json:"action"`
	UID        string       `json:"uid,omitempty"`    // of the live object
	Seen       string       `json:"seen,omitempty"`   // what a live Secret holds
	Target     string       `json:"target,omitempty"` // as it is rendered
	Fields     []savedField `json:"fields,omitempty"`
	Conflicts  []savedField `json:"conflicts,omitempty"`
}

// savedField is a difference; its values are digests.
type savedField struct {
	Path string `json:"path"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

func (o savedObject) ref() kube.Ref {
	return kube.Ref{APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}
}

type savedFile struct {
	APIVersion string          `json:"apiVersion"`
	Sum        string          `json:"sum"` // SHA-256 of plan; it finds damage, not forgery
	Plan       json.RawMessage `json:"plan"`
}

// Save makes the file of plans that have not been carried out.
func Save(plans []*Plan, o SavedOrigin) ([]byte, error) {
	s := Saved{Made: time.Now().UTC().Truncate(time.Second), Origin: o, Salt: make([]byte, 32), Releases: []savedRelease{}}
	if _, err := rand.Read(s.Salt); err != nil {
		return nil, fmt.Errorf("save the plan: %w", err)
	}
	for _, p := range plans {
		r, err := s.summarize(p)
		if err != nil {
			return nil, fmt.Errorf("save the plan of release %s: %w", p.Release, err)
		}
		s.Releases = append(s.Releases, r)
	}
	plan, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("save the plan: %w", err)
	}
	data, err := json.Marshal(savedFile{APIVersion: SavedFormat, Sum: sumOf(plan), Plan: plan})
	if err != nil {
		return nil, fmt.Errorf("save the plan: %w", err)
	}
	if len(data) > MaxSaved {
		return nil, fmt.Errorf("save the plan: it takes %s, and %s is the most; plan fewer services at a time", text.KiB(len(data)), text.KiB(MaxSaved))
	}
	return append(data, '\n'), nil
}

func sumOf(plan []byte) string {
	sum := sha256.Sum256(plan)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ReadSaved reads what Save made. The error is one line and says what to do; the caller knows the file's name.
func ReadSaved(data []byte) (*Saved, error) {
	const anew = "make it anew with \"pintle plan --out\""
	var f savedFile
	if len(data) > MaxSaved+1 {
		return nil, fmt.Errorf("it is larger than any saved plan, %s; %s", text.KiB(MaxSaved), anew)
	}
	if err := json.Unmarshal(data, &f); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && int(syntax.Offset) >= len(bytes.TrimSpace(data)) && len(data) > 0 && data[0] == '{' {
			return nil, fmt.Errorf("it is cut off after %d bytes; %s", len(data), anew)
		}
		return nil, fmt.Errorf("it is no saved plan; %s", anew)
	}
	switch {
	case f.APIVersion == PlanFormat:
		return nil, fmt.Errorf("it is what \"plan -o json\" prints, which is for reading; %s", anew)
	case strings.HasPrefix(f.APIVersion, strings.TrimSuffix(SavedFormat, "1")) && f.APIVersion != SavedFormat:
		return nil, fmt.Errorf("its format is %s, and this pintle knows %s; take the pintle that made it, or %s", text.Clip(f.APIVersion, 60), SavedFormat, anew)
	case f.APIVersion != SavedFormat:
		return nil, fmt.Errorf("it is no saved plan; %s", anew)
	}
	var plan bytes.Buffer
	if json.Compact(&plan, f.Plan) != nil || sumOf(plan.Bytes()) != f.Sum {
		return nil, fmt.Errorf("it is not as pintle wrote it: its sum does not match; %s", anew)
	}
	var s Saved
	if err := json.Unmarshal(plan.Bytes(), &s); err != nil || len(s.Salt) < 16 {
		return nil, fmt.Errorf("it does not fit its format %s; %s", SavedFormat, anew)
	}
	return &s, nil
}

// summarize is what is saved of a plan.
func (s *Saved) summarize(p *Plan) (savedRelease, error) {
	redact := p.Secrets.Known
	out := savedRelease{
		Release: p.Release, Namespace: p.Namespace, Chart: p.Chart, Operation: p.Operation, Revision: p.Revision,
		Last: string(p.Last), Content: s.digest(p.Next.Chart, nil), Objects: []savedObject{},
	}
	var err error
	if out.Values, err = s.stretched(p.Next.Config); err != nil {
		return out, err
	}
	for _, h := range p.Next.Hooks {
		target, err := s.hookDigest(h, redact)
		if err != nil {
			return out, err
		}
		out.Hooks = append(out.Hooks, savedHook{h.String(), target})
	}
	for i := range p.Objects {
		o, err := s.object(&p.Objects[i], redact)
		if err != nil {
			return out, err
		}
		out.Objects = append(out.Objects, o)
	}
	return out, nil
}

func (s *Saved) hookDigest(h *release.Hook, redact func(string) string) (string, error) {
	objects, err := release.ParseDocument(h.Manifest)
	if err != nil || slices.ContainsFunc(objects, object.IsSecret) {
		return s.stretched(h.Manifest)
	}
	return s.digest([]any{h.Path, h.Manifest, h.Weight, h.Events, h.DeletePolicies}, redact), nil
}

func (s *Saved) object(c *Change, redact func(string) string) (out savedObject, err error) {
	out = savedObject{
		APIVersion: c.Object.APIVersion, Kind: c.Object.Kind, Namespace: c.Object.Namespace, Name: c.Object.Name, Action: c.Action,
	}
	secret := c.Desired != nil && object.IsSecret(c.Desired) || c.Live != nil && object.IsSecret(c.Live)
	if c.Live != nil {
		out.UID = string(c.Live.GetUID())
	}
	if secret && c.Live != nil {
		if out.Seen, err = s.stretched(authored(c.Live)); err != nil {
			return out, err
		}
	}
	switch {
	case c.Desired == nil:
	case secret:
		out.Target, err = s.stretched(c.Desired.Object)
	default:
		out.Target = s.digest(withoutScale(c).Object, redact)
	}
	for _, f := range c.Fields {
		out.Fields = append(out.Fields, s.field(f.Path, f.Old, f.New, secret, redact))
	}
	for _, f := range c.Conflicts {
		out.Conflicts = append(out.Conflicts, s.field(f.Path, f.Theirs, []any{f.Ours, f.Manager, f.Kept}, secret, redact))
	}
	return out, err
}

// field is one difference; what a Secret holds is in the digests of the object.
func (s *Saved) field(path string, before, after any, secret bool, redact func(string) string) savedField {
	if secret {
		return savedField{Path: path}
	}
	return savedField{Path: path, Old: s.digest(before, redact), New: s.digest(after, redact)}
}

// withoutScale is the target without the replicas that an autoscaler sets: they may move between plan and deploy.
func withoutScale(c *Change) *unstructured.Unstructured {
	if !c.Scaled {
		return c.Desired
	}
	o := c.Desired.DeepCopy()
	unstructured.RemoveNestedField(o.Object, "spec", "replicas")
	return o
}

// digest is a keyed digest of a value's JSON, with secrets that are known masked.
func (s *Saved) digest(v any, redact func(string) string) string {
	if redact != nil {
		v = maskedValue(plainJSON(v), redact)
	}
	mac := hmac.New(sha256.New, s.Salt)
	mac.Write([]byte(ValueText(v)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}

// stretching is how often the digest of a secret is hashed: a guess at a short password must cost something.
const stretching = 50_000

// stretched is a digest of what may be secret.
func (s *Saved) stretched(v any) (string, error) {
	sum, err := pbkdf2.Key(sha256.New, ValueText(v), s.Salt, stretching, 18)
	if err != nil {
		return "", fmt.Errorf("digest of a secret: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// plainJSON is a value as maps, lists and scalars only.
func plainJSON(v any) any {
	var out any
	if err := json.Unmarshal([]byte(ValueText(v)), &out); err != nil {
		return ValueText(v)
	}
	return out
}
