package deployer

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
)

func TestOnImmutable(t *testing.T) {
	asked := Request{OnImmutable: map[string]ImmutablePolicy{
		"Deployment": RecreateObject, "Job": FailImmutable, "CustomResourceDefinition": RecreateObject,
	}}
	for _, tt := range []struct {
		req  Request
		kind string
		want ImmutablePolicy
	}{
		{Request{}, "Job", RecreateObject},
		{Request{}, "StatefulSet", OrphanRecreate},
		{Request{}, "Deployment", FailImmutable},
		{Request{}, "PersistentVolumeClaim", FailImmutable},
		{asked, "Deployment", RecreateObject},
		{asked, "Job", FailImmutable},
		{asked, "StatefulSet", OrphanRecreate},
		{asked, "CustomResourceDefinition", FailImmutable},
	} {
		if got := tt.req.onImmutable(tt.kind); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.kind, got, tt.want)
		}
	}
}

func TestDecideImmutable(t *testing.T) {
	workload := func(kind, service, image, notes string) *objectState {
		o := obj(t, `
apiVersion: apps/v1
kind: `+kind+`
metadata: {name: db, namespace: shop, annotations: {`+notes+`}}
spec: {serviceName: `+service+`, template: {metadata: {labels: {controller-uid: `+image+`}}, spec: {containers: [{name: db, image: "`+image+`"}]}}}
`)
		markOwned(o, "web", "shop")
		return &objectState{object: o}
	}
	refused := &kube.Error{Reason: kube.Immutable, Cause: "forbidden", Fields: []string{"spec"}}
	for name, tt := range map[string]struct {
		kind, notes string
		policy      ImmutablePolicy
		want        plan.Action
		orphan      bool
		fields      string
		err         string
	}{
		"StatefulSet":            {kind: "StatefulSet", want: plan.Recreate, orphan: true, fields: "spec.serviceName"},
		"StatefulSet, recreated": {kind: "StatefulSet", policy: RecreateObject, want: plan.Recreate, fields: "spec.serviceName"},
		"StatefulSet, refused":   {kind: "StatefulSet", policy: FailImmutable, err: `spec.serviceName ("old" -> "new") cannot be changed`},
		"kept":                   {kind: "StatefulSet", notes: "helm.sh/resource-policy: keep", err: "helm.sh/resource-policy forbids to delete it"},
		"Job":                    {kind: "Job", want: plan.Recreate, fields: "spec.serviceName, spec.template.spec.containers[db].image"},
		"Deployment":             {kind: "Deployment", err: "kubectl delete deployment/"},
		"CRD":                    {kind: "CustomResourceDefinition", policy: RecreateObject, err: "never deleted to change it"},
	} {
		t.Run(name, func(t *testing.T) {
			s := workload(tt.kind, "new", "db:2", tt.notes)
			s.live, s.anew = workload(tt.kind, "old", "db:1", tt.notes).object, s.object
			s.fixed, s.err = refused.Fields, refused
			req := Request{}
			if tt.policy != "" {
				req.OnImmutable = map[string]ImmutablePolicy{tt.kind: tt.policy}
			}
			c, err := decideObject(*s, map[string]bool{kube.RefOf(s.object).Key(): true}, observation{record: revision(2, ""), namespace: "shop", request: req})
			if tt.err != "" {
				if _, ok := errors.AsType[*plan.ImmutableError](err); !ok || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || c.Action != tt.want || c.Orphan != tt.orphan {
				t.Errorf("%s, orphan %t, %v", c.Action, c.Orphan, err)
			}
			if d := cmp.Diff(tt.fields, fieldPaths(c.Fields)); d != "" {
				t.Error(d)
			}
		})
	}
}
