package config

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/pintle-ci/pintle/secret"
)

// Effective returns what Resolve returned as YAML for people: everything that
// is in force, with the place that decided it as a comment. Values under keys
// that promise a secret are masked.
func (c *Config) Effective(r *Resolved) ([]byte, error) {
	units := section{}
	for _, u := range r.Units {
		s := section{}
		if u.Service {
			s.add("path", u.Path, "").add("tag", u.TagPrefix+"{version}", "")
		}
		s.add("chart", u.Chart, c.origin(u, "chart")).add("version", u.ChartVersion, "")
		if u.Service && !u.Image.None {
			s.add("image", u.Image.Repository, "")
		}
		s.add("release", u.Release, c.origin(u, "release")).add("namespace", u.Namespace, c.origin(u, "namespace"))
		s.add("needs", u.Needs, "").add("values", u.Values, "").add("set", masked(u.Set), "")
		s.add("timeout", brief(u.Timeout), c.origin(u, "timeout")).add("rollbackTimeout", brief(u.RollbackTimeout), c.origin(u, "rollbackTimeout"))
		s.add("onFailure", u.OnFailure, "").add("onFailedInstall", u.OnFailedInstall, "").add("history", u.History, "")
		s.add("onImmutable", u.OnImmutable, "").add("adopt", u.Adopt, "").add("adoptList", u.AdoptList, "").add("crds", u.CRDs, "")
		s.add("onConflict", u.OnConflict, "")
		if u.RequireRollback {
			s.add("requireRollback", true, "")
		}
		if u.Downgrade == Allow {
			s.add("downgrade", u.Downgrade, "")
		}
		if u.Supersede {
			s.add("supersede", true, "")
		}
		units.put(u.Name, &s.Node)
	}
	root := section{}
	root.add("project", r.Project, "").add("environment", r.Environment, "").add("ref", r.Ref.String(), "")
	root.add("kubeContext", r.KubeContext, "").add("parallel", r.Parallel, "").add("report", r.ReportDir, "")
	root.put("units", &units.Node)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&root.Node); err != nil {
		return nil, fmt.Errorf("print the effective configuration: %w", err)
	}
	return b.Bytes(), nil
}

// brief writes a duration as a person would: 5m, not 5m0s.
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// origin tells where a setting of a unit was decided.
func (c *Config) origin(u Unit, setting string) string {
	at, ok := u.Origins[setting]
	if !ok {
		return "default"
	}
	p, _ := c.Position(at)
	return fmt.Sprintf("%s %s", p, at)
}

// section is a YAML mapping that is written in order.
type section struct{ yaml.Node }

// add appends an entry; empty values are left out.
func (s *section) add(key string, value any, origin string) *section {
	var n yaml.Node
	switch v := value.(type) {
	case string:
		if v == "" {
			return s
		}
	case []string:
		if len(v) == 0 {
			return s
		}
	case map[string]any:
		if len(v) == 0 {
			return s
		}
	case map[string]string:
		if len(v) == 0 {
			return s
		}
	}
	if err := n.Encode(value); err != nil {
		return s
	}
	n.LineComment = origin
	s.put(key, &n)
	return s
}

func (s *section) put(key string, value *yaml.Node) {
	s.Kind = yaml.MappingNode
	s.Content = append(s.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
}

// masked returns a copy of tree without the values of secret keys.
func masked(tree map[string]any) map[string]any {
	var unknown *secret.Set
	m, _ := unknown.Value(tree).(map[string]any)
	return m
}
