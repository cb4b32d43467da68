package stamp

import (
	"fmt"

	"github.com/pintle-ci/pintle/deployer/release"
)

// Request is what is to be deployed, by whom, and what was allowed. A Build without a version goes nowhere: a rollback,
// an uninstallation.
type Request struct {
	Owner
	Build
	TakeOver       bool // what another has stamped
	AllowDowngrade bool
}

// Error is a release that is another's, or that would go back. Nothing was touched.
type Error struct{ message string }

func (e *Error) Error() string { return e.message }

// Check holds the records of a release, those that are superseded or not, against what is to be deployed. It is an
// *Error when that is refused; else told are lines that a person should see.
func (r Request) Check(name, namespace string, records []release.Head) (told []string, err error) {
	last, deployed := current(records)
	if last == nil || last.Status == release.Uninstalled {
		return nil, nil
	}
	heads := []*release.Head{last}
	if deployed != nil && deployed != last {
		heads = append(heads, deployed)
	}
	for _, h := range heads {
		s, ok := Of(h.Labels)
		if !ok || r.Fits(s.Owner) {
			continue
		}
		if !r.TakeOver {
			return nil, &Error{r.foreign(name, namespace, s, h.Version)}
		}
		told = append(told, fmt.Sprintf("taken over: revision %d is stamped by %s", h.Version, s.Owner))
	}
	if deployed == nil {
		return told, nil
	}
	line, err := r.compare(name, namespace, deployed)
	if line != "" {
		told = append(told, line)
	}
	return told, err
}

// CheckNamespace refuses a release that comes into a namespace in which another unit of the same environment is
// another's: that namespace was written by mistake. units are the records of the environment's units there.
func (r Request) CheckNamespace(name, namespace string, units []release.Head) error {
	if r.TakeOver {
		return nil
	}
	for _, h := range units {
		if s, ok := Of(h.Labels); ok && h.Status == release.Deployed && !r.Fits(s.Owner) {
			return &Error{fmt.Sprintf("release %s is new in %s, where %s is stamped by %s; this is %s; "+
				"choose another namespace, or pass --take-over to deploy there all the same", name, namespace, h.Name, s.Owner, r.unlike(s.Owner))}
		}
	}
	return nil
}

// current are the newest record and the newest that is deployed; nil without any.
func current(records []release.Head) (last, deployed *release.Head) {
	for i := range records {
		h := &records[i]
		if h.Status == release.Superseded {
			continue
		}
		if last == nil || h.Version > last.Version {
			last = h
		}
		if h.Status == release.Deployed && (deployed == nil || h.Version > deployed.Version) {
			deployed = h
		}
	}
	return last, deployed
}

func (r Request) foreign(name, namespace string, s Stamp, version int) string {
	since := ""
	if s.Revision != version {
		since = fmt.Sprintf(", and Helm or \"pintle release\" deployed revision %d since", version)
	}
	return fmt.Sprintf("release %s in %s is another's: revision %d is stamped by %s%s; this is %s; "+
		"choose another namespace or release name, or pass --take-over to make it this one's",
		name, namespace, s.Revision, s.Owner, since, r.unlike(s.Owner))
}

// compare holds what is deployed against the version that comes.
func (r Request) compare(name, namespace string, deployed *release.Head) (told string, err error) {
	s, ok := Of(deployed.Labels)
	switch {
	case !ok:
		return fmt.Sprintf("revision %d has no stamp: Helm or an older pintle deployed it", deployed.Version), nil
	case s.Revision != deployed.Version:
		return fmt.Sprintf("revision %d was deployed by Helm or \"pintle release\" after revision %d, which was %s's: its version is not compared",
			deployed.Version, s.Revision, s.Owner), nil
	case !s.GoesBack(r.Build):
		return "", nil
	case r.AllowDowngrade:
		return fmt.Sprintf("goes back from %s to %s, as is allowed", s.Build, r.Version), nil
	}
	return "", &Error{fmt.Sprintf("release %s in %s would go back from %s, which is deployed as revision %d, to %s; "+
		"pass --allow-downgrade to deploy it all the same (or write deploy.downgrade: allow)", name, namespace, s.Build, deployed.Version, r.Version)}
}

// String is the version and where it comes from: "1.1.0-dev.7.g0a1b2c3d of branch main".
func (b Build) String() string {
	switch {
	case b.Kind == Pin && b.Chart != "":
		return b.Version + " of chart " + b.Chart
	case b.Branch != "" && counted(b.Version):
		return b.Version + " of branch " + b.Branch
	}
	return b.Version
}
