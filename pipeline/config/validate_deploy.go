package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (v *validator) deploy() {
	d := v.c.Deploy
	v.oneOf("deploy.onFailure", d.OnFailure, Rollback, Leave)
	v.oneOf("deploy.onFailedInstall", d.OnFailedInstall, Remove, Leave)
	if d.OnCancel != "" {
		v.oneOf("deploy.onCancel", d.OnCancel, Rollback, Leave, Finish)
	}
	v.between("deploy.history", d.History, 1, 1000)
	v.between("deploy.parallel", d.Parallel, 1, 64)
	v.policies(d)
}

// policies checks how a plan goes about what is in the cluster already.
func (v *validator) policies(d Deploy) {
	for _, kind := range v.inOrder("deploy.onImmutable", slices.Collect(maps.Keys(d.OnImmutable))) {
		at := child("deploy.onImmutable", kind)
		v.oneOf(at, d.OnImmutable[kind], Fail, Recreate, OrphanRecreate)
		if kind == "" || kind[0] < 'A' || kind[0] > 'Z' || strings.Contains(kind, "/") {
			v.add(v.key(at), "write the kind as manifests do: Job, StatefulSet", "deploy.onImmutable: %q is no kind", kind)
		}
	}
	v.onConflict("deploy.onConflict", d.OnConflict)
	v.downgrade("deploy.downgrade", d.Downgrade)
	v.oneOf("deploy.adopt", cmp.Or(d.Adopt, AdoptNever), AdoptNever, AdoptUnowned, AdoptListed, AdoptAll)
	v.oneOf("deploy.crds", cmp.Or(d.CRDs, CRDsApply), CRDsApply, CRDsCreate, CRDsSkip)
	for i, name := range d.AdoptList {
		at := fmt.Sprintf("deploy.adoptList[%d]", i)
		parts := strings.Split(name, "/")
		if (len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "")) && !v.doubtful(at) {
			v.bad(at, "write Kind/name or Kind/namespace/name: ConfigMap/settings", "%q names no object", name)
		}
	}
	if listed := d.Adopt == AdoptListed; listed != (len(d.AdoptList) > 0) && !v.doubtful("deploy.adopt") {
		v.bad("deploy.adopt", "write both or none: adopt: list, and adoptList: [ConfigMap/settings]", "adopt: list and adoptList belong together")
	}
}

func (v *validator) onConflict(at, policy string) {
	if policy != "" {
		v.oneOf(at, policy, Fail, Force, Keep)
	}
}

func (v *validator) downgrade(at, policy string) {
	if policy != "" {
		v.oneOf(at, policy, Refuse, Allow)
	}
}
