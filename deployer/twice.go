package deployer

import (
	"fmt"
	"reflect"

	"github.com/pintle-ci/pintle/deployer/kube"
	"github.com/pintle-ci/pintle/deployer/plan"
)

// contradictions are objects of one identity that are rendered otherwise each time: which of them the cluster would
// have in the end nobody has said. A CRD of crds/ is none, for it is only for those who have none.
func contradictions(states []objectState) []plan.Rejection {
	first := map[string]objectState{}
	var out []plan.Rejection
	for _, s := range states {
		key := kube.RefOf(s.object).Key()
		before, twice := first[key]
		switch {
		case s.isCRD:
		case !twice:
			first[key] = s
		case !reflect.DeepEqual(before.object.Object, s.object.Object):
			where := before.source + " and " + s.source
			if before.source == s.source {
				where = before.source
			}
			err := fmt.Errorf("it is rendered twice, with different content: in %s; "+
				"keep one of them, or give each a name of its own", where)
			out = append(out, plan.Rejection{Object: kube.RefOf(s.object), Err: err})
		}
	}
	return out
}

// lastOfEach drops all but the last of objects that are rendered twice.
func lastOfEach(states []objectState) []objectState {
	last := map[string]int{}
	for i, s := range states {
		last[kube.RefOf(s.object).Key()] = i
	}
	out := states[:0]
	for i, s := range states {
		if last[kube.RefOf(s.object).Key()] == i {
			out = append(out, s)
		}
	}
	return out
}
