package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pintle-ci/pintle/deployer/plan"
	"github.com/pintle-ci/pintle/pipeline/config"
)

// selecting is what decides which units a run takes. A build of a branch takes all that are asked for. A tag takes what
// carries it: with one version a service that service, with one version for all everything. What it leaves stays as it
// is deployed, but a release that is needed and absent is taken.
type selecting struct {
	ref         config.Ref
	environment string
	units       []config.Unit // of the environment
	named       []string      // on the command line; none takes all
	versions    map[string]decided
	versionTag  bool // the tag is what version.tag says
	perService  bool // one version a service, else one for all
	withMissing bool // take absent services that are unchanged since their tag
	takesTag    func(tag string) bool
	deployed    func(config.Unit) (bool, error) // nil where nothing is deployed

	choices map[string]*plan.Scoped
}

// selection is what a run does with each unit.
type selection struct {
	units    []plan.Scoped // in the order of the file
	problems []string      // what is needed, and neither in the run nor deployed
}

// reason is why a unit is left as it is; empty for one that is taken.
func (s selection) reason(unit string) string {
	i := slices.IndexFunc(s.units, func(u plan.Scoped) bool { return u.Unit == unit })
	if i < 0 || s.units[i].Fate == plan.Taken {
		return ""
	}
	return s.units[i].Reason
}

// choose decides. The error is that of asking what is deployed.
func (s *selecting) choose() (selection, error) {
	s.choices = map[string]*plan.Scoped{}
	for _, u := range s.units {
		c := s.own(u)
		c.Unit = u.Name
		s.choices[u.Name] = &c
	}
	var problems []string
	if s.deployed != nil {
		var err error
		if err = s.takeMissing(); err != nil {
			return selection{}, err
		}
		if problems, err = s.needs(); err != nil {
			return selection{}, err
		}
		s.tellMissing()
	}
	out := selection{problems: problems}
	for _, u := range s.units {
		out.units = append(out.units, *s.choices[u.Name])
	}
	return out, nil
}

func (s *selecting) chosen(u config.Unit) bool {
	return len(s.named) == 0 || slices.Contains(s.named, u.Name)
}

func (s *selecting) taken(unit string) bool {
	c := s.choices[unit]
	return c != nil && c.Fate == plan.Taken
}

// own is what becomes of a unit, whatever is deployed and whoever needs it.
func (s *selecting) own(u config.Unit) plan.Scoped {
	tag := s.ref.Tag
	switch {
	case !s.chosen(u):
		return plan.Scoped{Fate: plan.Left, Reason: "not named"}
	case tag == "":
		return plan.Scoped{Fate: plan.Taken, Reason: s.ref.String()}
	case !u.Service && len(s.named) > 0:
		return plan.Scoped{Fate: plan.Taken, Reason: "named"}
	case !s.versionTag:
		return plan.Scoped{Fate: plan.Left, Reason: fmt.Sprintf("tag %s is no version, and releases nothing", tag)}
	case !u.Service && !s.perService:
		return plan.Scoped{Fate: plan.Taken, Reason: "tag " + tag}
	case !u.Service:
		return plan.Scoped{Fate: plan.Left, Reason: fmt.Sprintf("tag %s leaves releases as they are", tag)}
	}
	if s.versions[u.Name].err != nil {
		return plan.Scoped{Fate: plan.Left, Reason: "its version is not known"}
	}
	v := s.versions[u.Name].version
	switch {
	case v.Exact && v.Tag == tag:
		return plan.Scoped{Fate: plan.Taken, Reason: "tag " + tag}
	case v.Exact:
		return plan.Scoped{Fate: plan.Left, Reason: fmt.Sprintf("tag %s is of another service: the build of tag %s takes it", tag, v.Tag)}
	case v.Unchanged:
		return plan.Scoped{Fate: plan.Left, Reason: fmt.Sprintf("tag %s is of another service", tag)}
	}
	return plan.Scoped{Fate: plan.Left, Reason: fmt.Sprintf("tag %s does not release %s, which has changed: tag it %sX.Y.Z", tag, u.Name, u.TagPrefix)}
}

// installable reports whether a service may be installed without its tag being built: it has not changed since, and
// the environment takes such tags. Where only candidates go, releases are what they are tried beside.
func (s *selecting) installable(u config.Unit) bool {
	v := s.versions[u.Name].version
	return u.Service && s.chosen(u) && (v.Exact || v.Unchanged) && (!strings.Contains(v.Number, "-") || s.takesTag(v.Tag))
}

// takeMissing takes the absent services that may be installed, where that is asked for.
func (s *selecting) takeMissing() error {
	for _, u := range s.units {
		if !s.withMissing || s.taken(u.Name) || !s.installable(u) {
			continue
		}
		there, err := s.deployed(u)
		if err != nil {
			return err
		}
		if !there {
			reason := fmt.Sprintf("not deployed, and unchanged since %s (--with-missing)", s.versions[u.Name].version.Tag)
			s.choices[u.Name] = &plan.Scoped{Unit: u.Name, Fate: plan.Taken, Reason: reason}
		}
	}
	return nil
}

// needs takes the absent releases that taken units need, and tells what else is needed and absent.
func (s *selecting) needs() (problems []string, err error) {
	var queue []config.Unit
	for _, u := range s.units {
		if s.taken(u.Name) {
			queue = append(queue, u)
		}
	}
	for len(queue) > 0 {
		u := queue[0]
		queue = queue[1:]
		for _, need := range u.Needs {
			i := slices.IndexFunc(s.units, func(n config.Unit) bool { return n.Name == need })
			if i < 0 || s.taken(need) {
				continue
			}
			n := s.units[i]
			there, err := s.deployed(n)
			switch {
			case err != nil:
				return nil, err
			case there:
			case !n.Service && s.chosen(n):
				s.choices[need] = &plan.Scoped{Unit: need, Fate: plan.Taken, Reason: fmt.Sprintf("needed by %s, and not deployed", u.Name)}
				queue = append(queue, n)
			default:
				problems = append(problems, fmt.Sprintf("%s needs %s, which is not deployed in %s and not in this run: %s", u.Name, need, s.environment, s.remedy(n)))
			}
		}
	}
	return problems, nil
}

// remedy is what to do about a unit that is needed and absent.
func (s *selecting) remedy(u config.Unit) string {
	v := s.versions[u.Name].version
	switch {
	case !s.chosen(u):
		return "name it too"
	case s.installable(u):
		return fmt.Sprintf("pass --with-missing to install it at %s, or deploy the tag %s first", v.Number, v.Tag)
	case v.Exact || v.Unchanged:
		return fmt.Sprintf("%s does not take its tag %s: tag a release of it, and deploy that first", s.environment, v.Tag)
	}
	return fmt.Sprintf("it has changed: tag it %sX.Y.Z, and deploy that first", u.TagPrefix)
}

// tellMissing marks what is left and absent. It is a word to the reader: what may not be asked is left out.
func (s *selecting) tellMissing() {
	for _, u := range s.units {
		c := s.choices[u.Name]
		if c.Fate != plan.Left || !s.chosen(u) {
			continue
		}
		if there, err := s.deployed(u); err != nil || there {
			continue
		}
		c.Fate = plan.Missing
		switch {
		case !u.Service:
			c.Reason = fmt.Sprintf("not deployed; %s; a build of a branch deploys it, or its name", c.Reason)
		case s.installable(u):
			c.Reason = fmt.Sprintf("not deployed; %s; --with-missing installs it at %s", c.Reason, s.versions[u.Name].version.Number)
		default:
			c.Reason = "not deployed; " + c.Reason
		}
	}
}
