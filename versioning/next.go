package versioning

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/pintle-ci/pintle/internal/lazyregexp"
	"github.com/pintle-ci/pintle/internal/text"
)

// MaxLength is the longest version: "name-version" must fit a label of 63 characters (facts/git-ci-canary.md 1.4).
const MaxLength = 45

// Rules are the configured part of the decision. The zero Rules are the defaults.
type Rules struct {
	// Initial is the X.Y.Z that a history without a tag builds up to; 0.1.0 by default.
	Initial string
	// Next is the least X.Y.Z of the coming version; none by default. Release and hotfix lines do not leave their line
	// for it.
	Next string
	// Trunks are the trunk branches; DefaultTrunks by default.
	Trunks []string
	// Labels are the prerelease labels of trunk, release and hotfix branches by their names, as {"develop": "alpha"}. By
	// default a trunk has "dev", the others "pre".
	Labels map[string]string
	// RequireClean refuses the version of a tag, at HEAD or of an unchanged service, while Facts.Dirty names files.
	RequireClean bool
}

// Version is a decided version. It is legal as SemVer 2, OCI tag and label value, and has no "+".
type Version struct {
	// Number is the version itself, as "1.5.0-dev.12.g0a1b2c3d".
	Number string
	// Tag is the tag that the version is taken from, when Exact or Unchanged.
	Tag string
	// Commit is the full hash of the commit that stands for the content, and Time its committer's time: the tag's commit
	// when Exact or Unchanged; with paths, the commit that gave them their content; the head of a change request; else
	// HEAD. Equal versions of one history have equal Commit and Time, which makes packages reproducible.
	Commit string
	Time   time.Time
	// Exact: HEAD has a version tag. Unchanged: the service's paths are as its base tag has them.
	Exact, Unchanged bool
	// Base is the tag that Count counts the commits from; empty without one, and when Exact. Count is as in Facts.
	Base  string
	Count int
	// Dirty: tracked files were modified; the number does not show it.
	Dirty bool
	// Class is the kind of ref that the version was made for.
	Class Class
	// Explain says how it came about, a line for each decision.
	Explain []string
}

// String is the version's number.
func (v Version) String() string { return v.Number }

// Next decides the version. It is pure: equal facts and rules give an equal version.
// Errors: ErrShallow, ErrDetached, ErrDirty, a tag that is not what it is said to be, rules that are no versions, a
// version that would be illegal somewhere.
func Next(facts Facts, rules Rules) (Version, error) {
	d, err := newDecision(facts, rules)
	if err != nil {
		return Version{}, err
	}
	number, err := d.decide()
	if err != nil {
		return Version{}, err
	}
	if err := Check(number); err != nil {
		return Version{}, err
	}
	d.version.Number = number
	return d.version, nil
}

// decision is one call of Next under way.
type decision struct {
	Facts
	rules         Rules
	initial, next *semver.Version
	base          *semver.Version // nil without a base
	version       Version
}

func newDecision(facts Facts, rules Rules) (*decision, error) {
	d := &decision{Facts: facts, rules: rules}
	var err error
	if d.initial, err = coreOf("initial", cmp.Or(rules.Initial, "0.1.0")); err != nil {
		return nil, err
	}
	if d.next, err = coreOf("next", cmp.Or(rules.Next, "0.0.0")); err != nil {
		return nil, err
	}
	for branch, label := range rules.Labels {
		if !labelPattern.MatchString(label) || digitsOnly.MatchString(label) {
			return nil, fmt.Errorf("version.labels: %q for branch %q is no label; use letters, digits and dashes, as \"alpha\"", label, branch)
		}
	}
	if d.base, err = facts.base(); err != nil {
		return nil, err
	}
	class := facts.Ref.Class(rules.Trunks)
	d.version = Version{Class: class, Dirty: len(facts.Dirty) > 0}
	d.explain("%s: %s, HEAD %s", facts.Ref, class, abbreviate(facts.Head.Hash))
	if d.version.Dirty {
		d.explain("tracked files are modified, which the number does not show: %s", modified(facts.Dirty))
	}
	return d, nil
}

func coreOf(name, text string) (*semver.Version, error) {
	v, err := semver.StrictNewVersion(text)
	if err != nil || v.Prerelease() != "" || v.Metadata() != "" {
		return nil, fmt.Errorf("version.%s: %q is not X.Y.Z", name, text)
	}
	return v, nil
}

func (d *decision) explain(format string, args ...any) {
	d.version.Explain = append(d.version.Explain, fmt.Sprintf(format, args...))
}

// decide goes through the rules in order; the first that applies gives the number.
func (d *decision) decide() (string, error) {
	tag, err := d.exact()
	if err != nil {
		return "", err
	}
	if tag != nil {
		if err := d.take(tag); err != nil {
			return "", err
		}
		d.version.Exact = true
		d.explain("rule tag: %s is at HEAD, and is the version%s", tag.Name, d.others(tag))
		return tag.Version, nil
	}
	if d.Shallow {
		return "", &ShallowError{Prefix: d.Prefix}
	}
	if d.Scoped && d.Base != nil && d.Count == 0 {
		if err := d.take(d.Base); err != nil {
			return "", err
		}
		d.version.Unchanged, d.version.Base = true, d.Base.Name
		d.explain("rule unchanged: nothing in its paths changed since tag %s, whose version it keeps", d.Base.Name)
		return d.Base.Version, nil
	}
	if d.version.Class == ClassUnknown {
		return "", fmt.Errorf("%w; pass --branch NAME or --tag NAME", ErrDetached)
	}
	return d.prerelease()
}

// take makes the version that of a tag, which promises the tag's content.
func (d *decision) take(tag *Tag) error {
	if d.rules.RequireClean && d.version.Dirty {
		return &DirtyError{Tag: tag.Name, Files: d.Dirty}
	}
	d.version.Tag, d.version.Commit, d.version.Time = tag.Name, tag.Commit.Hash, tag.Commit.Time
	return nil
}

// exact returns the tag at HEAD that is the version, if there is one. Feature branches and change requests never
// release.
func (d *decision) exact() (*Tag, error) {
	switch d.version.Class {
	case ClassFeature, ClassChange:
		return nil, nil
	case ClassTag:
		if named, err := d.named(); named != nil || err != nil {
			return named, err
		}
	}
	if len(d.Tags) == 0 {
		return nil, nil
	}
	return &d.Tags[0], nil
}

// others names the other version tags at HEAD.
func (d *decision) others(taken *Tag) string {
	var names []string
	for _, tag := range d.Tags {
		if tag.Name != taken.Name {
			names = append(names, tag.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return ", not " + strings.Join(names[:min(3, len(names))], ", ")
}

// named returns the tag that the CI system says it builds: exactly that, or an error. A tag under another prefix is
// another service's: nil.
func (d *decision) named() (*Tag, error) {
	name := d.Ref.Tag
	rest, ours := strings.CutPrefix(name, d.Prefix)
	if !ours || rest == "" || rest[0] < '0' || rest[0] > '9' || ofAnother(rest) {
		return nil, nil
	}
	if parseTag(name, d.Prefix) == nil {
		return nil, fmt.Errorf("tag %q is no version: %q is not X.Y.Z or X.Y.Z-pre of SemVer 2", text.Short(name), text.Short(rest))
	}
	for i, tag := range d.Tags {
		if tag.Name == name {
			return &d.Tags[i], nil
		}
	}
	return nil, fmt.Errorf("tag %s is to be built and is not at HEAD (%s); check it out, or run \"git fetch --force --tags\" if it was moved",
		name, abbreviate(d.Head.Hash))
}

// ofAnother reports whether what follows a prefix is the rest of another service's name and a version: "2-1.0.0" after
// "app-", in a tag of the service app-2.
func ofAnother(rest string) bool {
	if _, err := semver.StrictNewVersion(rest); err == nil {
		return false
	}
	for i := range len(rest) {
		if strings.IndexByte("-/@_", rest[i]) < 0 {
			continue
		}
		if _, err := semver.StrictNewVersion(strings.TrimPrefix(rest[i+1:], "v")); err == nil {
			return true
		}
	}
	return false
}

// prerelease makes the version of a commit that is no release.
func (d *decision) prerelease() (string, error) {
	commit := d.Head
	switch {
	case d.Scoped:
		commit = d.Last
	case d.version.Class == ClassChange:
		commit = d.Source
	}
	d.version.Commit, d.version.Time, d.version.Count = commit.Hash, commit.Time, d.number()
	if d.Base != nil {
		d.version.Base = d.Base.Name
	}
	core, pre := d.core()
	if d.countsAhead() {
		d.version.Base = d.Ahead.Name
		d.explain("counted from where the line of %s left: %s", d.Ahead.Name, commits(d.CountAhead))
	}
	head, tail := core+"-", fmt.Sprintf(".%d.g%s", d.number(), abbreviate(commit.Hash))
	switch d.version.Class {
	case ClassFeature:
		slug := Slug(d.Ref.Branch, MaxLength-len(head)-len("0.")-len(tail))
		d.explain("rule feature: X.Y.Z-0.BRANCH.COUNT.gCOMMIT, below everything; the branch is %s", slug)
		return head + "0." + slug + tail, nil
	case ClassChange:
		d.explain("rule change: X.Y.Z-0.pr-NUMBER.COUNT.gCOMMIT, below everything")
		return head + "0.pr-" + changeID(d.Ref.ChangeID) + tail, nil
	}
	label := d.label()
	if pre != "" {
		label = pre + "." + label
	}
	rule := d.version.Class
	if rule == ClassTag {
		rule = ClassTrunk // another service's tag, or none of a version
	}
	d.explain("rule %s: X.Y.Z-%s.COUNT.gCOMMIT", rule, label)
	return head + label + tail, nil
}

// number is N, how many commits there are since the base, or on trunk since the release line went that is ahead of it.
// With the base alone N would fall when that line is merged, as its tag is the base then and the core stays.
func (d *decision) number() int {
	if d.countsAhead() {
		return d.CountAhead
	}
	return d.Count
}

func (d *decision) countsAhead() bool { return d.Ahead != nil && d.tracks() }

func (d *decision) tracks() bool { return d.Ref.TracksReleases(d.rules.Trunks) }

// label is the prerelease label of the class.
func (d *decision) label() string {
	own := "dev"
	if d.version.Class == ClassRelease || d.version.Class == ClassHotfix {
		own = "pre"
	}
	return cmp.Or(d.rules.Labels[d.Ref.Branch], own)
}

// changeID makes an identifier of a request's number, which every CI system gives in digits.
func changeID(id string) string {
	if labelPattern.MatchString(id) && len(id) <= slugLimit {
		return id
	}
	return Slug(id, slugLimit)
}

var (
	labelPattern   = lazyregexp.New(`^[0-9A-Za-z][0-9A-Za-z-]*$`)
	versionPattern = lazyregexp.New(`^[0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?$`)
)

// Check reports whether a version may be used everywhere it will stand: SemVer 2 without build metadata, OCI tag, label
// value, at most MaxLength characters.
func Check(version string) error {
	v, err := semver.StrictNewVersion(version)
	switch {
	case err != nil:
		return fmt.Errorf("version %q is not SemVer 2: %w", text.Short(version), err)
	case v.Metadata() != "":
		return fmt.Errorf("version %q has build metadata, which an image tag cannot carry; leave out the \"+\"", text.Short(version))
	case len(version) > MaxLength:
		return fmt.Errorf("version %q has %d characters, more than %d; use a shorter tag or label", text.Short(version), len(version), MaxLength)
	case !versionPattern.MatchString(version):
		return errors.New("version " + version + " ends in a dash, which a label value must not")
	}
	return nil
}

// abbreviate cuts a hash to the eight digits that versions carry, whatever the size of the clone.
func abbreviate(hash string) string { return hash[:min(8, len(hash))] }
